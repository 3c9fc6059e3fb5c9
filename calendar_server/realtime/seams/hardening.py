"""What is checked and bounded around the libraries' own websockets and queues.

* a websocket frame that is no sound packet ends the connection, instead of an exception in the library's loop;
* simple-websocket calls ``socket.send`` once per frame, which under gevent sends only the beginning of a long one;
* a websocket that the server closes ends at once: eventlet would leave its reader waiting on a closed file descriptor,
  and Werkzeug's server would wait for the client to hang up;
* fragments of a message are bounded together, not only one by one;
* what waits for a client is bounded (:func:`_bounded_queue`); whose queue is full is closed;
* of two websockets that ask for one session at the same moment the second is hung up on;
* sending to a socket that another thread is closing does not end a broadcast for everybody behind it.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engineio.exceptions import SocketIsClosedError

from calendar_server import measures
from calendar_server.realtime.direct.outgoing import is_too_much
from calendar_server.realtime.packets import CLOSE, PACKET_MAX_BYTES, PACKETS_IN_PAYLOAD, is_sound_frame
from calendar_server.realtime.seams.engine_sessions import close_session, is_upgrading

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger(__name__)
_upgrades = threading.Lock()


def harden(engine: Any) -> None:
    """Put the checks of this module into an ``engineio.Server`` that has served nobody yet."""
    websocket_class = engine._async["websocket"]
    send_packet = engine.send_packet

    def checked_websocket(handler: Callable[[Any], Any], server: Any) -> Any:
        session = handler.__self__  # type: ignore[attr-defined] # engineio's Socket, whose method it is

        def handle(raw: Any) -> Any:
            try:
                with _turn_to_upgrade(session) as is_first:
                    return handler(_CheckedWebSocket(raw, session)) if is_first else []
            finally:
                _hang_up(raw)

        websocket = websocket_class(handle, server)
        if hasattr(websocket, "server_args"):  # simple-websocket's wrapper, not eventlet's
            websocket.server_args["max_message_size"] = PACKET_MAX_BYTES
        return websocket

    def send_if_open(session_id: str, packet: Any) -> None:
        session = engine.sockets.get(session_id)
        if session is not None and getattr(session.queue, "is_full", False):
            measures.overflows.inc()
            close_session(session)
            engine.sockets.pop(session_id, None)
            return
        with suppress(SocketIsClosedError):
            send_packet(session_id, packet)

    queue_class = _bounded_queue(engine._async["queue"], engine._async["queue_empty"])
    engine._async = {**engine._async, "websocket": checked_websocket, "queue": queue_class}
    engine.send_packet = send_if_open


def send_whole_frames(environ: WSGIEnvironment) -> None:
    """Make simple-websocket's single ``send`` of a frame send all of it, and frames of two threads one after the other."""
    for key in ("gunicorn.socket", "werkzeug.socket"):
        if key in environ:
            environ[key] = _WholeSends(environ[key])


@contextmanager
def _turn_to_upgrade(session: Any) -> Iterator[bool]:
    """False where another websocket takes the session over already: both may have been let in by their requests."""
    if not session.connected:  # it begins with this websocket
        yield True
        return
    with _upgrades:
        is_first = not (is_upgrading(session) or getattr(session, "is_claimed", False))
        if is_first:  # the library takes its own mark back before we know that it has failed
            session.is_claimed = session.upgrading = True
    try:
        yield is_first
    finally:
        if is_first:
            with _upgrades:
                session.is_claimed, session.upgrading = False, False


def _hang_up(raw: Any) -> None:
    """End the connection in both directions, which wakes whoever still reads from it; the web server then closes it."""
    connection = raw.ws.sock if hasattr(raw, "ws") else raw.socket
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _CheckedWebSocket:
    """A websocket on which unsound frames look as if the client had hung up."""

    def __init__(self, raw: Any, session: Any) -> None:
        self._raw = raw
        self._session = session
        self._ended = False
        if hasattr(raw, "Message"):  # eventlet's RFC6455WebSocket
            raw.Message = _bounded(raw.Message)

    def wait(self) -> str | None:
        """The next sound frame; None once the connection is over."""
        if self._ended or self._session.closed:
            return None
        try:
            frame = self._raw.wait()
        except Exception as error:  # broken frames, lost connections, timeouts: all mean the same here
            _log.debug("websocket ended: %r", error)
            frame = None
        if self._session.closed or not is_sound_frame(frame):
            self._ended = True
            return None
        self._ended = frame == CLOSE
        return str(frame)

    def close(self) -> None:
        """Say goodbye and hang up, without waiting for the client to do so as well."""
        with suppress(OSError):
            if hasattr(self._raw, "ws"):
                self._raw.close()
            else:
                self._raw._send_closing_frame(ignore_send_errors=True)
        _hang_up(self._raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _bounded(message_class: type[Any]) -> type[Any]:
    class BoundedMessage(message_class):  # type: ignore[misc]
        """A message whose fragments are too long together counts as undecodable, which ends the connection."""

        def push(self, data: bytes, final: bool = False) -> None:
            super().push(data, final=final)
            self.length = getattr(self, "length", 0) + len(data)
            if self.length > PACKET_MAX_BYTES:
                raise ValueError("message too long")

    return BoundedMessage


def _bounded_queue(queue_class: type[Any], empty: type[Exception]) -> type[Any]:
    """What waits for a client that polls, or for the library's writer. It takes whatever comes and says when to stop.

    One poll gets no more packets than the Python client takes in one payload; the next has the rest.
    """

    class BoundedQueue(queue_class):  # type: ignore[misc]
        waiting_bytes = 0
        given = 0

        @property
        def is_full(self) -> bool:
            return is_too_much(self.qsize(), self.waiting_bytes)

        def put(self, item: Any, *arguments: Any, **options: Any) -> None:
            self.waiting_bytes += _size(item)
            super().put(item, *arguments, **options)

        def get(self, *arguments: Any, **options: Any) -> Any:
            self.given = self.given + 1 if options.get("block") is False else 1
            if self.given > PACKETS_IN_PAYLOAD:
                raise empty
            item = super().get(*arguments, **options)
            self.waiting_bytes -= _size(item)
            return item

    return BoundedQueue


def _size(item: Any) -> int:
    data = getattr(item, "data", None)
    return len(data) if isinstance(data, str | bytes) else 0


class _WholeSends:
    """A socket whose ``send`` is ``sendall``, for one caller at a time."""

    def __init__(self, whole: Any) -> None:
        self._socket = whole
        self._turn = threading.Lock()

    def send(self, data: bytes) -> int:
        with self._turn:
            self._socket.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
