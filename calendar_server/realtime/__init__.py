"""The socket edge: rooms, live messages, and what clients ask over a socket."""

from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.closing import close_sockets_when
from calendar_server.realtime.neighbours import Neighbours, connect_to
from calendar_server.realtime.notes import channel
from calendar_server.realtime.registration import open_socketio, register
from calendar_server.realtime.session_marks import mark_sessions

__all__ = [
    "Announcer",
    "Neighbours",
    "channel",
    "close_sockets_when",
    "connect_to",
    "mark_sessions",
    "open_socketio",
    "register",
]
