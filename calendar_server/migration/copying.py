"""Writes what a store does not hold yet, through the server's own door.

Copying only ever creates, under ids that every run works out alike. So a run that was cut off anywhere is continued by
the next, and a batch whose outcome is unknown is settled by looking at what has arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from calendar_server.domain.changes import Change, Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentExists, EventExists, StoreUnavailable
from calendar_server.migration.holdings import Holdings, Patience
from calendar_server.migration.records import Entry, S

Commit = Callable[[Sequence[Edit]], list[Change]]
"""``Editing.commit``: takes edits of one history."""

Written = Callable[[Sequence[Any]], None]
"""Is told of the objects of each batch, once they are stored."""


class Copying:
    """Writes entries in batches of at most ``batch_limit``.

    ``departments`` and ``events`` raise :class:`~calendar_server.errors.StoreUnavailable` after some attempts,
    :class:`~calendar_server.errors.DepartmentExists` where somebody has taken a name in the meantime and
    :class:`~calendar_server.errors.DepartmentNotFound` where somebody has deleted a department. Whatever was told to
    ``written`` stays.
    """

    def __init__(self, commit: Commit, batch_limit: int, holdings: Holdings, patience: Patience) -> None:
        self._commit = commit
        self._batch_limit = batch_limit
        self._holdings = holdings
        self._patience = patience

    def departments(self, entries: Sequence[Entry[Department]], written: Written) -> None:
        """Write departments that are not stored."""
        for batch in _batches(entries, self._batch_limit):
            self._write(batch, written, self._departments_missing)

    def events(self, entries: Iterable[Entry[CalendarEvent]], written: Written) -> None:
        """Write events that are not stored, department by department: a commit belongs to one history."""
        by_department: dict[str, list[Entry[CalendarEvent]]] = {}
        for entry in entries:
            by_department.setdefault(entry.subject.department_id, []).append(entry)
        for of_one in by_department.values():
            for batch in _batches(of_one, self._batch_limit):
                self._write(batch, written, self._events_missing)

    def _write(
        self, batch: Sequence[Entry[S]], written: Written, missing: Callable[[Sequence[Entry[S]]], list[Entry[S]]]
    ) -> None:
        """Commit ``batch``; after a failure, what is missing of it."""
        left = list(batch)
        for wait in (*self._patience.waits_seconds, None):
            try:
                if left:
                    self._commit([Edit(before=None, after=entry.subject) for entry in left])
                break
            except StoreUnavailable:
                if wait is None:
                    raise
                self._patience.sleep(wait)
                left = missing(left)
            except (DepartmentExists, EventExists):
                still_missing = missing(left)
                if wait is None or len(still_missing) == len(left):
                    raise
                left = still_missing
        written([entry.subject for entry in batch])

    def _departments_missing(self, entries: Sequence[Entry[Department]]) -> list[Entry[Department]]:
        return departments_missing(entries, self._holdings)

    def _events_missing(self, entries: Sequence[Entry[CalendarEvent]]) -> list[Entry[CalendarEvent]]:
        return [entry for entry in entries if not self._holdings.has_event(entry.subject.id)]


def departments_missing(entries: Sequence[Entry[Department]], holdings: Holdings) -> list[Entry[Department]]:
    """Those that the store does not hold under their id."""
    stored = {department.id for department in holdings.departments()}
    return [entry for entry in entries if entry.subject.id not in stored]


def events_missing(entries: Sequence[Entry[CalendarEvent]], holdings: Holdings) -> list[Entry[CalendarEvent]]:
    """Those that the store holds under none of their ids, in whichever department."""
    wanted = {event_id for entry in entries for event_id in entry.ids}
    stored = {event.id for event in holdings.events() if event.id in wanted}
    return [entry for entry in entries if stored.isdisjoint(entry.ids)]


def _batches(entries: Sequence[Entry[S]], size: int) -> Iterator[Sequence[Entry[S]]]:
    return (entries[start : start + size] for start in range(0, len(entries), size))
