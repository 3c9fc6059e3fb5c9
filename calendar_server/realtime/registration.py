"""Puts the socket edge on a Flask application."""

from __future__ import annotations

import sys

from flask import Flask
from flask_socketio import SocketIO

from calendar_server import measures
from calendar_server.config import FanoutKind, Settings
from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.direct.transport import DirectTransport
from calendar_server.realtime.driver import async_driver
from calendar_server.realtime.endpoint import CheckedEndpoint
from calendar_server.realtime.handlers import CalendarNamespace
from calendar_server.realtime.neighbours import Neighbours, connect_to
from calendar_server.realtime.notes import channel
from calendar_server.realtime.packets import PACKET_MAX_BYTES
from calendar_server.realtime.presence import Presence
from calendar_server.realtime.rooms import count_rooms
from calendar_server.realtime.seams.direct_rooms import DirectManager
from calendar_server.realtime.seams.engine_sessions import count_sockets
from calendar_server.realtime.seams.going_direct import go_direct
from calendar_server.realtime.seams.hardening import harden
from calendar_server.realtime.topics import Heads, ViewersOfProcess
from calendar_server.services.calendar import Calendar
from calendar_server.wire import strict_json
from calendar_server.wire.logs import socket_library_logger


def open_socketio(app: Flask, fanout: FanoutKind = "direct") -> SocketIO:
    """A Socket.IO server on ``app``, also to be found as ``app.extensions["socketio"]``.

    ``direct`` fan-out wants eventlet or gevent on a system with epoll; elsewhere it is the libraries' own.

    Origins are left to the gate. Handlers of one socket run one after the other, in the order in which it asked.
    """
    driver = async_driver()
    direct = fanout == "direct" and driver != "threading" and sys.platform == "linux"
    socketio = SocketIO(
        app,
        client_manager=DirectManager(),
        monitor_clients=not direct,
        async_mode=driver,
        async_handlers=False,
        always_connect=True,
        manage_session=False,
        cors_allowed_origins=[],
        json=strict_json,
        max_http_buffer_size=PACKET_MAX_BYTES,
        logger=socket_library_logger(),
        engineio_logger=socket_library_logger(),
    )
    harden(socketio.server.eio)
    transport = go_direct(socketio.server, driver) if direct else None
    _show_sockets(socketio, transport)
    app.wsgi_app = CheckedEndpoint(app.wsgi_app, socketio.server.eio)  # type: ignore[method-assign]
    return socketio


def _show_sockets(socketio: SocketIO, transport: DirectTransport | None) -> None:
    """Let the metrics say how many sockets and rooms there are, and what waits for slow clients."""

    def look() -> None:
        for name, number in count_sockets(socketio.server.eio).items():
            measures.sockets.labels(name).set(number)
        measures.rooms.set(count_rooms(socketio.server.manager))
        waiting, size = transport.waiting() if transport is not None else (0, 0)
        measures.waiting_sockets.set(waiting)
        measures.waiting_bytes.set(size)

    measures.observe("sockets", look)


def find_neighbours(settings: Settings, socketio: SocketIO) -> Neighbours | None:
    """The other processes of the installation; None where no message queue joins them."""
    if settings.message_queue is None:
        return None
    heads, viewers = Heads(channel(settings, "heads")), ViewersOfProcess(channel(settings, "viewers"))
    return Neighbours(socketio, connect_to(settings.message_queue), heads, viewers)


def register(socketio: SocketIO, calendar: Calendar, announcer: Announcer, neighbours: Neighbours | None) -> None:
    """Answer the events that clients send, and announce to them what happens; ``announcer`` serves ``calendar`` already."""
    presence = Presence(socketio, share=None if neighbours is None else neighbours.tell_viewers)
    if neighbours is not None:
        neighbours.viewers.heard = presence.hear
    announcer.when_department_ends(presence.end)
    socketio.server.register_namespace(CalendarNamespace(calendar, announcer, presence))
