"""The socket edge: rooms, live messages, and what clients ask over a socket."""

from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.closing import close_sockets_when
from calendar_server.realtime.registration import open_socketio, register

__all__ = ["Announcer", "close_sockets_when", "open_socketio", "register"]
