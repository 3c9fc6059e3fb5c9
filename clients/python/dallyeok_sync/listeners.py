"""Who wants to be told of what."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)

Listener = Callable[..., object]


class Listeners:
    """Calls listeners in the order in which they came; what one raises is logged and disturbs nobody."""

    def __init__(self) -> None:
        self._by_name: defaultdict[str, list[Listener]] = defaultdict(list)

    def add(self, name: str, listener: Listener) -> None:
        self._by_name[name].append(listener)

    def remove(self, name: str, listener: Listener) -> None:
        if listener in self._by_name[name]:
            self._by_name[name].remove(listener)

    def clear(self) -> None:
        self._by_name.clear()

    def emit(self, name: str, *values: Any) -> None:
        for listener in list(self._by_name.get(name, ())):
            call(listener, *values)


def call(listener: Listener, *values: Any) -> None:
    """Call one listener."""
    try:
        listener(*values)
    except Exception:
        _log.exception("a listener failed")
