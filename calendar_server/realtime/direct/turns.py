"""Lets many connections have their messages handled by a bounded number of tasks, one message each in turn."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

_log = logging.getLogger(__name__)

TASKS_MAX = 64


class Party(Protocol):
    """One who waits for its turn."""

    def take_turn(self) -> bool:
        """Do one piece of work, which may wait; True where there is more."""


class Turns:
    """A party is served by one task at a time, so that its messages keep their order."""

    def __init__(self, start_task: Callable[[Callable[[], None]], Any], give_way: Callable[[], Any]) -> None:
        self._start_task = start_task
        self._give_way = give_way
        self._queue: deque[Party] = deque()
        self._tasks = 0

    def want(self, party: Party) -> None:
        """Queue ``party``; it must not be queued or served already."""
        self._queue.append(party)
        if self._tasks < TASKS_MAX:
            self._tasks += 1
            self._start_task(self._work)

    def _work(self) -> None:
        try:
            while self._queue:
                party = self._queue.popleft()
                if _served(party):
                    self._queue.append(party)
                self._give_way()
        finally:
            self._tasks -= 1


def _served(party: Party) -> bool:
    try:
        return party.take_turn()
    except Exception:
        _log.exception("a message of a socket could not be handled")
        return False
