"""One lock for each history: within a process, writers to one department take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from weakref import WeakValueDictionary

from calendar_server.errors import StoreUnavailable


class _HistoryLock:
    """A lock that can be referred to weakly, so that it goes when nobody holds or awaits it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    @contextmanager
    def held(self, wait_seconds: float) -> Iterator[None]:
        if not self.lock.acquire(timeout=wait_seconds):
            raise StoreUnavailable("too many writers are waiting for this department")
        try:
            yield
        finally:
            self.lock.release()


class HistoryLocks:
    """Locks by the names of histories. ``wait_seconds``: how long a writer waits for one at the most."""

    def __init__(self, wait_seconds: float = 15.0) -> None:
        self._wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, _HistoryLock] = WeakValueDictionary()

    @contextmanager
    def holding(self, histories: Iterable[str]) -> Iterator[None]:
        """Hold the locks of ``histories``, taken in the order of their names so that two holders never wait for each other.

        :raises StoreUnavailable: a lock was not to be had in time.
        """
        with ExitStack() as stack:
            for history in sorted(set(histories)):
                with self._guard:
                    lock = self._locks.setdefault(history, _HistoryLock())
                stack.enter_context(lock.held(self._wait_seconds))
            yield
