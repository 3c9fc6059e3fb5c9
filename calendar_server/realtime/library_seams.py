"""The one place that reaches behind the public face of the socket libraries.

Read in python-engineio 4.15.1, python-socketio 5.18.1, eventlet 0.41.3 and simple-websocket 1.1.0; look here first when
one of them is raised. What it is for:

* a websocket frame that is no sound packet ends the connection, instead of an exception in the library's loop;
* simple-websocket calls ``socket.send`` once per frame, which under gevent sends only the beginning of a long one;
* a websocket that the server closes ends at once: eventlet would leave its reader waiting on a closed file descriptor,
  and Werkzeug's server would wait for the client to hang up;
* fragments of a message are bounded together, not only one by one;
* what waits for a client is bounded (:func:`_bounded_queue`); whose queue is full is closed;
* sending to a socket that another thread is closing does not end a broadcast for everybody behind it;
* :func:`go_direct` takes websockets out of the hands of the web server and of the libraries' greenlets, queues and
  timers, and messages to rooms out of their loop (``FANOUT=direct``, under eventlet and gevent). What it leans on is
  listed with :data:`LEANED_ON`, which a test compares with the libraries that are installed.
"""

from __future__ import annotations

import _socket
import base64
import hashlib
import io
import logging
import math
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import socketio as socketio_library
from engineio import packet as engine_packets
from engineio.exceptions import SocketIsClosedError, UnknownPacketError
from engineio.socket import Socket as EngineSession
from socketio import packet as socket_packets

from calendar_server import measures
from calendar_server.realtime.direct.outgoing import KERNEL_BUFFER_BYTES, Outlet, framed, is_too_much
from calendar_server.realtime.direct.reactor import Reactor
from calendar_server.realtime.direct.transport import DirectTransport
from calendar_server.realtime.driver import Driver
from calendar_server.realtime.packets import CLOSE, PACKET_MAX_BYTES, PACKETS_IN_PAYLOAD, is_sound_frame

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)


def harden(engine: Any) -> None:
    """Put the checks of this module into an ``engineio.Server`` that has served nobody yet."""
    websocket_class = engine._async["websocket"]
    send_packet = engine.send_packet

    def checked_websocket(handler: Callable[[Any], Any], server: Any) -> Any:
        session = handler.__self__  # type: ignore[attr-defined] # engineio's Socket, whose method it is

        def handle(raw: Any) -> Any:
            try:
                return handler(_CheckedWebSocket(raw, session))
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


def count_sockets(engine: Any) -> dict[str, int]:
    """Open sessions by their transport."""
    sessions = [session for session in list(engine.sockets.values()) if not session.closed]
    websockets = sum(session.upgraded for session in sessions)
    return {"websocket": websockets, "polling": len(sessions) - websockets}


def open_session(engine: Any, session_id: str) -> Any | None:
    """The session of this id, None where there is none or it has been closed."""
    session = engine.sockets.get(session_id)
    return None if session is None or session.closed else session


def is_upgrading(session: Any) -> bool:
    """True while or after a websocket takes the session over."""
    return bool(session.upgrading or session.upgraded)


def close_session(session: Any) -> None:
    """Send a close packet and end the session, without waiting until the client has read it."""
    with suppress(SocketIsClosedError):
        session.close(wait=False)


def close_all_sessions(engine: Any) -> None:
    """:func:`close_session` for every client."""
    for session in list(engine.sockets.values()):
        try:
            close_session(session)
        except Exception:
            _log.exception("a socket could not be closed")


def send_whole_frames(environ: WSGIEnvironment) -> None:
    """Make simple-websocket's single ``send`` of a frame send all of it, and frames of two threads one after the other."""
    for key in ("gunicorn.socket", "werkzeug.socket"):
        if key in environ:
            environ[key] = _WholeSends(environ[key])


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


LEANED_ON = {
    "python-engineio": "4.15.1",
    "python-socketio": "5.18.1",
    "gunicorn": "25.3.0",
    "eventlet": "0.41.3",
    "gevent": "26.9.0",
}
"""The versions in which the following was read:

* ``engineio.Socket``: ``queue`` is where :meth:`send` and :meth:`close` put packets, and None at the end; a websocket
  sets ``connected`` and ``upgraded``, and ``upgrading`` while it takes over; ``schedule_ping`` clears ``last_ping`` and
  starts ``_send_ping`` as a background task; ``_upgrade_websocket`` hands ``_websocket_handler`` to
  ``server._async["websocket"]``;
* ``engineio.Server``: ``sockets`` by id; ``_handle_connect`` schedules the first ping before ``connected`` is set; with
  ``monitor_clients=False`` it looks after nobody;
* ``socketio.Server.environ`` keeps each session's WSGI environ; ``Manager.rooms[namespace][room]`` maps socket ids to
  Engine.IO ids; all membership goes through ``basic_enter_room`` and ``basic_leave_room``; what goes to a single socket
  past ``emit``, acknowledgements among it, goes through ``engineio.Server.send``;
* gunicorn's eventlet and gevent workers let StopIteration end a connection without an answer, and close their own file
  descriptor then, not its duplicates.
"""

