"""All pings, and all waiting for answers to them, on one timer."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.5


class Sessions(Protocol):
    """What is done to an Engine.IO session, see ``seams.direct_sessions.Sessions``."""

    def ping(self, session: Any) -> bool:
        """Send a ping; False where the session is over."""

    def is_overdue(self, session: Any) -> bool:
        """True where the session goes on and its last ping has no answer yet."""

    def time_out(self, session: Any) -> None:
        """End the session."""


class Heartbeat:
    """Pings each session ``interval`` seconds after its last answer and ends it where none comes within ``timeout``.

    Both spans are the same for all, so two queues in the order of time do. ``timeout`` is shorter than ``interval``.
    """

    def __init__(self, interval: float, timeout: float, sessions: Sessions, clock: Callable[[], float]) -> None:
        self._interval = interval
        self._timeout = timeout
        self._sessions = sessions
        self._clock = clock
        self._to_ping: deque[tuple[float, Any]] = deque()
        self._awaited: deque[tuple[float, Any]] = deque()

    def schedule(self, session: Any) -> None:
        """The session begins, or has answered."""
        self._to_ping.append((self._clock() + self._interval, session))

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        while self._to_ping and self._to_ping[0][0] <= now:
            session = self._to_ping.popleft()[1]
            if _quietly(partial(self._sessions.ping, session)):
                self._awaited.append((now, session))
        while self._awaited and self._awaited[0][0] + self._timeout <= now:
            session = self._awaited.popleft()[1]
            if self._sessions.is_overdue(session):
                _quietly(partial(self._sessions.time_out, session))


class Deadlines:
    """Calls back after a while, at most a tick late."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pending: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` in ``seconds``."""
        heapq.heappush(self._pending, (self._clock() + seconds, next(self._numbers), call))

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        while self._pending and self._pending[0][0] <= now:
            _quietly(heapq.heappop(self._pending)[2])


def _quietly(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception:
        _log.exception("the heartbeat of a socket failed")
        return None
