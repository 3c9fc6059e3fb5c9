"""What a store holds already, read with patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentNotFound, EventNotFound, StoreUnavailable
from calendar_server.store.contract import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a store that does not answer is waited for, in seconds before each further attempt."""

    waits_seconds: tuple[float, ...] = (0.2, 0.5, 1, 2, 4, 8)
    sleep: Callable[[float], None] = time.sleep

    def attempt(self, call: Callable[[], T]) -> T:
        """The result of ``call``, which must do no harm when made again.

        :raises StoreUnavailable: it never answered.
        """
        for wait in self.waits_seconds:
            with suppress(StoreUnavailable):
                return call()
            self.sleep(wait)
        return call()


class Holdings:
    """Departments and events of a store; ``None``, a store that does not exist yet, holds nothing.

    Every method may raise :class:`~calendar_server.errors.StoreUnavailable`, after some attempts.
    """

    def __init__(self, store: Store | None, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    def departments(self) -> tuple[Department, ...]:
        """All departments."""
        store = self._store
        return () if store is None else self._patience.attempt(store.list_departments).departments

    def events(self) -> Iterator[CalendarEvent]:
        """All events, with one department's in memory at a time."""
        for department in self.departments():
            with suppress(DepartmentNotFound):  # deleted while we were reading the others
                yield from self._events_of(department.id)

    def has_event(self, event_id: str) -> bool:
        """True where an event of this id is stored, in whichever department."""
        store = self._store
        if store is None:
            return False
        try:
            self._patience.attempt(lambda: store.get_event(event_id))
        except EventNotFound:
            return False
        return True

    def _events_of(self, department_id: str) -> tuple[CalendarEvent, ...]:
        assert self._store is not None, "departments come from a store"
        store = self._store
        return self._patience.attempt(lambda: store.snapshot(department_id)).events
