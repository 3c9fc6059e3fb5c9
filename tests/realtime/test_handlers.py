"""What is answered to what clients ask, and what becomes of rooms."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from flask_socketio import SocketIO
from samples import EVENT_BODY

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Head
from calendar_server.errors import StoreUnavailable
from calendar_server.realtime.rooms import room_of
from calendar_server.services.calendar import Calendar
from calendar_server.services.editing import Editing
from calendar_server.services.syncing import Syncing
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


def acknowledged(client: Any, event: str, **payload: Any) -> Any:
    """The acknowledgement of an event that is sent with one object."""
    *_messages, (number, answer) = packets(client.ask(f'427["{event}",{json.dumps(payload)}]'))
    assert number == 7
    return answer


def members(socketio: SocketIO, department_id: str) -> int:
    return len(list(socketio.server.manager.get_participants("/", room_of(department_id))))


def cursor_at(calendar: Calendar, history: str, seq: int) -> str:
    return calendar.cursors.text(history, Head(seq, calendar.store.head(history).epoch))


def place(calendar: Calendar, history: str, seq: int) -> dict[str, Any]:
    return {"cursor": cursor_at(calendar, history, seq), "seq": seq}


def forget_changes(calendar: Calendar, history: str, up_to: int) -> None:
    """As the sweep does after ninety days."""
    store: Any = calendar.store
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("DELETE FROM changes WHERE history = ? AND seq <= ?", (history, up_to))


@pytest.fixture
def team(editing: Editing) -> str:
    return editing.create_department({"name": "개발팀"}).subject.id


def test_joining_and_leaving(poller: Any, socketio: SocketIO, calendar: Calendar, team: str) -> None:
    client = poller()
    answer = acknowledged(client, "join_department", department_id=team.upper(), cursor=None)
    assert answer == {"success": True, "department_id": team, **place(calendar, team, 0)}
    assert members(socketio, team) == 1
    for _ in range(2):
        answer = acknowledged(client, "leave_department", department_id=team)
        assert answer == {"success": True, "department_id": team}
        assert members(socketio, team) == 0


def test_an_unknown_department_cannot_be_joined(poller: Any, socketio: SocketIO) -> None:
    client = poller(**{"Accept-Language": "en"})
    failure = {"success": False, "error": "department_not_found", "message": "There is no such department."}
    assert acknowledged(client, "join_department", department_id=UNKNOWN) == failure
    assert acknowledged(client, "join_department", department_id=DEPARTMENTS_HISTORY) == failure
    assert (members(socketio, UNKNOWN), members(socketio, DEPARTMENTS_HISTORY)) == (0, 0)


def test_who_joins_with_a_cursor_gets_what_was_missed(poller: Any, calendar: Calendar, team: str) -> None:
    events = [calendar.editing.create_event(team, EVENT_BODY).subject for _ in range(3)]
    calendar.editing.delete_event(events[0].id)
    answer = acknowledged(poller(), "join_department", department_id=team, cursor=cursor_at(calendar, team, 2))
    created, deleted = answer.pop("changes")
    assert answer == {"success": True, "department_id": team, "has_more": False, **place(calendar, team, 4)}
    assert created.pop("at")
    assert created == {"seq": 3, "type": "event_created", "data": event_json(events[2]), "mutation_id": None}
    assert (deleted["seq"], deleted["data"]) == (4, {"id": events[0].id, "department_id": team})


def test_who_has_missed_nothing_is_told_so(poller: Any, calendar: Calendar, team: str) -> None:
    calendar.editing.create_event(team, EVENT_BODY)
    answer = acknowledged(poller(), "join_department", department_id=team, cursor=cursor_at(calendar, team, 1))
    assert (answer["changes"], answer["has_more"], answer["seq"]) == ([], False, 1)


def test_who_has_missed_more_than_a_thousand_goes_on_with_sync_requests(
    poller: Any, calendar: Calendar, team: str
) -> None:
    for _ in range(1_001):
        calendar.editing.create_event(team, EVENT_BODY)
    client = poller()
    first = acknowledged(client, "join_department", department_id=team, cursor=cursor_at(calendar, team, 0))
    assert [change["seq"] for change in first["changes"]] == list(range(1, 1_001))
    assert (first["has_more"], first["seq"]) == (True, 1_000)
    rest = acknowledged(client, "sync_request", department_id=team, cursor=first["cursor"])
    assert [change["seq"] for change in rest["changes"]] == [1_001]
    assert (rest["has_more"], rest["full"], rest["cursor"]) == (False, False, cursor_at(calendar, team, 1_001))


@pytest.mark.parametrize("reason", ["changes have gone", "another numbering", "from the future"])
def test_an_expired_cursor_gets_everything(poller: Any, calendar: Calendar, team: str, reason: str) -> None:
    events = [calendar.editing.create_event(team, EVENT_BODY).subject for _ in range(3)]
    cursor = cursor_at(calendar, team, 9 if reason == "from the future" else 1)
    if reason == "changes have gone":
        forget_changes(calendar, team, 2)
    elif reason == "another numbering":
        cursor = calendar.cursors.text(team, Head(1, "feedbeef"))
    listed = sorted((event_json(event) for event in events), key=lambda event: event["id"])
    everything = {"success": True, "department_id": team, "events": listed, **place(calendar, team, 3)}
    client = poller()
    assert acknowledged(client, "join_department", department_id=team, cursor=cursor) == {**everything, "reset": True}
    assert acknowledged(client, "sync_request", department_id=team, cursor=cursor) == {**everything, "full": True}


def tampered(calendar: Calendar, team: str, other: str) -> list[str]:
    sound = cursor_at(calendar, team, 0)
    swapped = "A" if sound[-1] != "A" else "B"
    of_the_list = cursor_at(calendar, DEPARTMENTS_HISTORY, 1)
    return [sound[:-1] + swapped, sound[1:], "", "x", "가", "x" * 5_000, cursor_at(calendar, other, 0), of_the_list]


def test_a_cursor_that_was_made_up_or_is_of_another_department_is_refused(
    poller: Any, socketio: SocketIO, calendar: Calendar, team: str
) -> None:
    other = calendar.editing.create_department({"name": "영업팀"}).subject.id
    client = poller()
    for cursor in tampered(calendar, team, other):
        for event in ("join_department", "sync_request"):
            answer = acknowledged(client, event, department_id=team, cursor=cursor)
            assert (answer["success"], answer["error"]) == (False, "cursor_invalid"), (event, cursor)
        assert members(socketio, team) == 0
    assert acknowledged(client, "sync_request", cursor=cursor_at(calendar, team, 0))["error"] == "cursor_invalid"


def test_a_wrong_cursor_makes_nobody_leave(poller: Any, socketio: SocketIO, team: str) -> None:
    client = poller()
    acknowledged(client, "join_department", department_id=team)
    assert acknowledged(client, "join_department", department_id=team, cursor="x")["error"] == "cursor_invalid"
    assert acknowledged(client, "join_department", department_id=team, cursor=7)["error"] == "validation_failed"
    assert members(socketio, team) == 1


def test_the_room_is_joined_before_the_department_is_read(
    poller: Any, socketio: SocketIO, calendar: Calendar, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    head = Syncing.head

    def looking(self: Syncing, wanted: str) -> Any:
        seen.append(members(socketio, wanted))
        return head(self, wanted)

    client = poller()
    monkeypatch.setattr(Syncing, "head", looking)
    acknowledged(client, "join_department", department_id=team)
    assert seen == [1, 1]


def test_a_store_that_is_down_undoes_a_first_join_but_no_earlier_one(
    poller: Any, socketio: SocketIO, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = poller(), poller()
    acknowledged(early, "join_department", department_id=team)

    def down(*_: Any) -> Any:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Syncing, "head", down)
    for client in (early, late):
        assert acknowledged(client, "join_department", department_id=team)["error"] == "store_unavailable"
    assert members(socketio, team) == 1


def test_a_store_that_is_down_refuses_no_connection(poller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> Any:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Syncing, "head", down)
    assert acknowledged(poller(), "leave_department", department_id=UNKNOWN)["success"] is True


def test_a_snapshot_is_sent_and_acknowledged(poller: Any, calendar: Calendar) -> None:
    department = calendar.editing.create_department({"name": "개발팀"}).subject
    event = calendar.editing.create_event(department.id, EVENT_BODY).subject
    sent, acknowledgement = packets(poller().ask(f'423["sync_request",{{"department_id":"{department.id}"}}]'))
    answer = {"success": True, "department_id": department.id, "full": True, "events": [event_json(event)]}
    answer |= place(calendar, department.id, 1)
    assert (sent, acknowledgement) == (["sync_response", answer], [3, answer])


def test_without_a_department_the_list_is_meant(poller: Any, calendar: Calendar) -> None:
    departments = [calendar.editing.create_department({"name": name}).subject for name in ("개발팀", "영업팀")]
    whole = {"success": True, "department_id": None, "full": True, **place(calendar, DEPARTMENTS_HISTORY, 2)}
    listed = sorted(departments, key=lambda each: (each.created_at, each.id))  # both may be of one millisecond
    whole["departments"] = [department_json(each) for each in listed]
    client = poller()
    assert packets(client.ask('423["sync_request"]')) == [["sync_response", whole], [3, whole]]
    answer = acknowledged(client, "sync_request", cursor=cursor_at(calendar, DEPARTMENTS_HISTORY, 1))
    (change,) = answer.pop("changes")
    assert (change["seq"], change["type"]) == (2, "department_created")
    assert change["data"] == department_json(departments[1])
    place_of_list = place(calendar, DEPARTMENTS_HISTORY, 2)
    assert answer == {"success": True, "department_id": None, "full": False, "has_more": False, **place_of_list}
    forget_changes(calendar, DEPARTMENTS_HISTORY, 1)
    expired = cursor_at(calendar, DEPARTMENTS_HISTORY, 0)
    assert acknowledged(client, "sync_request", cursor=expired) == whole


@pytest.mark.parametrize("arguments", ["", ",null", ",[]", ',"x"', ",{}", ',{"department_id":[]}', ",1,2,3,4"])
@pytest.mark.parametrize("event", ["join_department", "leave_department"])
def test_wrong_arguments_are_acknowledged_too(poller: Any, event: str, arguments: str) -> None:
    ((number, answer),) = packets(poller().ask(f'425["{event}"{arguments}]'))
    assert (number, answer["success"], answer["error"]) == (5, False, "validation_failed")
    assert answer["details"]


@pytest.mark.parametrize("event", ["join_department", "sync_request"])
@pytest.mark.parametrize("cursor", [7, [], {}, True])
def test_a_cursor_of_a_wrong_type_is_named(
    poller: Any, socketio: SocketIO, team: str, event: str, cursor: object
) -> None:
    answer = acknowledged(poller(), event, department_id=team, cursor=cursor)
    assert (answer["success"], answer["error"]) == (False, "validation_failed")
    assert [(each["field"], each["code"]) for each in answer["details"]] == [("cursor", "type_string")]
    assert members(socketio, team) == 0


@pytest.mark.parametrize("event", ["no_such_event", "*", "message", "trigger_event", "emit", ""])
def test_unknown_events_are_acknowledged_as_such(poller: Any, event: str) -> None:
    assert packets(poller().ask(f'426["{event}",1]'))[0][1]["error"] == "unknown_event"


def test_a_mistake_of_ours_is_logged_and_acknowledged(
    poller: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Syncing, "everything", lambda _self, _history: 1 / 0)
    ((_number, answer),) = packets(poller().ask('421["sync_request"]'))
    assert (answer["success"], answer["error"]) == (False, "internal_error")
    assert "unexpected error in sync_request" in caplog.text
    assert "ZeroDivisionError" not in str(answer)


def test_a_socket_that_goes_while_it_is_answered_is_no_mistake(
    poller: Any, socketio: SocketIO, team: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = poller()

    def leaving(*_: Any) -> None:
        socketio.server.eio.sockets[client.session_id].close(wait=False)
        raise KeyError("no such socket")

    monkeypatch.setattr(Syncing, "head", leaving)
    client.post(f'421["join_department",{{"department_id":"{team}"}}]')
    assert caplog.records == []
    assert members(socketio, team) == 0


def test_nothing_is_kept_of_those_who_have_gone(poller: Any, socketio: SocketIO, team: str) -> None:
    client = poller()
    acknowledged(client, "join_department", department_id=team)
    assert client.post("1") == 200
    assert client.http.get(client.path).status_code == 400
    assert socketio.server.manager.rooms == {}
    assert socketio.server.environ == {}
