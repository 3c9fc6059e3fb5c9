"""A store between whose calls other processes do their work, or which does not answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from calendar_server.domain.changes import Change, Edit, Head
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import EventNotFound, StoreUnavailable
from calendar_server.store.embedded import EmbeddedStore

LATER = "2024-02-01T00:00:00.000Z"


class InterruptedStore:
    """The store, with something that happens just before a commit, a read of an event, or the end of a deletion."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.before_commit: list[Callable[[], object]] = []
        self.after_get_event: list[Callable[[], object]] = []
        self.deletions: list[Callable[[], bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def commit(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> list[Change]:
        if self.before_commit:
            self.before_commit.pop(0)()
        return self.store.commit(edits, expected)

    def get_event(self, event_id: str) -> CalendarEvent:
        found = self.store.get_event(event_id)
        if self.after_get_event:
            self.after_get_event.pop(0)()
        return found

    def finish_deletions(self, department_id: str | None = None) -> bool:
        return self.deletions.pop(0)() if self.deletions else self.store.finish_deletions(department_id)


def unavailable() -> None:
    raise StoreUnavailable("injected")


def elsewhere_changed(store: InterruptedStore, object_id: str, **fields: str) -> Callable[[], object]:
    """Another process's change of an event or a department, made when it is called."""

    def change() -> None:
        try:
            before: Any = store.store.get_event(object_id)
        except EventNotFound:
            before = store.store.get_department(object_id)
        store.store.commit([Edit(before, before.changed(fields, LATER))])

    return change
