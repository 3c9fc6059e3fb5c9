"""Closes the sockets of a server that is going down, so that their connections do not hold it up."""

from __future__ import annotations

from collections.abc import Callable

from flask_socketio import SocketIO

from calendar_server.realtime.seams.engine_sessions import close_all_sessions
from calendar_server.services.waiting import Waiting

LOOK_SECONDS = 0.1


def close_sockets_when(is_stopping: Callable[[], bool], socketio: SocketIO, waiting: Waiting) -> None:
    """Start a background task that waits for ``is_stopping`` and then ends long polls and closes every socket, also
    those that still come.
    """
    socketio.start_background_task(_watch, is_stopping, socketio, waiting)


def _watch(is_stopping: Callable[[], bool], socketio: SocketIO, waiting: Waiting) -> None:
    while True:
        if is_stopping():
            waiting.close()
            close_all_sessions(socketio.server.eio)
        socketio.sleep(LOOK_SECONDS)
