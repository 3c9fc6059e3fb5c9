"""Session ids that name the worker that holds the session, for a proxy that must lead every request back to it.

A client that polls sends each request over whatever connection it has, perhaps from another address, and programs keep
no cookies. Its session's id is what every request after the first has in its query (``sid``, Engine.IO protocol 4).
"""

from __future__ import annotations

from flask_socketio import SocketIO


def mark_sessions(socketio: SocketIO, mark: str) -> None:
    """Let the ids of all sessions to come begin with ``mark`` and a dot."""
    engine = socketio.server.eio
    unmarked = engine.generate_id
    engine.generate_id = lambda: f"{mark}.{unmarked()}"