_NO_BODY = io.BytesIO()
_UNIQUE = frozenset({"HTTP_SEC_WEBSOCKET_KEY", "REMOTE_PORT", "HTTP_X_REQUEST_ID"})
_COMMON_TEXTS, _COMMON_MAX_CHARACTERS = 4_096, 512
_PING = engine_packets.Packet(engine_packets.PING)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class DirectManager(socketio_library.Manager):  # type: ignore[misc] # the library has no types
    """``emit`` to rooms goes through :attr:`transport` where one has been set; everything else is the library's."""

    transport: DirectTransport | None = None

    def __init__(self) -> None:
        super().__init__()
        self._entered: dict[tuple[str, str], list[str | None]] = {}
        self._found: dict[tuple[str, str | None], tuple[Sequence[Outlet], Sequence[str]]] = {}

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """As the library has it. What needs a packet of its own for each recipient, or bytes, is left to it."""
        room = to or room
        if self.transport is None or callback or skip_sid or not isinstance(room, str | None):
            self._flush()
            measures.deliveries.inc(sum(1 for _ in self.get_participants(namespace, room)))
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **options)
            return
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        encoded = self.server.packet_class(socket_packets.EVENT, namespace=namespace, data=[event, *arguments]).encode()
        for each in encoded if isinstance(encoded, list) else [encoded]:  # binary: with its attachments
            # two packets, because one remembers how it was encoded first, and polling has bytes as base64
            frame, packet = (engine_packets.Packet(engine_packets.MESSAGE, each) for _ in range(2))
            recipients = partial(self._recipients, namespace, room)
            self.transport.fanout.add((namespace, room), recipients, framed(frame.encode()), packet)

    def recipients_changed(self) -> None:
        """A session has got an outlet."""
        self._found.clear()

    def _recipients(self, namespace: str, room: str | None) -> tuple[Sequence[Outlet], Sequence[str]]:
        """Who is in the room: outlets of websockets, and the ids of sessions that have none."""
        found = self._found.get((namespace, room))
        if found is None:
            found = self._find_recipients(namespace, room)
            if len(found[0]) > 1:  # keeping it for the many rooms with one socket would cost more than it saves
                self._found[namespace, room] = found
        return found

    def _find_recipients(self, namespace: str, room: str | None) -> tuple[Sequence[Outlet], Sequence[str]]:
        outlets: list[Outlet] = []
        others: list[str] = []
        sessions = self.server.eio.sockets
        for session_id in self.rooms.get(namespace, {}).get(room, {}).values():
            session = sessions.get(session_id)
            if session is not None and not session.closed:
                if type(session.queue) is Outlet:
                    outlets.append(session.queue)
                else:
                    others.append(session_id)
        return outlets, others

    def _flush(self) -> None:
        if self.transport is not None:
            self.transport.flush()

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        self._flush()
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._found.pop((namespace, room), None)
        entered = self._entered.setdefault((namespace, sid), [])
        if room not in entered:
            entered.append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        self._flush()
        super().basic_leave_room(sid, namespace, room)
        self._found.pop((namespace, room), None)
        entered = self._entered.get((namespace, sid), [])
        if room in entered:
            entered.remove(room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """As the library has it, without looking through the rooms of everybody else, as in the next."""
        return [room for room in self._entered.get((namespace, sid), ()) if room is not None]

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        for room in list(self._entered.get((namespace, sid), ())):
            self.basic_leave_room(sid, namespace, room)
        self._entered.pop((namespace, sid), None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]


class Sessions:
    """What the direct transport does to sessions of ``engineio``: see ``direct.connection`` and ``direct.heartbeat``."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._engine = server.eio

    def send_packet(self, session_id: str, packet: Any) -> None:
        """Send to a session that may poll, or be gone."""
        self._engine.send_packet(session_id, packet)

    def ping(self, session: EngineSession) -> bool:
        if session.closed:
            self._remove(session)
            return False
        session.last_ping = math.inf  # the library would compare it with a clock that may be set; the heartbeat looks
        session.send(_PING)
        return True

    def pong(self, session: EngineSession) -> None:
        session.schedule_ping()

    def is_overdue(self, session: EngineSession) -> bool:
        return not session.closed and session.last_ping is not None

    def time_out(self, session: EngineSession) -> None:
        session.close(wait=False, reason=self._engine.reason.PING_TIMEOUT)
        self._remove(session)

    def end_unless_connected(self, session: EngineSession) -> None:
        """Close a session that has joined no namespace."""
        manager = self._server.manager
        if session.closed or any(manager.sid_from_eio_sid(session.sid, each) for each in manager.get_namespaces()):
            return
        close_session(session)
        self._remove(session)

    def receive(self, session: EngineSession, packet: str) -> None:
        with suppress(UnknownPacketError, SocketIsClosedError):
            session.receive(engine_packets.Packet(encoded_packet=packet))

    def probed(self, session: EngineSession) -> bool:
        if session.closed or is_upgrading(session):
            return False
        session.upgrading = True
        session.queue.put(engine_packets.Packet(engine_packets.NOOP))  # ends the poll that waits
        return True

    def taken_over(self, session: EngineSession, outlet: Outlet) -> None:
        """What was emitted for polling and not fetched goes first."""
        outlet.holder.before_writing()
        session.upgrading, session.upgraded, session.connected = False, True, True
        kept, session.queue = session.queue, outlet
        self._server.manager.recipients_changed()
        while not kept.empty():
            outlet.put(kept.get())
        kept.put(engine_packets.Packet(engine_packets.NOOP))  # a poll that still waits would end the session in vain
        if session.closed:
            outlet.put(None)

    def upgrade_failed(self, session: EngineSession) -> None:
        session.upgrading = False

    def lost(self, session: EngineSession) -> None:
        session.close(wait=False, abort=True, reason=self._engine.reason.TRANSPORT_CLOSE)
        self._remove(session)

    def _remove(self, session: EngineSession) -> None:
        if self._engine.sockets.get(session.sid) is session:
            del self._engine.sockets[session.sid]


def go_direct(server: Any, driver: Driver) -> DirectTransport:
    """Let ``server``, a hardened ``socketio.Server`` with a :class:`DirectManager` and ``monitor_clients=False``, carry
    its websockets and pings itself.
    """
    engine = server.eio
    start_task = engine.start_background_task
    stock_websocket = engine._async["websocket"]
    send = engine.send
    transport = DirectTransport(
        Sessions(server),
        lambda: _reactor(driver),
        start_task,
        engine.sleep,
        (engine.ping_interval + engine.ping_interval_grace_period, engine.ping_timeout),
    )

    def start_task_or_schedule(target: Any, *arguments: Any, **options: Any) -> Any:
        if getattr(target, "__func__", None) is not EngineSession._send_ping:
            return start_task(target, *arguments, **options)
        session = target.__self__
        if not session.connected:
            transport.begin(session)
        return transport.schedule_ping(session)

    def send_in_order(session_id: str, data: Any) -> None:
        transport.flush()  # an outlet does so by itself, the queue of a session that polls does not
        send(session_id, data)

    def direct_websocket(handler: Any, engine: Any) -> Any:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            sock = environ.get("gunicorn.socket")
            if sock is None or isinstance(sock, ssl.SSLSocket) or hasattr(sock, "cipher"):
                return stock_websocket(handler, engine)(environ, start_response)  # type: ignore[no-any-return]
            _take_over(transport, server, handler.__self__, sock, environ)
            raise StopIteration

        return answer

    engine._async = {**engine._async, "websocket": direct_websocket}
    engine.start_background_task = start_task_or_schedule
    engine.send = send_in_order
    server.manager.transport = transport
    return transport


def _take_over(
    transport: DirectTransport, server: Any, session: EngineSession, sock: Any, environ: WSGIEnvironment
) -> None:
    """Answer the opening handshake (RFC 6455, 4.2.2) on a duplicate of the file descriptor, which outlives the request."""
    own = _socket.socket(fileno=os.dup(sock.fileno()))
    own.setblocking(False)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
    upgrading = session.connected
    connection = transport.take(own, session, upgrading=upgrading)
    connection.outlet.write(_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"]))
    server.environ[session.sid] = _remembered(environ)
    if not upgrading:
        transport.sessions.taken_over(session, connection.outlet)


def _handshake(key: str) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _remembered(environ: WSGIEnvironment) -> WSGIEnvironment:
    """What handlers may ask of a socket's request later on, Flask-SocketIO's among them. Its connection and its body are
    gone, and texts that many requests have in common are kept once: a whole environ costs more than the rest of a socket.
    """
    kept = {name: _kept_once(value) for name, value in environ.items() if type(value) is str and name not in _UNIQUE}
    kept.update({name: environ[name] for name in ("flask.app", "wsgi.version") if name in environ})
    return {**kept, "wsgi.input": _NO_BODY, "wsgi.errors": sys.stderr}


def _kept_once(text: str) -> str:
    return _common(text) if len(text) <= _COMMON_MAX_CHARACTERS else text


@lru_cache(maxsize=_COMMON_TEXTS)
def _common(text: str) -> str:
    """The first of equal texts. Not ``sys.intern``: what Python 3.12 has interned stays until the process ends."""
    return text


def _reactor(driver: Driver) -> Reactor:
    """An epoll of one's own inside the driver's loop. The drivers hide ``select.epoll`` from patched programs."""
    if driver == "gevent":
        from gevent import monkey
        from gevent import socket as gevent_socket

        return Reactor(monkey.get_original("select", "epoll")(), gevent_socket.wait_read)
    from eventlet import hubs, patcher

    return Reactor(patcher.original("select").epoll(), lambda fileno: hubs.trampoline(fileno, read=True))
