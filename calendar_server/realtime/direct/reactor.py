"""Waits for all direct sockets at once: one epoll, one task, no greenlet and no timer per socket."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

_log = logging.getLogger(__name__)

_READ, _WRITE = 0x001, 0x004  # EPOLLIN, EPOLLOUT
_EVENTS_AT_ONCE = 256


class Source(Protocol):
    """What a file descriptor belongs to."""

    def readable(self) -> None:
        """There is something to read, or the connection has ended."""

    def writable(self) -> None:
        """The kernel takes more."""


class Reactor:
    """``epoll`` is a ``select.epoll``; ``wait_readable`` lets others run until a file descriptor is readable."""

    def __init__(self, epoll: Any, wait_readable: Callable[[int], None]) -> None:
        self._epoll = epoll
        self._wait_readable = wait_readable
        self._sources: dict[int, Source] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def watch(self, fileno: int, source: Source) -> None:
        """Tell ``source`` when there is something to read."""
        self._sources[fileno] = source
        self._epoll.register(fileno, _READ)

    def change(self, fileno: int, *, read: bool, write: bool) -> None:
        """What to wait for from now on."""
        self._epoll.modify(fileno, (_READ if read else 0) | (_WRITE if write else 0))

    def forget(self, fileno: int) -> None:
        """Before the file descriptor is closed."""
        if self._sources.pop(fileno, None) is not None:
            self._epoll.unregister(fileno)

    def run(self) -> None:
        """For ever; to be started as a background task."""
        while True:
            self._wait_readable(self._epoll.fileno())
            self.turn()

    def turn(self) -> None:
        """Handle what is ready now."""
        for fileno, events in self._epoll.poll(0, _EVENTS_AT_ONCE):
            source = self._sources.get(fileno)
            if source is None:  # forgotten by one that came before it in this turn
                continue
            try:
                if events & _WRITE:
                    source.writable()
                if events & ~_WRITE:
                    source.readable()
            except Exception:
                _log.exception("a socket could not be served")
