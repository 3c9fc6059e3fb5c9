"""The socket edge: rooms, live messages, and what clients ask over a socket."""

from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.closing import close_sockets_when
from calendar_server.realtime.registration import find_neighbours, open_socketio, register
from calendar_server.realtime.session_marks import mark_sessions

__all__ = [
    "Announcer",
    "close_sockets_when",
    "find_neighbours",
    "mark_sessions",
    "open_socketio",
    "register",
]
