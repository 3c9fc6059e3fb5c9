"""How the Python client sends writes: in order, each until it has a final answer, each taken into the state once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from clients.python_client import FileStorage, PendingWrite, Timing, WriteAnswer, WriteFailed
from clients.python_doubles import LOST, FakeServer, MemoryStorage, client, event, eventually

SECONDS = 5.0


def refusal(status: int, code: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "body": {"error": code, "message": f"{code}!", **more}}


def failure(future: Future[WriteAnswer]) -> WriteFailed:
    error = future.exception(SECONDS)
    assert isinstance(error, WriteFailed)
    return error


def making(server: FakeServer, announce: bool = True) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Makes the write on ``server`` and answers as the real one does."""

    def make(request: dict[str, Any]) -> dict[str, Any]:
        written = event(request["body"]["id"], title=request["body"]["title"])
        server.write("d1", "event_created", written, request["headers"]["Idempotency-Key"], announce)
        return {"status": 201, "body": {"event": written, **server.place("d1")}}

    return make


def test_every_kind_of_write_has_its_method_address_body_and_a_random_key() -> None:
    with client(FakeServer(), headers=lambda: {"X-Team": "1"}) as my:
        sync = my.sync
        futures = [
            sync.create_event("d1", {"title": "회의", "event_date": "2024-01-20"}),
            sync.update_event("e/1", {"title": "점심"}),
            sync.delete_event("e1"),
            sync.create_department({"name": "개발팀"}),
            sync.update_department("d1", {"name": "연구팀"}, if_match='"1-a"'),
            sync.delete_department("d1"),
        ]
        for future in futures:
            assert future.result(SECONDS).status == 200
        assert [f"{request['method']} {request['path']}" for request in my.http.requests] == [
            "POST /api/events/d1",
            "PUT /api/events/e%2F1",
            "DELETE /api/events/e1",
            "POST /api/departments",
            "PUT /api/departments/d1",
            "DELETE /api/departments/d1",
        ]
        assert uuid.UUID(my.http.requests[0]["body"]["id"]).version == 4
        assert (my.http.requests[1]["body"], my.http.requests[2]["body"]) == ({"title": "점심"}, None)
        assert len({uuid.UUID(request["key"]) for request in my.http.requests}) == 6
        assert my.http.requests[4]["headers"]["If-Match"] == '"1-a"'
        assert all(request["headers"]["X-Team"] == "1" for request in my.http.requests)


def test_the_future_gives_the_final_answer() -> None:
    headers = {"ETag": '"1-a"', "Idempotent-Replayed": "true"}
    with client(FakeServer(), script=[{"status": 201, "body": {"event": event("e1")}, "headers": headers}]) as my:
        answer = my.sync.create_event("d1", {"title": "회의"}).result(SECONDS)
        assert (answer.status, answer.etag, answer.replayed, answer.body["event"]["id"]) == (201, '"1-a"', True, "e1")


def test_a_refusal_is_final() -> None:
    details = [{"field": "title", "code": "required", "message": "꼭"}]
    script = [
        refusal(422, "validation_failed", details=details),
        {**refusal(412, "version_conflict", current=event("e1", 7)), "headers": {"ETag": '"7-x"'}},
        {"status": 404, "text": "<html>not ours</html>"},
    ]
    with client(FakeServer(), script=script) as my:
        invalid = failure(my.sync.create_event("d1", {}))
        conflict = failure(my.sync.update_event("e1", {"title": "x"}))
        foreign = failure(my.sync.delete_event("e1"))
        assert my.sync.delete_event("e2").result(SECONDS).status == 200
        assert (invalid.status, invalid.code, invalid.message) == (422, "validation_failed", "validation_failed!")
        assert invalid.details == details
        assert conflict.current is not None
        assert (conflict.current["version"], conflict.etag) == (7, '"7-x"')
        assert (foreign.status, foreign.code) == (404, "http_404")
        assert len(my.http.requests) == 4


def test_a_lost_answer_is_asked_for_again_with_the_same_key_before_anything_written_later() -> None:
    script = [LOST, {"status": 200, "text": '{"success": tr'}, {"status": 302}, {"status": 201}]
    with client(FakeServer(), script=script) as my:
        futures = [my.sync.create_event("d1", {"title": title}) for title in ("1", "2")]
        assert [future.result(SECONDS).status for future in futures] == [201, 200]
        assert [request["body"]["title"] for request in my.http.requests] == ["1", "1", "1", "1", "2"]
        assert len({request["key"] for request in my.http.requests}) == 2
        assert my.sync.pending == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_these_are_no_final_answers(status: int) -> None:
    with client(FakeServer(), script=[{"status": status, "text": ""}]) as my:
        assert my.sync.delete_event("e1").result(SECONDS).status == 200
        assert my.http.requests[0]["key"] == my.http.requests[1]["key"]


