"""The socket: connected again whenever it breaks, for whatever reason."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import requests
import socketio

from dallyeok_sync import tls
from dallyeok_sync.timing import Timing

_log = logging.getLogger(__name__)

CHANGES = (
    "department_created",
    "department_updated",
    "department_deleted",
    "event_created",
    "event_updated",
    "event_deleted",
)
MESSAGES = (*CHANGES, "department_head", "sync_reset")
LOOK_SECONDS = 0.5


class SocketClient(Protocol):
    """What is used of ``socketio.Client``."""

    @property
    def is_alive(self) -> bool: ...
    def on(self, event: str, handler: Callable[..., Any]) -> Any: ...
    def connect(self, url: str, **options: Any) -> None: ...
    def emit(self, event: str, data: Any, callback: Callable[..., None] | None = None) -> None: ...
    def disconnect(self) -> None: ...


class _Socket(socketio.Client):  # type: ignore[misc] # the library has no types
    @property
    def is_alive(self) -> bool:
        """Asked from time to time: of a connection that breaks while it is being made, the library says nothing."""
        return bool(self.connected and self.eio.state == "connected")


def sockets_like(session: requests.Session, url: str) -> Callable[[], SocketClient]:
    """Makes clients for ``url`` with the cookies, proxies and certificates of ``session``. They leave coming back to us:
    the library does not after the server has closed the socket.

    :raises OSError: a certificate cannot be read.
    """
    options = {"sslopt": {"context": tls.context_like(session, url)}} if url.startswith("https:") else {}

    def new_socket() -> SocketClient:
        client: SocketClient = _Socket(
            reconnection=False, handle_sigint=False, http_session=session, websocket_extra_options=dict(options)
        )
        return client

    return new_socket


class Connection:
    """Keeps one socket open from a thread of its own; every connection is a new client, so nothing old is heard.

    ``connected``, ``disconnected`` and ``heard(name, arguments)`` are called from threads of the library.
    """

    def __init__(
        self,
        url: str,
        timing: Timing,
        connected: Callable[[], None],
        disconnected: Callable[[], None],
        heard: Callable[[str, tuple[Any, ...]], None],
        options: Mapping[str, Any],
        socket_factory: Callable[[], SocketClient],
    ) -> None:
        self._url = url
        self._timing = timing
        self._connected = connected
        self._disconnected = disconnected
        self._heard = heard
        self._options = {"wait_timeout": 5, **options}
        self._socket_factory = socket_factory
        self._socket: SocketClient | None = None
        self._closing = threading.Event()
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dallyeok-sync-socket", daemon=True)

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def start(self) -> None:
        self._thread.start()

    def emit(self, name: str, payload: Mapping[str, Any], answered: Callable[..., None] | None = None) -> None:
        """Send; where the connection has just broken, nothing happens."""
        socket = self._socket
        if socket is None:
            return
        try:
            socket.emit(name, dict(payload), callback=answered)
        except Exception as error:  # the library has several for a connection that is gone
            _log.debug("%s was not sent: %s", name, error)

    def close(self) -> None:
        """Disconnect for good."""
        self._closing.set()
        self._broken.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        attempts = 0
        while not self._closing.is_set():
            if self._stay_connected():
                attempts = 0
            self._closing.wait(self._timing.retry_delay(attempts))
            attempts += 1

    def _stay_connected(self) -> bool:
        """Connect, and stay until it breaks; False where it could not be connected."""
        self._broken = broken = threading.Event()
        socket = self._socket_factory()
        socket.on("disconnect", lambda *_reason: broken.set())
        for name in MESSAGES:
            socket.on(name, self._handler(name, broken))
        try:
            socket.connect(self._url, **self._options)
        except Exception as error:  # ConnectionError, and what the transports let through
            _log.debug("no connection to %s: %s", self._url, error)
            self._disconnect(socket)
            return False
        self._socket = socket
        self._connected()
        while not broken.wait(LOOK_SECONDS) and socket.is_alive and not self._closing.is_set():
            pass
        broken.set()
        self._socket = None
        self._disconnect(socket)
        self._disconnected()
        return True

    def _handler(self, name: str, broken: threading.Event) -> Callable[..., None]:
        def handle(*arguments: Any) -> None:
            if not broken.is_set():
                self._heard(name, arguments)

        return handle

    def _disconnect(self, socket: SocketClient) -> None:
        with suppress(Exception):
            socket.disconnect()
