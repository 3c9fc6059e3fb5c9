"""Keeps state in the user's storage, soon after it has changed."""

from __future__ import annotations

import logging
from typing import Any

from dallyeok_sync.history import History
from dallyeok_sync.loop import Loop, Timer
from dallyeok_sync.storage import Storage
from dallyeok_sync.timing import Timing

_log = logging.getLogger(__name__)


class Keeper:
    """A storage that fails, or that does not exist, costs no more than a reload. Histories are kept in the loop."""

    def __init__(self, storage: Storage | None, loop: Loop, timing: Timing) -> None:
        self._storage = storage
        self._loop = loop
        self._timing = timing
        self._waiting: dict[History, Timer] = {}

    @property
    def keeps(self) -> bool:
        """Whether there is a storage."""
        return self._storage is not None

    def restore(self, history: History) -> None:
        """Give back to it what was kept of it."""
        history.restore(self.load(_name_of(history)))

    def keep_soon(self, history: History) -> None:
        """Keep it as it will be in a moment."""
        if self.keeps and history not in self._waiting:
            self._waiting[history] = self._loop.later(self._timing.save, lambda: self._keep(history))

    def keep_all(self) -> None:
        """Keep now what waits to be kept."""
        for history in list(self._waiting):
            self._keep(history)

    def forget(self, history: History) -> None:
        """Keep it no longer."""
        self._stop_waiting(history)
        self.save(_name_of(history), None)

    def load(self, name: str) -> Any:
        """What was kept under ``name``, None where there is nothing."""
        try:
            return None if self._storage is None else self._storage.load(name)
        except Exception:
            _log.exception("%s could not be loaded", name)
            return None

    def save(self, name: str, value: Any) -> None:
        """Keep ``value`` under ``name``, from any thread; None removes it."""
        try:
            if self._storage is not None:
                self._storage.save(name, value)
        except Exception:
            _log.exception("%s could not be saved", name)

    def _keep(self, history: History) -> None:
        self._stop_waiting(history)
        self.save(_name_of(history), history.saved())

    def _stop_waiting(self, history: History) -> None:
        timer = self._waiting.pop(history, None)
        if timer is not None:
            timer.cancel()


def _name_of(history: History) -> str:
    return "departments" if history.id is None else f"department:{history.id}"
