"""What is answered to what clients ask, and what becomes of rooms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask_socketio import SocketIO

from calendar_server.errors import StoreUnavailable
from calendar_server.realtime.rooms import room_of
from calendar_server.services.editing import Editing
from calendar_server.services.reading import Reading
from calendar_server.wire.objects import department_json, event_json

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def packets(text: str) -> list[Any]:
    """The events and acknowledgements in a polling answer: [name or id, arguments...]."""
    found = []
    for packet in text.split("\x1e"):
        head, bracket, data = packet.partition("[")
        values = json.loads(bracket + data)
        found.append([int(head[2:]), *values] if head.startswith("43") else values)
    return found


def members(socketio: SocketIO, department_id: str) -> int:
    return len(list(socketio.server.manager.get_participants("/", room_of(department_id))))


def test_joining_and_leaving(poller: Any, socketio: SocketIO, editing: Editing) -> None:
    department_id = editing.create_department({"name": "개발팀"}).id
    client = poller()
    payload = json.dumps({"department_id": department_id.upper(), "cursor": None})
    assert packets(client.ask(f'427["join_department",{payload}]')) == [
        [7, {"success": True, "department_id": department_id}]
    ]
    assert members(socketio, department_id) == 1
    for _ in range(2):
        assert packets(client.ask(f'428["leave_department",{payload}]'))[0][1]["success"] is True
        assert members(socketio, department_id) == 0


def test_an_unknown_department_cannot_be_joined(poller: Any, socketio: SocketIO) -> None:
    answer = packets(poller(**{"Accept-Language": "en"}).ask(f'421["join_department",{{"department_id":"{UNKNOWN}"}}]'))
    failure = {"success": False, "error": "department_not_found", "message": "There is no such department."}
    assert answer == [[1, failure]]
    assert members(socketio, UNKNOWN) == 0


def test_the_room_is_joined_before_the_department_is_read(
    poller: Any, socketio: SocketIO, editing: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    department_id = editing.create_department({"name": "개발팀"}).id
    seen: list[int] = []
    head = Reading.department_head

    def looking(self: Reading, wanted: str) -> Any:
        seen.append(members(socketio, wanted))
        return head(self, wanted)

    monkeypatch.setattr(Reading, "department_head", looking)
    poller().ask(f'421["join_department",{{"department_id":"{department_id}"}}]')
    assert seen == [1]


def test_a_store_that_is_down_undoes_a_first_join_but_no_earlier_one(
    poller: Any, socketio: SocketIO, editing: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    department_id = editing.create_department({"name": "개발팀"}).id
    join = f'421["join_department",{{"department_id":"{department_id}"}}]'
    early, late = poller(), poller()
    early.ask(join)

    def down(*_: Any) -> Any:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Reading, "department_head", down)
    for client in (early, late):
        assert packets(client.ask(join))[0][1]["error"] == "store_unavailable"
    assert members(socketio, department_id) == 1


def test_a_snapshot_is_sent_and_acknowledged(poller: Any, editing: Editing) -> None:
    department = editing.create_department({"name": "개발팀"})
    event = editing.create_event(department.id, {"title": "팀 회의", "event_date": "2024-01-20"})
    sent, acknowledged = packets(poller().ask(f'423["sync_request",{{"department_id":"{department.id}"}}]'))
    answer = {"success": True, "department_id": department.id, "full": True, "events": [event_json(event)]}
    assert (sent, acknowledged) == (["sync_response", answer], [3, answer])
    _sent, acknowledged = packets(poller().ask('423["sync_request"]'))
    assert acknowledged[1]["departments"] == [department_json(department)]


@pytest.mark.parametrize("arguments", ["", ",null", ",[]", ',"x"', ",{}", ',{"department_id":[]}', ",1,2,3,4"])
@pytest.mark.parametrize("event", ["join_department", "leave_department"])
def test_wrong_arguments_are_acknowledged_too(poller: Any, event: str, arguments: str) -> None:
    ((number, answer),) = packets(poller().ask(f'425["{event}"{arguments}]'))
    assert (number, answer["success"], answer["error"]) == (5, False, "validation_failed")
    assert answer["details"]


@pytest.mark.parametrize("event", ["no_such_event", "*", "message", "trigger_event", "emit", ""])
def test_unknown_events_are_acknowledged_as_such(poller: Any, event: str) -> None:
    assert packets(poller().ask(f'426["{event}",1]'))[0][1]["error"] == "unknown_event"


def test_a_mistake_of_ours_is_logged_and_acknowledged(
    poller: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Reading, "departments", lambda _self: 1 / 0)
    ((_number, answer),) = packets(poller().ask('421["sync_request"]'))
    assert (answer["success"], answer["error"]) == (False, "internal_error")
    assert "unexpected error in sync_request" in caplog.text
    assert "ZeroDivisionError" not in str(answer)


def test_a_socket_that_goes_while_it_is_answered_is_no_mistake(
    poller: Any, socketio: SocketIO, editing: Editing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    department_id = editing.create_department({"name": "개발팀"}).id
    client = poller()

    def leaving(*_: Any) -> None:
        socketio.server.eio.sockets[client.session_id].close(wait=False)
        raise KeyError("no such socket")

    monkeypatch.setattr(Reading, "department_head", leaving)
    client.post(f'421["join_department",{{"department_id":"{department_id}"}}]')
    assert caplog.records == []
    assert members(socketio, department_id) == 0


def test_nothing_is_kept_of_those_who_have_gone(poller: Any, socketio: SocketIO, editing: Editing) -> None:
    department_id = editing.create_department({"name": "개발팀"}).id
    client = poller()
    client.ask(f'421["join_department",{{"department_id":"{department_id}"}}]')
    assert client.post("1") == 200
    assert client.http.get(client.path).status_code == 400
    assert socketio.server.manager.rooms == {}
    assert socketio.server.environ == {}
