"""TLS for clients that read and write one connection from two threads, as python-socketio's does over ``wss://``.

OpenSSL forbids both at once on one connection, and CPython 3.11 does not prevent it: of 100 calls right after connecting
2 to 7 got lost, with the libraries' own transport too, and none of 600 with a client of one thread.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class SerialSSLSocket(ssl.SSLSocket):
    """A TLS socket that reads or writes, one of them at a time, and waits for either without keeping the other off."""

    @property
    def _turn(self) -> threading.Lock:
        lock: threading.Lock = self.__dict__.setdefault("_one_at_a_time", threading.Lock())
        return lock

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        return self._in_turn(lambda: super(SerialSSLSocket, self).read(len, buffer))

    def send(self, data: Any, flags: int = 0) -> int:
        return self._in_turn(lambda: super(SerialSSLSocket, self).send(data, flags))

    def _in_turn(self, call: Callable[[], T]) -> T:
        with self._turn:
            timeout = self.gettimeout()
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._turn:
                socket.socket.settimeout(self, 0)
                try:
                    return call()
                except ssl.SSLWantReadError:
                    wanted = select.POLLIN
                except ssl.SSLWantWriteError:
                    wanted = select.POLLOUT
                finally:
                    socket.socket.settimeout(self, timeout)
            self._wait(wanted, deadline)

    def _wait(self, wanted: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(self.fileno(), wanted)
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        if not poll.poll(left):
            raise TimeoutError("timed out")


def read_or_write_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every TLS connection of this process's clients a :class:`SerialSSLSocket`."""
    monkeypatch.setattr(ssl.SSLContext, "sslsocket_class", SerialSSLSocket)
