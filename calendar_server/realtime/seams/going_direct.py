"""Takes websockets, pings and rooms over from the libraries (``FANOUT=direct``)."""

from __future__ import annotations

import _socket
import base64
import hashlib
import io
import os
import socket
import ssl
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engineio.socket import Socket as EngineSession

from calendar_server.realtime.direct.outgoing import KERNEL_BUFFER_BYTES
from calendar_server.realtime.direct.reactor import Reactor
from calendar_server.realtime.direct.transport import DirectTransport
from calendar_server.realtime.driver import Driver
from calendar_server.realtime.seams.direct_sessions import Sessions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NO_BODY = io.BytesIO()
_UNIQUE = frozenset({"HTTP_SEC_WEBSOCKET_KEY", "REMOTE_PORT", "HTTP_X_REQUEST_ID"})
_COMMON_TEXTS, _COMMON_MAX_CHARACTERS = 4_096, 512
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


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
