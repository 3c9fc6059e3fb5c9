"""Waiting for the next change of a history: what long polls do between two looks at the log."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Waiting:
    """Who waits for which history. Whoever learns of a change says so with :meth:`wake`."""

    def __init__(self) -> None:
        self.closed = False
        """The server is going down: nobody waits any longer."""
        self._guard = threading.Lock()
        self._waiters: defaultdict[str, set[threading.Event]] = defaultdict(set)

    @contextmanager
    def waiter(self, history: str) -> Iterator[threading.Event]:
        """An event that is set at the next change. Take it before looking at the log, so that none is missed."""
        event = threading.Event()
        with self._guard:
            self._waiters[history].add(event)
        try:
            yield event
        finally:
            with self._guard:
                waiting = self._waiters[history]
                waiting.discard(event)
                if not waiting:
                    del self._waiters[history]

    def wake(self, history: str) -> None:
        """Set the events of all who wait for ``history``."""
        with self._guard:
            waiting = list(self._waiters.get(history, ()))
        for event in waiting:
            event.set()

    def close(self) -> None:
        """Let everybody go, because the server is going down."""
        self.closed = True
        for history in self.histories():
            self.wake(history)

    def somebody_waits(self, history: str) -> bool:
        """True where somebody waits for ``history``."""
        return history in self._waiters

    def histories(self) -> list[str]:
        """The histories that somebody waits for."""
        with self._guard:
            return list(self._waiters)
