"""What a process has to tell its neighbours and has not yet told, each kind on a channel of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from calendar_server import measures
from calendar_server.domain.changes import Change
from calendar_server.realtime import notes, viewer_notes
from calendar_server.realtime.viewer_notes import Viewers

T = TypeVar("T")

UNSENT_MAX = 10_000
"""So many histories are kept for the queue's return; what is dropped, the others find by following the heads."""


class Topic(Protocol):
    """:meth:`next_message` and :meth:`sent` are called by one task in turn; what is added meanwhile goes out later."""

    channel: str

    def next_message(self, sender: str) -> bytes | None:
        """What is to be sent now; None where nothing waits."""

    def sent(self) -> None:
        """The queue has taken it."""

    def take(self, message: bytes, own: str) -> bool:
        """Hear a message, unless ``own`` has sent it. False: it is junk."""


class _Unsent(Generic[T]):
    """What waits for the queue, by history: one value of each, and so many histories that memory is bounded."""

    def __init__(self, newer: Callable[[T, T], T]) -> None:
        self._newer = newer
        self._guard = threading.Lock()
        self._waiting: dict[str, T] = {}
        self._sending: dict[str, T] = {}

    def put(self, history: str, value: T) -> bool:
        """Leave the newer of ``value`` and what waits; True where another history had to go."""
        with self._guard:
            self._waiting[history] = self._newer(self._waiting.get(history, value), value)
            if len(self._waiting) <= UNSENT_MAX:
                return False
            del self._waiting[next(iter(self._waiting))]
            return True

    def take(self, choose: Callable[[Mapping[str, T]], dict[str, T]]) -> dict[str, T]:
        """What ``choose`` wants to be sent now."""
        with self._guard:
            self._sending = choose(self._waiting)
        return self._sending

    def forget_taken(self) -> int:
        """It has been sent; what has become newer meanwhile stays. How many histories that was."""
        with self._guard:
            for history, value in self._sending.items():
                if self._waiting.get(history) == value:
                    del self._waiting[history]
        return len(self._sending)


class Heads:
    """Where histories stand; ``heard`` must not wait."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.heard: Callable[[dict[str, int]], None] = lambda _notes: None
        self._unsent: _Unsent[int] = _Unsent(max)

    def add(self, changes: Sequence[Change]) -> None:
        """Leave a note of ``changes``, which are committed."""
        for change in changes:
            if self._unsent.put(change.history, change.seq):
                measures.queue_notes.labels("dropped").inc()

    def next_message(self, sender: str) -> bytes | None:
        some = self._unsent.take(notes.first_of)
        return notes.written(sender, some) if some else None

    def sent(self) -> None:
        measures.queue_notes.labels("sent").inc(self._unsent.forget_taken())

    def take(self, message: bytes, own: str) -> bool:
        found = notes.read(message)
        if found is not None and found[0] != own:
            measures.queue_notes.labels("heard").inc(len(found[1]))
            self.heard(found[1])
        return found is not None


class ViewersOfProcess:
    """Who looks at departments through this process's sockets; ``heard`` must not wait."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.heard: viewer_notes.Heard = lambda _process_id, _department_id, _viewers: None
        self._unsent: _Unsent[Viewers] = _Unsent(lambda _waiting, newest: newest)

    def add(self, department_id: str, viewers: Viewers) -> None:
        """To be told instead of what was to be told of the department before. What is dropped will be told again."""
        self._unsent.put(department_id, viewers)

    def next_message(self, sender: str) -> bytes | None:
        some = self._unsent.take(viewer_notes.first_of)
        return viewer_notes.written(sender, some) if some else None

    def sent(self) -> None:
        self._unsent.forget_taken()

    def take(self, message: bytes, own: str) -> bool:
        found = viewer_notes.read(message)
        if found is not None and found[0] != own:
            for department_id, viewers in found[1].items():
                self.heard(found[0], department_id, viewers)
        return found is not None
