"""TLS for a connection that one thread reads while another writes, as python-socketio does over ``wss://``.

OpenSSL forbids both at once on one connection (https://docs.openssl.org/master/man7/openssl-threads/), and CPython before
3.13 does not prevent it: some of a hundred messages right after connecting got lost or stuck for seconds.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests

T = TypeVar("T")
_SELECTOR = getattr(selectors, "PollSelector", selectors.SelectSelector)  # Windows has no poll


class SerialSSLSocket(ssl.SSLSocket):
    """A TLS socket that reads or writes, one of them at a time, and waits for either without keeping the other off."""

    @property
    def _turn(self) -> threading.Lock:
        lock: threading.Lock = self.__dict__.setdefault("_one_at_a_time", threading.Lock())
        return lock

    @property
    def _writing(self) -> threading.Lock:
        lock: threading.Lock = self.__dict__.setdefault("_one_write_at_a_time", threading.Lock())
        return lock

    def gettimeout(self) -> float | None:
        with self._turn:
            return super().gettimeout()

    def settimeout(self, value: float | None) -> None:
        with self._turn:
            super().settimeout(value)

    def shutdown(self, how: int) -> None:
        with self._turn:
            super().shutdown(how)

    def close(self) -> None:
        with self._turn:
            super().close()

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """:raises OSError: another thread has shut the connection down or closed it."""

        def call() -> Any:
            if self.version() is None:
                raise _closed()
            return super(SerialSSLSocket, self).read(len, buffer)

        return self._in_turn(call)

    def send(self, data: Any, flags: int = 0) -> int:
        with self._writing:  # OpenSSL wants a write that had to wait repeated before any other
            return self._in_turn(lambda: super(SerialSSLSocket, self).send(data, flags))

    def _in_turn(self, call: Callable[[], T]) -> T:
        patience = self.gettimeout()
        deadline = None if patience is None else time.monotonic() + patience
        while True:
            with self._turn:
                timeout = socket.socket.gettimeout(self)
                socket.socket.settimeout(self, 0)
                try:
                    return call()
                except ssl.SSLWantReadError:
                    wanted = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    wanted = selectors.EVENT_WRITE
                finally:
                    socket.socket.settimeout(self, timeout)
            self._wait(wanted, deadline)

    def _wait(self, wanted: int, deadline: float | None) -> None:
        """:raises TimeoutError: :raises OSError: another thread has closed the socket."""
        if self.fileno() < 0:
            raise _closed()
        with _SELECTOR() as selector:
            selector.register(self, wanted)
            if not selector.select(None if deadline is None else max(0.0, deadline - time.monotonic())):
                raise TimeoutError("timed out")


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def context_like(session: requests.Session, url: str) -> ssl.SSLContext:
    """For sockets to ``url``, with what holds for the requests of ``session``: its ``verify`` and ``cert``, and the
    environment's ``REQUESTS_CA_BUNDLE``. Authorities that the system trusts are trusted as well.

    :raises OSError: a certificate cannot be read.
    """
    settings = session.merge_environment_settings(url, {}, None, None, None)
    context = ssl.create_default_context()
    context.sslsocket_class = SerialSSLSocket
    verify, cert = settings["verify"], settings["cert"]
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif isinstance(verify, str):
        is_folder = os.path.isdir(verify)
        context.load_verify_locations(capath=verify if is_folder else None, cafile=None if is_folder else verify)
    if cert:
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return context
