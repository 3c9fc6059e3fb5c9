"""What this process holds of the histories: their objects as they were at a head, brought up to date from the log.

A held list is served only after one strongly consistent read of the head has said that it is still true; otherwise
the changes since are read and laid over it. Nothing is ever read from an index alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from calendar_server import measures
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head, Subject
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import NotFound
from calendar_server.services.layered import Layered
from calendar_server.services.locks import HistoryLocks
from calendar_server.store.contract import Store

MOST_OBJECTS = 200_000
"""How many objects are held at the most, some 1 KB each; the histories that were used longest ago go first."""

FOLLOWED_AT_MOST = 2_000
"""With more changes than these to catch up on, the whole list is read anew."""

_hits, _followed, _loads = (measures.cache_reads.labels(result) for result in ("hit", "followed", "loaded"))

S = TypeVar("S", Department, CalendarEvent)


@dataclass(slots=True)
class Held(Generic[S]):
    """The objects of one history at one head. Never changed; a later state is another one."""

    head: Head
    objects: Layered[S]
    _ordered: tuple[S, ...] | None = None
    _rendered: dict[str, bytes] = field(default_factory=dict)

    @property
    def ordered(self) -> tuple[S, ...]:
        """The objects in the order of lists."""
        if self._ordered is None:
            self._ordered = tuple(sorted(self.objects.values(), key=_list_order))
        return self._ordered

    def rendered(self, form: str, render: Callable[[Held[S]], bytes]) -> bytes:
        """What ``render`` makes of this state, made once for each ``form``."""
        body = self._rendered.get(form)
        if body is None:
            body = self._rendered[form] = render(self)
        return body

    def after(self, changes: Sequence[Change]) -> Held[S] | None:
        """The state after ``changes``; None where they do not follow on from this one without a gap."""
        latest: dict[str, S | None] = {}
        seq = self.head.last_seq
        for change in changes:
            if change.seq != seq + 1:
                return None
            seq = change.seq
            latest[change.subject.id] = None if change.is_removal else change.subject  # type: ignore[assignment]
        return Held(Head(seq, self.head.epoch), self.objects.with_changes(latest))


class Holdings:
    """The histories that this process holds. Reads may raise :class:`~calendar_server.errors.StoreUnavailable`."""

    def __init__(self, store: Store, most_objects: int = MOST_OBJECTS) -> None:
        self._store = store
        self._most_objects = most_objects
        self._held: OrderedDict[str, Held[Department] | Held[CalendarEvent]] = OrderedDict()
        self._count = 0
        self._guard = threading.Lock()
        self._loading = HistoryLocks()

    def departments(self) -> Held[Department]:
        """All departments, as they are now."""
        return self._current(DEPARTMENTS_HISTORY)  # type: ignore[return-value]

    def events(self, department_id: str) -> Held[CalendarEvent]:
        """A department's events, as they are now. :raises DepartmentNotFound:"""
        return self._current(department_id)  # type: ignore[return-value]

    def latest(self, history: str) -> Held[Department] | Held[CalendarEvent]:
        """What is held, which may be outdated: for a writer, whose commit is refused if it is. :raises DepartmentNotFound:"""
        return self._peek(history) or self._current(history)

    def find(self, event_id: str) -> CalendarEvent | None:
        """The event in what is held; it may be outdated, and None says nothing."""
        with self._guard:
            states = list(self._held.items())
        for history, held in states:
            if history != DEPARTMENTS_HISTORY and (event := held.objects.get(event_id)) is not None:
                return event  # type: ignore[return-value]
        return None

    def refresh(self, history: str) -> None:
        """Bring what is held up to date, after a writer was told that it is not. :raises DepartmentNotFound:"""
        self._current(history)

    def follow(self, changes: Sequence[Change]) -> None:
        """Take in changes that this process has committed, each history's in order."""
        for history in dict.fromkeys(change.history for change in changes):
            held = self._peek(history)
            later = held.after([c for c in changes if c.history == history]) if held else None
            if later is not None:
                self._keep(history, later)
        for change in changes:
            if change.type == "department_deleted":
                self.forget(change.subject.id)

    def forget(self, history: str) -> None:
        """Hold it no longer; the next reader loads it anew."""
        with self._guard:
            if (held := self._held.pop(history, None)) is not None:
                self._count -= len(held.objects)

    def _current(self, history: str) -> Held[Department] | Held[CalendarEvent]:
        try:
            head = self._store.head(history)
        except NotFound:
            self.forget(history)
            raise
        held = self._peek(history)
        if held is not None and held.head == head:
            _hits.inc()
            return held
        with self._loading.holding([history]):
            return self._brought_up_to(history, head)

    def _brought_up_to(self, history: str, head: Head) -> Held[Department] | Held[CalendarEvent]:
        """At ``head`` or later. Who waited for the lock may find it done."""
        held = self._peek(history)
        if held is not None and held.head.epoch == head.epoch:
            if held.head.last_seq >= head.last_seq:
                return held
            if head.last_seq - held.head.last_seq <= FOLLOWED_AT_MOST:
                later = held.after(self._store.changes_after(history, held.head.last_seq, FOLLOWED_AT_MOST))
                same_epoch = (
                    self._store.head(history).epoch == head.epoch
                )  # or those were the changes of another numbering
                if later is not None and later.head.last_seq >= head.last_seq and same_epoch:
                    _followed.inc()
                    return self._keep(history, later)
        return self._keep(history, self._loaded(history))

    def _loaded(self, history: str) -> Held[Department] | Held[CalendarEvent]:
        _loads.inc()
        if history == DEPARTMENTS_HISTORY:
            found = self._store.list_departments()
            return Held(found.head, Layered({department.id: department for department in found.departments}))
        snapshot = self._store.snapshot(history)
        return Held(snapshot.head, Layered({event.id: event for event in snapshot.events}))

    def _peek(self, history: str) -> Held[Department] | Held[CalendarEvent] | None:
        with self._guard:
            held = self._held.get(history)
            if held is not None:
                self._held.move_to_end(history)
            return held

    def _keep(
        self, history: str, held: Held[Department] | Held[CalendarEvent]
    ) -> Held[Department] | Held[CalendarEvent]:
        """Hold ``held`` unless a later state is held already; let go of what was used longest ago."""
        with self._guard:
            present = self._held.get(history)
            if present is not None and present.head.epoch == held.head.epoch:
                if present.head.last_seq >= held.head.last_seq:
                    return present
                self._count -= len(present.objects)
            elif present is not None:
                self._count -= len(present.objects)
            self._held[history] = held
            self._held.move_to_end(history)
            self._count += len(held.objects)
            while self._count > self._most_objects and len(self._held) > 1:
                _history, oldest = self._held.popitem(last=False)
                self._count -= len(oldest.objects)
        return held


def _list_order(subject: Subject) -> tuple[str, str, str]:
    if isinstance(subject, Department):
        return (subject.created_at, subject.id, "")
    return subject.sort_key