def in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize("value", [lambda: "1", in_two_seconds], ids=["seconds", "date"])
def test_retry_after_is_waited_for_also_when_the_socket_comes_back_before(value: Callable[[], str]) -> None:
    server = FakeServer()
    server.reachable = False
    with client(server, script=[{"status": 503, "headers": {"Retry-After": value()}}]) as my:
        began = time.monotonic()
        future = my.sync.delete_event("e1")
        eventually(lambda: my.http.requests)
        server.reachable = True
        eventually(lambda: my.sync.connected)
        future.result(SECONDS)
        assert time.monotonic() - began >= 0.9
        assert len(my.http.requests) == 2


@pytest.mark.parametrize("value", ["soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", ""])
def test_a_retry_after_that_says_nothing_is_no_reason_to_wait_long(value: str) -> None:
    with client(FakeServer(), script=[{"status": 503, "headers": {"Retry-After": value}}]) as my:
        assert my.sync.delete_event("e1").result(1).status == 200


def test_writes_made_offline_wait_in_order_and_a_connection_that_comes_back_sends_them_at_once() -> None:
    server = FakeServer()
    server.reachable = False
    timing = Timing(retry=0.3, retry_max=0.3)
    with client(server, script=[LOST], timing=timing) as my:
        futures = [my.sync.create_event("d1", {"title": title}) for title in ("1", "2", "3")]
        eventually(lambda: my.http.requests)
        assert [write.body["title"] for write in my.sync.pending if write.body] == ["1", "2", "3"]
        server.reachable = True
        for future in futures:
            future.result(SECONDS)
        assert [request["body"]["title"] for request in my.http.requests] == ["1", "1", "2", "3"]


def test_a_refused_write_does_not_hold_up_those_behind_it() -> None:
    with client(FakeServer(), script=[LOST, refusal(404, "event_not_found")]) as my:
        first, second = my.sync.update_event("e1", {"title": "1"}), my.sync.update_event("e2", {"title": "2"})
        assert failure(first).code == "event_not_found"
        assert second.result(SECONDS).status == 200


def test_ones_own_change_is_told_once_by_the_answer_and_dropped_when_it_arrives_live() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        my.http.script = [making(server, announce=False)]
        answer = my.sync.create_event("d1", {"title": "회의"}).result(SECONDS)
        assert heard.changes == [(1, "event_created", answer.body["event"]["id"])]
        key = my.http.requests[0]["key"]
        assert (heard.metas[0]["mutation_id"], team.cursor) == (key, "d1/a/1")
        meta = {"department_id": "d1", **server.place("d1"), "mutation_id": key}
        server.say("d1", "event_created", answer.body["event"], meta)
        my.settle()
        assert (len(heard.changes), server.asked) == (1, [])


def test_ones_own_change_is_told_once_when_it_arrives_live_before_the_answer() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        _team, heard = my.follow()
        my.http.script = [making(server)]
        my.sync.create_event("d1", {"title": "회의"}).result(SECONDS)
        assert heard.seqs == [1]


def test_an_answer_that_is_ahead_of_unseen_changes_does_not_pass_over_them() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.write("d1", "event_created", event("other"), announce=False)
        my.http.script = [making(server, announce=False)]
        my.sync.create_event("d1", {"title": "회의"}).result(SECONDS)
        eventually(lambda: team.seq == 2)
        my.settle()
        assert heard.seqs == [1, 2]


def test_the_answer_to_a_write_that_changed_nothing_carries_the_number_of_somebody_elses_change() -> None:
    server = FakeServer("d1")
    server.write("d1", "event_created", event("mine"))
    with client(server) as my:
        team, heard = my.follow()
        server.write("d1", "event_created", event("other"), announce=False)
        my.http.script = [{"status": 200, "body": {"event": event("mine"), **server.place("d1")}}]
        my.sync.update_event("mine", {"title": ""}).result(SECONDS)
        eventually(lambda: team.seq == 2)
        my.settle()
        assert heard.changes == [(2, "event_created", "other")]


def test_an_answer_is_taken_while_the_socket_is_away_and_the_next_join_goes_on_from_there() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.reachable = False
        server.cut()
        eventually(lambda: team.status == "offline")
        my.http.script = [making(server)]
        my.sync.create_event("d1", {"title": "회의"}).result(SECONDS)
        assert team.cursor == "d1/a/1"
        server.reachable = True
        eventually(lambda: team.status == "online")
        assert heard.seqs == [1]
        assert ("join_department", "d1", "d1/a/1") in server.asked


def test_the_answers_about_departments_are_taken_into_the_list() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        department = {"id": "d2", "name": "새 부서", "created_at": "1"}
        server.write("list", "department_created", department, announce=False)
        my.http.script = [{"status": 201, "body": {"department": department, **server.place("list")}}]
        my.sync.create_department({"name": "새 부서"}).result(SECONDS)
        assert my.sync.departments.get("d2") == department

        server.write("list", "department_deleted", {"id": "d1"}, announce=False)
        my.http.script = [{"status": 200, "body": {"message": "", **server.place("list")}}]
        my.sync.delete_department("d1").result(SECONDS)
        eventually(lambda: team.ended)
        assert heard.ended in ([], ["department_deleted"])


