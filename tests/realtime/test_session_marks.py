"""Sessions can be led back to their worker by their ids."""

from __future__ import annotations

from typing import Any

from flask_socketio import SocketIO

from calendar_server.realtime import mark_sessions


def test_the_ids_of_sessions_begin_with_the_workers_mark_and_are_as_random_as_before(
    socketio: SocketIO, poller: Any
) -> None:
    mark_sessions(socketio, "8001")
    clients = [poller() for _ in range(3)]
    assert all(client.session_id.startswith("8001.") for client in clients)
    assert all(len(client.session_id) == len("8001.") + 20 for client in clients)
    assert len({client.session_id for client in clients}) == 3


def test_a_marked_session_is_served_like_any(socketio: SocketIO, poller: Any) -> None:
    mark_sessions(socketio, "8001")
    assert poller().ask('420["leave_department",{"department_id":"x"}]').startswith("430[{")
