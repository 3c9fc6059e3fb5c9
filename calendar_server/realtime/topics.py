"""What a process has to tell its neighbours and has not yet told, each kind on a channel of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from calendar_server import measures
from calendar_server.domain.changes import Change
from calendar_server.realtime import notes, viewer_notes
from calendar_server.realtime.viewer_notes import Viewers

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


class Heads:
    """Where histories stand; ``heard`` must not wait."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.heard: Callable[[dict[str, int]], None] = lambda _notes: None
        self._guard = threading.Lock()
        self._unsent: dict[str, int] = {}
        self._sending: dict[str, int] = {}

    def add(self, changes: Sequence[Change]) -> None:
        """Leave a note of ``changes``, which are committed."""
        with self._guard:
            for change in changes:
                self._unsent[change.history] = max(change.seq, self._unsent.get(change.history, 0))
            while len(self._unsent) > UNSENT_MAX:
                del self._unsent[next(iter(self._unsent))]
                measures.queue_notes.labels("dropped").inc()

    def next_message(self, sender: str) -> bytes | None:
        with self._guard:
            self._sending = notes.first_of(self._unsent)
        return notes.written(sender, self._sending) if self._sending else None

    def sent(self) -> None:
        measures.queue_notes.labels("sent").inc(len(self._sending))
        with self._guard:
            for history, seq in self._sending.items():
                if self._unsent.get(history) == seq:
                    del self._unsent[history]

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
        self._guard = threading.Lock()
        self._unsent: dict[str, Viewers] = {}
        self._sending: dict[str, Viewers] = {}

    def add(self, department_id: str, viewers: Viewers) -> None:
        """To be told instead of what was to be told of the department before."""
        with self._guard:
            self._unsent[department_id] = viewers
            if len(self._unsent) > UNSENT_MAX:  # it will be told again
                del self._unsent[next(iter(self._unsent))]

    def next_message(self, sender: str) -> bytes | None:
        with self._guard:
            self._sending = viewer_notes.first_of(self._unsent)
        return viewer_notes.written(sender, self._sending) if self._sending else None

    def sent(self) -> None:
        with self._guard:
            for department_id, viewers in self._sending.items():
                if self._unsent.get(department_id) is viewers:
                    del self._unsent[department_id]

    def take(self, message: bytes, own: str) -> bool:
        found = viewer_notes.read(message)
        if found is not None and found[0] != own:
            for department_id, viewers in found[1].items():
                self.heard(found[0], department_id, viewers)
        return found is not None
