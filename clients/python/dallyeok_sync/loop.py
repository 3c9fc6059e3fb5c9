"""One thread in which everything happens that touches state, one call after the other."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Timer:
    """A call that has been put off."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Make nothing of it; it may have happened already."""
        self.call = None


class Loop:
    """Runs calls in the order in which they were posted; what they raise is logged. Methods may be called anywhere."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="dallyeok-sync", daemon=True)
        self._thread.start()

    def post(self, call: Callable[[], None]) -> None:
        """As soon as possible. After :meth:`close` nothing is taken any more."""
        self._add(0.0, call)

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """After ``seconds``, unless it is cancelled before."""
        return self._add(time.monotonic() + seconds, call)

    def close(self) -> None:
        """Run what has been posted, forget the timers, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _add(self, due: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        with self._changed:
            if not self._closed:
                heapq.heappush(self._calls, (due, next(self._numbers), timer))
                self._changed.notify()
        return timer

    def _run(self) -> None:
        while (timer := self._next()) is not None:
            call = timer.call
            if call is None:
                continue
            try:
                call()
            except Exception:
                _log.exception("unexpected error")

    def _next(self) -> Timer | None:
        """The next call that is due, None at the end."""
        with self._changed:
            while True:
                due = self._calls[0][0] if self._calls else None
                if due is not None and due <= (0.0 if self._closed else time.monotonic()):
                    return heapq.heappop(self._calls)[2]
                if self._closed:
                    self._calls.clear()
                    return None
                self._changed.wait(None if due is None else due - time.monotonic())
