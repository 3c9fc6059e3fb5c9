"""``presence_update`` over the wire: who may say it, what it holds, and what the room hears."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask_socketio import SocketIO
from realtime.test_handlers import UNKNOWN, acknowledged, members, packets

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head
from calendar_server.realtime.announcing import Announcer
from calendar_server.services.calendar import Calendar
from calendar_server.services.editing import Editing

EVENT = "7d0f3c1e-58a4-4b8e-a0f5-2c9e1b7d4a63"


@pytest.fixture
def team(editing: Editing) -> str:
    return editing.create_department({"name": "개발팀"}).subject.id


class Viewing:
    """A client that keeps each ``presence`` until it is asked for: one may come before an acknowledgement."""

    def __init__(self, poller: Any) -> None:
        self.poller = poller
        self._presences: list[dict[str, Any]] = []

    def ask(self, event: str, arguments: str) -> Any:
        """The acknowledgement of an event with these arguments, as JSON with a comma before each."""
        assert self.poller.post(f'427["{event}"{arguments}]') == 200
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for answer in self._hear():
                return answer
        raise AssertionError("no acknowledgement came")

    def update(self, department_id: str, **payload: Any) -> Any:
        return self.ask("presence_update", "," + json.dumps({"department_id": department_id, **payload}))

    def told(self) -> dict[str, Any]:
        """The next ``presence``."""
        deadline = time.monotonic() + 10
        while not self._presences:
            assert time.monotonic() < deadline, "no presence came"
            self._hear()
        return self._presences.pop(0)

    def _hear(self) -> list[Any]:
        received = packets(self.poller.get())
        self._presences += [values[0] for name, *values in received if name == "presence"]
        return [values[0] for name, *values in received if name == 7]


@pytest.fixture
def joined(poller: Any, team: str) -> Viewing:
    client = Viewing(poller())
    assert client.ask("join_department", f',{{"department_id":"{team}"}}')["success"] is True
    return client


def test_the_room_hears_of_a_viewer_by_name_trimmed_and_composed(joined: Viewing, team: str) -> None:
    answer = joined.update(team.upper(), name=" \u1100\u1161\u11a8 하나 ", editing=EVENT.upper())
    assert (answer["success"], answer["department_id"]) == (True, team)
    viewer = {"id": answer["id"], "name": "각 하나", "editing": EVENT}
    assert joined.told() == {"department_id": team, "viewers": [viewer], "count": 1}
    assert answer["id"] != joined.poller.session_id


def test_who_has_not_joined_is_refused(poller: Any, team: str) -> None:
    client = poller(**{"Accept-Language": "en"})
    answer = acknowledged(client, "presence_update", department_id=team, name="하나", editing=None)
    message = "Join the department's room with join_department first."
    assert answer == {"success": False, "error": "not_in_room", "message": message}
    assert acknowledged(client, "presence_update", department_id=UNKNOWN, name="하나")["error"] == "not_in_room"


def test_who_has_left_must_join_again(joined: Viewing, team: str) -> None:
    joined.ask("leave_department", f',{{"department_id":"{team}"}}')
    assert joined.update(team, name="하나")["error"] == "not_in_room"


@pytest.mark.parametrize(
    ("payload", "problems"),
    [
        ({}, [("name", "required")]),
        ({"name": None}, [("name", "required")]),
        ({"name": "  "}, [("name", "required")]),
        ({"name": 7}, [("name", "type_string")]),
        ({"name": "가" * 41}, [("name", "too_long")]),
        ({"name": "하\n나"}, [("name", "control_characters")]),
        ({"name": "하\u0000나"}, [("name", "control_characters")]),
        ({"name": "하\u2028나"}, [("name", "control_characters")]),
        ({"name": "하\u202e나"}, [("name", "control_characters")]),
        ({"name": "하나", "editing": ""}, [("editing", "invalid_uuid")]),
        ({"name": "하나", "editing": "no uuid"}, [("editing", "invalid_uuid")]),
        ({"name": "하나", "editing": 7}, [("editing", "type_string")]),
        ({"name": "", "editing": []}, [("name", "required"), ("editing", "type_string")]),
    ],
)
def test_each_mistake_is_named_with_its_field(
    joined: Viewing, team: str, payload: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    answer = joined.update(team, **payload)
    assert (answer["success"], answer["error"]) == (False, "validation_failed")
    assert [(each["field"], each["code"]) for each in answer["details"]] == problems


@pytest.mark.parametrize("name", ["가" * 40, "👩‍💻 개발자", "김 하나 (인사팀)", "<b>굵게</b>"])
def test_names_are_text_of_up_to_forty_characters(joined: Viewing, team: str, name: str) -> None:
    assert joined.update(team, name=name)["success"] is True
    assert joined.told()["viewers"][0]["name"] == name


@pytest.mark.parametrize("arguments", ["", ",null", ",[]", ',"x"', ",{}", ',{"department_id":[]}'])
def test_wrong_arguments_are_acknowledged_too(joined: Viewing, arguments: str) -> None:
    answer = joined.ask("presence_update", arguments)
    assert (answer["success"], answer["error"]) == (False, "validation_failed")


def test_a_socket_that_goes_is_gone_from_the_room(poller: Any, joined: Viewing, team: str) -> None:
    other = poller()
    acknowledged(other, "join_department", department_id=team)
    assert other.post(f'421["presence_update",{{"department_id":"{team}","name":"둘"}}]') == 200
    assert joined.told()["count"] == 1
    assert other.post("1") == 200
    assert joined.told() == {"department_id": team, "viewers": [], "count": 0}


def test_who_is_in_no_room_hears_nothing(poller: Any, joined: Viewing, team: str) -> None:
    outside = poller()
    joined.update(team, name="하나")
    assert joined.told()["count"] == 1
    left_over = packets(outside.ask(f'429["leave_department",{{"department_id":"{team}"}}]'))
    assert [name for name, *_values in left_over] == [9]


def test_a_deleted_department_takes_its_viewers_along(
    joined: Viewing, socketio: SocketIO, calendar: Calendar, announcer: Announcer, team: str
) -> None:
    joined.update(team, name="하나")
    namespace = socketio.server.namespace_handlers["/"]
    assert list(namespace._presence._rooms) == [team]
    department = calendar.reading.department(team)
    change = Change(DEPARTMENTS_HISTORY, 2, "department_deleted", department, "2024-01-15T10:30:00.000Z", None)
    announcer._sending.change(change, Head(2, "e").epoch)
    assert namespace._presence._rooms == {}
    assert members(socketio, team) == 0
