"""To whom messages go, in the library's own rooms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask_socketio import SocketIO

from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.realtime.sending import Sending
from calendar_server.services.calendar import Calendar


def test_a_room_is_watched_while_somebody_is_inside(poller: Any, socketio: SocketIO, calendar: Calendar) -> None:
    department_id = calendar.editing.create_department({"name": "개발팀"}).subject.id
    sending = Sending(socketio, calendar.cursors)
    assert not sending.somebody_watches(DEPARTMENTS_HISTORY)
    client = poller()
    assert sending.somebody_watches(DEPARTMENTS_HISTORY)
    assert not sending.somebody_watches(department_id)
    client.ask(f'421["join_department",{{"department_id":"{department_id}"}}]')
    assert sending.somebody_watches(department_id)
    client.post("1")
    assert not sending.somebody_watches(department_id)
    assert not sending.somebody_watches(DEPARTMENTS_HISTORY)


def test_a_room_that_closes_while_it_is_looked_at_is_empty(calendar: Calendar) -> None:
    def participants(_namespace: str, room: str) -> Any:
        raise KeyError(room)
        yield

    socketio: Any = SimpleNamespace(server=SimpleNamespace(manager=SimpleNamespace(get_participants=participants)))
    assert Sending(socketio, calendar.cursors).somebody_watches("d1") is False
