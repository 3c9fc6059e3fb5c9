"""REST writes reach those who watch, on every kind of server and over both transports."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
import websocket
from functional.serving import Server, serving
from functional.talking import Listener, create_department, create_event, listening, meta_of, post_event

TRANSPORTS = ("websocket", "polling")
SOCKET = "/socket.io/?EIO=4&transport=websocket"
REPEATS = 6
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_event_reaches_all_in_its_room_and_nobody_else(server: Server, transport: str) -> None:
    here, there = create_department(server), create_department(server)
    with listening(server, transport) as first, listening(server, transport) as second, listening(server) as other:
        for listener in (first, second):
            assert listener.ask("join_department", {"department_id": here["id"]})["success"] is True
        assert other.ask("join_department", {"department_id": there["id"]})["success"] is True

        answer = post_event(server, here["id"], mutation_id=f"write-{here['id']}", time="오후 2:00")
        marker = create_event(server, there["id"], title="표시")

        meta = meta_of(answer, here["id"], f"write-{here['id']}")
        assert meta["seq"] == 1
        for listener in (first, second):
            assert listener.next("event_created") == ("event_created", answer["event"], meta)
        assert other.next("event_created")[1] == marker


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_kind_of_change_is_sent_in_order(server: Server, transport: str) -> None:
    with listening(server, transport) as listener:
        assert listener.next("connected")[1]["message"] == "서버에 연결되었습니다."
        department = create_department(server)
        assert listener.next("department_created")[1] == department
        listener.ask("join_department", {"department_id": department["id"]})
        event = create_event(server, department["id"])
        path = f"{server.url}/api/events/{event['id']}"
        changed = requests.put(path, json={"title": "변경"}, timeout=10).json()
        gone = requests.delete(path, timeout=10).json()
        department_path = f"{server.url}/api/departments/{department['id']}"
        described = requests.put(department_path, json={"description": "설명"}, timeout=10).json()
        ended = requests.delete(department_path, timeout=10).json()

        heard = [listener.next("event_created", "event_updated", "event_deleted") for _ in range(3)]
        assert [(name, data) for name, data, _meta in heard] == [
            ("event_created", event),
            ("event_updated", changed["event"]),
            ("event_deleted", {"id": event["id"], "department_id": department["id"]}),
        ]
        assert [meta["seq"] for _name, _data, meta in heard] == [1, 2, 3]
        assert [meta for _name, _data, meta in heard][1:] == [
            meta_of(each, department["id"]) for each in (changed, gone)
        ]
        assert listener.next("department_updated")[1:] == (described["department"], meta_of(described, None))
        assert listener.next("department_deleted")[1:] == ({"id": department["id"]}, meta_of(ended, None))
        reset = {"department_id": department["id"], "reason": "department_deleted"}
        assert listener.next("sync_reset")[1] == reset


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_move_is_a_deletion_in_the_old_room_and_a_creation_in_the_new(server: Server, transport: str) -> None:
    old, new = create_department(server), create_department(server)
    event = create_event(server, old["id"])
    with listening(server, transport) as of_old, listening(server, transport) as of_new:
        of_old.ask("join_department", {"department_id": old["id"]})
        of_new.ask("join_department", {"department_id": new["id"]})
        answer = requests.put(f"{server.url}/api/events/{event['id']}", json={"department_id": new["id"]}, timeout=10)
        assert answer.status_code == 200
        _name, data, meta = of_old.next("event_deleted")
        assert data == {"id": event["id"], "department_id": old["id"]}
        assert (meta["department_id"], meta["seq"]) == (old["id"], 2)
        assert of_new.next("event_created")[1:] == (answer.json()["event"], meta_of(answer.json(), new["id"]))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_snapshot_comes_as_message_and_as_acknowledgement(server: Server, transport: str) -> None:
    department = create_department(server)
    event = create_event(server, department["id"])
    with listening(server, transport) as listener:
        answer = listener.ask("sync_request", {"department_id": department["id"], "cursor": None})
        assert (answer["success"], answer["full"], answer["events"]) == (True, True, [event])
        assert listener.next("sync_response")[1] == answer
        departments = listener.ask("sync_request")
        assert department in departments["departments"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_comes_back_with_a_cursor_gets_what_was_missed_and_then_what_happens(
    server: Server, transport: str
) -> None:
    department = create_department(server)
    known = post_event(server, department["id"], title="아는 회의")
    missed = [post_event(server, department["id"], title=f"놓친 회의 {number}") for number in range(3)]
    with listening(server, transport) as listener:
        answer = listener.ask("join_department", {"department_id": department["id"], "cursor": known["cursor"]})
        assert [(change["seq"], change["data"]) for change in answer["changes"]] == [
            (each["seq"], each["event"]) for each in missed
        ]
        assert (answer["has_more"], answer["cursor"]) == (False, missed[-1]["cursor"])
        live = post_event(server, department["id"])
        assert listener.next("event_created")[1:] == (live["event"], meta_of(live, department["id"]))
        again = listener.ask("sync_request", {"department_id": department["id"], "cursor": answer["cursor"]})
        assert (again["full"], [change["data"] for change in again["changes"]]) == (False, [live["event"]])
        assert listener.next("sync_response")[1] == again


def test_a_write_that_changes_nothing_and_one_that_is_repeated_are_not_told_again(server: Server) -> None:
    department = create_department(server)
    with listening(server) as listener:
        listener.ask("join_department", {"department_id": department["id"]})
        for _ in range(3):
            answer = post_event(server, department["id"], mutation_id=f"once-{department['id']}")
        path = f"{server.url}/api/events/{answer['event']['id']}"
        assert requests.put(path, json=answer["event"], timeout=10).json()["seq"] == 1
        last = post_event(server, department["id"], title="마지막")
        heard = [listener.next("event_created", "event_updated") for _ in range(2)]
    assert [(data, meta["seq"]) for _name, data, meta in heard] == [(answer["event"], 1), (last["event"], 2)]


def test_a_tampered_cursor_leaves_the_socket_outside(server: Server) -> None:
    department, other = create_department(server), create_department(server)
    foreign = post_event(server, other["id"])["cursor"]
    with listening(server) as listener:
        for cursor in (foreign, "x" + foreign, "", "가나다"):
            answer = listener.ask("join_department", {"department_id": department["id"], "cursor": cursor})
            assert (answer["success"], answer["error"]) == (False, "cursor_invalid")
        create_event(server, department["id"])
        listener.ask("join_department", {"department_id": other["id"]})
        last = create_event(server, other["id"])
        assert listener.next("event_created")[1] == last


def test_long_answers_arrive_whole(server: Server) -> None:
    department = create_department(server)
    for number in range(40):
        create_event(server, department["id"], title=f"{number}", description="긴 설명" * 1_250)
    for transport in TRANSPORTS:
        with listening(server, transport) as listener:
            answer = listener.ask("sync_request", {"department_id": department["id"]})
            assert len(answer["events"]) == 40
    with closing(websocket.create_connection(server.url.replace("http", "ws") + SOCKET, timeout=20)) as slow:
        slow.send("40")
        for number in range(REPEATS):
            slow.send(f'42{number}["sync_request",{{"department_id":"{department["id"]}"}}]')
        time.sleep(0.5)  # the buffers of both sides are full now, and the server has to send in parts
        answers = [text for text in (slow.recv() for _ in range(3 + 2 * REPEATS)) if text.startswith("43")]
        assert [len(json.loads(text[text.index("[") :])[0]["events"]) for text in answers] == [40] * REPEATS


def test_every_event_is_acknowledged_whatever_it_holds(server: Server) -> None:
    wrong = ((), (None,), ([],), ("문자열",), (1.5,), ({},), ({"department_id": 7},), ({"department_id": ""},))
    with listening(server) as listener:
        for event in ("join_department", "leave_department"):
            for arguments in wrong:
                answer = listener.ask(event, *arguments)
                assert (answer["success"], answer["error"]) == (False, "validation_failed"), (event, arguments)
        answer = listener.ask("join_department", {"department_id": UNKNOWN_ID}, "too", "many")
        assert (answer["success"], answer["error"]) == (False, "department_not_found")
        assert listener.ask("leave_department", {"department_id": UNKNOWN_ID})["success"] is True
        assert listener.ask("sync_request", {"department_id": "x" * 5_000})["error"] == "department_not_found"
        assert listener.ask("no_such_event", 1)["error"] == "unknown_event"
        assert listener.ask("*", 1)["error"] == "unknown_event"


def test_acknowledgements_speak_the_language_of_the_handshake(server: Server) -> None:
    with listening(server, headers={"Accept-Language": "en-GB"}) as listener:
        answer = listener.ask("join_department", {"department_id": UNKNOWN_ID})
        assert answer["message"] == "There is no such department."
        assert listener.next("connected")[1]["message"] == "Connected to the server."


def test_a_session_begun_by_polling_goes_on_as_websocket(server: Server) -> None:
    department = create_department(server)
    with listening(server, "polling") as polling:
        assert polling.client.transport() == "polling"
    upgraded = Listener()
    upgraded.client.connect(server.url, wait_timeout=10)
    try:
        assert upgraded.client.transport() == "websocket"
        upgraded.ask("join_department", {"department_id": department["id"]})
        event = create_event(server, department["id"])
        assert upgraded.next("event_created")[1] == event
    finally:
        upgraded.client.disconnect()


def test_after_leaving_nothing_more_is_heard(server: Server) -> None:
    department = create_department(server)
    with listening(server) as listener:
        listener.ask("join_department", {"department_id": department["id"]})
        listener.ask("leave_department", {"department_id": department["id"]})
        create_event(server, department["id"])
        create_department(server, f"마지막 {department['id']}")
        while listener.next("department_created")[1]["name"] != f"마지막 {department['id']}":
            pass
        assert [message[0] for message in listener.heard_so_far() if message[0].startswith("event_")] == []


def test_departments_reach_everyone_also_in_production(tmp_path: Path) -> None:
    production = {"FLASK_ENV": "production", "SECRET_KEY": "k" * 32, "STORE": "embedded"}
    with serving("gunicorn-eventlet", tmp_path, production) as server, listening(server) as listener:
        department = create_department(server)
        assert listener.next("department_created")[1] == department
        server.wait_for_log('"message": "POST /api/departments 201')