def test_if_version_looks_up_the_tag_once_and_a_repetition_means_the_same_state() -> None:
    server = FakeServer("d1")
    server.write("d1", "event_created", event("e1"))
    with client(server) as my:
        my.follow()
        found = {"status": 200, "body": {"event": event("e1")}, "headers": {"ETag": '"1-a"'}}
        my.http.script = [found, LOST]
        my.sync.update_event("e1", {"title": "x"}, if_version=1).result(SECONDS)
        assert [request["method"] for request in my.http.requests] == ["GET", "PUT", "PUT"]
        assert my.http.requests[0]["path"] == "/api/events/d1/e1"
        assert [request["headers"].get("If-Match") for request in my.http.requests] == [None, '"1-a"', '"1-a"']

        my.http.script = [{**found, "body": {"event": event("e1", 5)}}, found | {"headers": {}}]
        conflict = failure(my.sync.delete_event("e1", if_version=1))
        assert (conflict.status, conflict.code, conflict.current) == (412, "version_conflict", event("e1", 5))
        assert failure(my.sync.delete_event("e1", if_version=1)).code == "etag_missing"
        with pytest.raises(ValueError, match="department_id"):
            my.sync.delete_event("unknown", if_version=1)


def test_the_outbox_survives_and_is_sent_in_the_next_life_with_the_same_keys(tmp_path: Path) -> None:
    with client(FakeServer(), storage=FileStorage(tmp_path), script=[LOST] * 1_000) as my:
        futures = [my.sync.create_event("d1", {"title": title}) for title in ("1", "2")]
        eventually(lambda: my.http.requests)
        saved = FileStorage(tmp_path).load("outbox")
        assert [write["body"]["title"] for write in saved] == ["1", "2"]
        assert saved[0]["first_sent_at"] is not None
    assert [failure(future).code for future in futures] == ["closed", "closed"]

    with client(FakeServer(), storage=FileStorage(tmp_path)) as my:
        eventually(lambda: not my.sync.pending)
        assert [request["key"] for request in my.http.requests] == [write["key"] for write in saved]
    assert FileStorage(tmp_path).load("outbox") == []


def test_a_write_whose_key_the_server_has_forgotten_by_now_is_not_repeated_blindly() -> None:
    entry = {"method": "DELETE", "path": "/api/events/e1", "key": "k", "queued_at": "2024-01-01T00:00:00+00:00"}
    sent = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    storage = MemoryStorage(outbox=[{**entry, "first_sent_at": sent, "of_a_later_version": 1}])
    with client(FakeServer(), storage=storage) as my:
        eventually(lambda: not my.sync.pending)
        assert my.http.requests == []


def test_a_pending_write_can_be_given_up_and_those_behind_it_go_on() -> None:
    release = threading.Event()

    def silent(_request: dict[str, Any]) -> dict[str, Any]:
        release.wait(SECONDS)
        return {"status": 201}

    with client(FakeServer(), script=[silent]) as my:
        outcomes: list[tuple[PendingWrite, Any]] = []
        my.sync.on("write", lambda write, outcome: outcomes.append((write, outcome)))
        first, second = my.sync.create_event("d1", {"title": "1"}), my.sync.create_event("d1", {"title": "2"})
        eventually(lambda: my.http.requests)
        assert my.sync.discard(my.sync.pending[0].key) is True
        assert my.sync.discard("unknown") is False
        assert failure(first).code == "discarded"
        release.set()
        assert second.result(SECONDS).status == 200
        my.settle()
        assert [getattr(outcome, "code", None) for _write, outcome in outcomes] == ["discarded", None]


def test_the_outbox_is_bounded() -> None:
    with client(FakeServer(), script=[{"status": 503, "headers": {"Retry-After": "60"}}]) as my:
        for number in range(1_000):
            my.sync.delete_event(f"e{number}")
        assert failure(my.sync.delete_event("one too many")).code == "outbox_full"
        assert len(my.sync.pending) == 1_000


def test_close_waits_for_the_request_that_is_under_way_and_sends_nothing_afterwards() -> None:
    def slow(_request: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.1)
        return {"status": 201}

    with client(FakeServer(), script=[slow]) as my:
        first, second = my.sync.create_event("d1", {"title": "1"}), my.sync.create_event("d1", {"title": "2"})
        eventually(lambda: my.http.requests)
        my.sync.close()
        assert first.result(0).status == 201
        assert failure(second).code == "closed"
        assert failure(my.sync.delete_event("e2")).code == "closed"
        assert len(my.http.requests) == 1
