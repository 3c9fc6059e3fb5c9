"""The one way in which anything changes: check → commit → announce.

REST, imports and every later edge write through :class:`Editing`; nothing else calls ``store.commit``.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from calendar_server.domain import clock, validation
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Edit, Subject, events_history
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import (
    CalendarError,
    DepartmentNotFound,
    EventNotFound,
    Invalid,
    Problem,
    StoreUnavailable,
    VersionConflict,
)
from calendar_server.services.locks import HistoryLocks
from calendar_server.store.contract import Store

_log = logging.getLogger(__name__)
T = TypeVar("T")

Announce = Callable[[Sequence[Change]], None]
"""Tells watchers of committed changes. It is called in the order of their numbers, must not block and must not raise."""

Precondition = Callable[[Subject], bool]
"""Says whether a client that named a version (If-Match) means the object as it is now."""

RACES = 10
"""How often a write without a precondition is made again when another process got in between."""


def announce_to_nobody(_changes: Sequence[Change]) -> None:
    """For processes without sockets, such as the migration."""


class Editing:
    """Writes to departments and events.

    Every method gives the object as it is after the write; where nothing changes, nothing is written. All may raise
    :class:`~calendar_server.errors.StoreUnavailable`.
    """

    def __init__(self, store: Store, announce: Announce = announce_to_nobody) -> None:
        self._store = store
        self._announce = announce
        self._locks = HistoryLocks()

    def create_department(self, body: Any) -> Department:
        """:raises Invalid: the body breaks rules. :raises DepartmentExists: the name is taken."""
        fields: dict[str, Any] = validation.new_department(body)
        at = clock.now()
        department = Department(id=str(uuid.uuid4()), created_at=at, updated_at=at, **fields)
        self.commit([Edit(before=None, after=department)])
        return department

    def update_department(self, department_id: str, body: Any, matches: Precondition | None = None) -> Department:
        """Apply the fields of ``body``.

        :raises DepartmentNotFound, Invalid, DepartmentExists:
        :raises VersionConflict: the department is not as ``matches`` wants it.
        """
        self._store.get_department(department_id)
        fields = validation.department_changes(body)

        def attempt() -> Department:
            before = self._store.get_department(department_id)
            _require_match(before, matches)
            after = before.changed(fields, clock.now())
            self._commit_transition(before, after)
            return after

        return self._department_in_turn([DEPARTMENTS_HISTORY], attempt)

    def delete_department(self, department_id: str, matches: Precondition | None = None) -> None:
        """Remove a department and all its events.

        A deletion that a crash cut off after its commit is finished, and counts as done by this call.

        :raises DepartmentNotFound:
        :raises VersionConflict: the department is not as ``matches`` wants it.
        """

        def attempt() -> None:
            before = self._store.get_department(department_id)
            _require_match(before, matches)
            self._commit_transition(before, None)

        try:
            self._department_in_turn([DEPARTMENTS_HISTORY, department_id], attempt)
        except DepartmentNotFound:
            if not self._store.finish_deletions(department_id):
                raise
        else:
            self._finish_deletion(department_id)

    def create_event(self, department_id: str, body: Any) -> CalendarEvent:
        """:raises DepartmentNotFound, Invalid: :raises EventExists: the id that the client chose is taken."""
        self._store.head(events_history(department_id))
        fields: dict[str, Any] = validation.new_event(body, department_id)
        at = clock.now()
        id_from_client = "id" in fields
        fields.setdefault("id", str(uuid.uuid4()))
        event = CalendarEvent(department_id=department_id, created_at=at, last_modified=at, **fields)
        self.commit([Edit(before=None, after=event, id_from_client=id_from_client)])
        return event

    def update_event(self, event_id: str, body: Any, matches: Precondition | None = None) -> CalendarEvent:
        """Apply the fields of ``body``; a new ``department_id`` moves the event.

        :raises EventNotFound:
        :raises Invalid: also for a ``department_id`` that does not exist.
        :raises VersionConflict: the event is not as ``matches`` wants it.
        """
        self._store.get_event(event_id)
        fields = validation.event_changes(body)

        def attempt(before: CalendarEvent) -> CalendarEvent:
            _require_match(before, matches)
            after = before.changed(fields, clock.now())
            if after.department_id != before.department_id:
                self._require_target(after.department_id)
            self._commit_transition(before, after)
            return after

        return self._event_in_turn(event_id, fields.get("department_id"), attempt)

    def delete_event(self, event_id: str, matches: Precondition | None = None) -> None:
        """:raises EventNotFound: :raises VersionConflict: the event is not as ``matches`` wants it."""

        def attempt(before: CalendarEvent) -> None:
            _require_match(before, matches)
            self._commit_transition(before, None)

        self._event_in_turn(event_id, None, attempt)

    def commit(self, edits: Sequence[Edit]) -> list[Change]:
        """Make prepared edits of one history durable, all or none, and announce them; see ``Store.commit``."""
        with self._locks.holding(history for edit in edits for history, _type, _subject in edit.steps):
            return self._commit_and_announce(edits)

    def _commit_and_announce(self, edits: Sequence[Edit]) -> list[Change]:
        changes = self._store.commit(edits)
        self._announce(changes)
        return changes

    def _commit_transition(self, before: Subject, after: Subject | None) -> None:
        """Commit ``before → after`` unless they are one; :class:`_Raced` where another process was faster."""
        if after is before:
            return
        try:
            self._commit_and_announce([Edit(before, after)])
        except (VersionConflict, EventNotFound, DepartmentNotFound) as error:
            raise _Raced from error

    def _require_target(self, department_id: str) -> None:
        try:
            self._store.head(events_history(department_id))
        except DepartmentNotFound:
            raise Invalid([Problem("department_id", "unknown_department")]) from None

    def _finish_deletion(self, department_id: str) -> None:
        """Remove the events of a department that is gone already; what fails now, the next start or call finishes."""
        try:
            self._store.finish_deletions(department_id)
        except CalendarError as error:
            _log.warning("deletion of department %s will be finished later: %s", department_id, error)

    def _department_in_turn(self, histories: Iterable[str], attempt: Callable[[], T]) -> T:
        """Run ``attempt`` with the locks of ``histories``, again each time another process interferes."""
        with self._locks.holding(histories):
            for _ in range(RACES):
                with suppress(_Raced):
                    return attempt()
        raise StoreUnavailable("other processes keep changing this department")

    def _event_in_turn(self, event_id: str, target: str | None, attempt: Callable[[CalendarEvent], T]) -> T:
        """Run ``attempt`` on the event as it is, with the locks of its department and of the one it may move to."""
        for _ in range(RACES):
            department_id = self._store.get_event(event_id).department_id
            with self._locks.holding([department_id, target or department_id]):
                event = self._store.get_event(event_id)
                if event.department_id != department_id:
                    continue  # it moved while this writer was waiting: other locks are needed
                with suppress(_Raced):
                    return attempt(event)
        raise StoreUnavailable("other processes keep changing this event")


class _Raced(Exception):
    """Another process changed the object between reading and committing: read again."""


def _require_match(current: Subject, matches: Precondition | None) -> None:
    if matches is not None and not matches(current):
        raise VersionConflict(current.id, current)
