"""Catching up: what happened in a history since a client's cursor, or everything where the history cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from calendar_server.domain.changes import CHANGES_KEPT, DEPARTMENTS_HISTORY, Change, Head
from calendar_server.domain.clock import timestamp
from calendar_server.domain.cursors import Cursors
from calendar_server.errors import CursorExpired
from calendar_server.services.holding import Held, Holdings
from calendar_server.store.contract import Store

LIMIT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Missed:
    """The changes after a cursor, in order; ``head`` is where they lead. With ``has_more`` there are later ones."""

    changes: Sequence[Change]
    head: Head
    has_more: bool


class Syncing:
    """Answers "what did I miss?"; all may raise :class:`~calendar_server.errors.StoreUnavailable`."""

    def __init__(self, store: Store, holdings: Holdings, cursors: Cursors) -> None:
        self._store = store
        self._holdings = holdings
        self._cursors = cursors

    def everything(self, history: str) -> Held[Any]:
        """All objects of the history, as they are now. :raises DepartmentNotFound:"""
        return self._holdings.departments() if history == DEPARTMENTS_HISTORY else self._holdings.events(history)

    def head(self, history: str) -> Head:
        """Where the history stands. :raises DepartmentNotFound:"""
        return self._store.head(history)

    def missed(self, history: str, cursor: str, limit: int = LIMIT_MAX) -> Missed:
        """Up to ``limit`` changes after ``cursor``.

        :raises DepartmentNotFound:
        :raises CursorInvalid: the cursor was not made here, or is of another history.
        :raises CursorExpired: the history does not reach back to it, or was numbered anew.
        """
        head = self._store.head(history)
        seen = self._cursors.read(cursor, history)
        if seen.epoch != head.epoch or seen.seq > head.last_seq:
            raise CursorExpired(history)
        return self.after(history, Head(seen.seq, seen.epoch), head, limit)

    def after(self, history: str, seen: Head, head: Head, limit: int = LIMIT_MAX) -> Missed:
        """Up to ``limit`` changes after ``seen``, as far as ``head`` or later. :raises CursorExpired:"""
        if seen.last_seq == head.last_seq:
            return Missed((), head, has_more=False)
        changes = self._store.changes_after(history, seen.last_seq, limit)
        expected = range(seen.last_seq + 1, seen.last_seq + 1 + len(changes))
        oldest_kept = timestamp(datetime.now(UTC) - CHANGES_KEPT)
        if not changes or [c.seq for c in changes] != list(expected) or changes[0].at < oldest_kept:
            raise CursorExpired(history)
        last = changes[-1].seq
        return Missed(changes, Head(last, head.epoch), has_more=last < head.last_seq)
