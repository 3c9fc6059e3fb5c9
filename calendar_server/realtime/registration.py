"""Puts the socket edge on a Flask application."""

from __future__ import annotations

from flask import Flask
from flask_socketio import SocketIO

from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.driver import async_driver
from calendar_server.realtime.endpoint import CheckedEndpoint
from calendar_server.realtime.handlers import CalendarNamespace
from calendar_server.realtime.library_seams import harden
from calendar_server.realtime.packets import PACKET_MAX_BYTES
from calendar_server.services.calendar import Calendar
from calendar_server.wire import strict_json
from calendar_server.wire.logs import socket_library_logger


def open_socketio(app: Flask) -> SocketIO:
    """A Socket.IO server on ``app``, also to be found as ``app.extensions["socketio"]``.

    Origins are left to the gate. Handlers of one socket run one after the other, in the order in which it asked.
    """
    socketio = SocketIO(
        app,
        async_mode=async_driver(),
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
    app.wsgi_app = CheckedEndpoint(app.wsgi_app, socketio.server.eio)  # type: ignore[method-assign]
    return socketio


def register(socketio: SocketIO, calendar: Calendar, announcer: Announcer) -> None:
    """Answer the events that clients send, and announce to them what happens."""
    socketio.server.register_namespace(CalendarNamespace(calendar, announcer))
