"""``Idempotency-Key``: one effect and one answer, however often a write is sent."""

from __future__ import annotations

import threading
import time
import uuid

import pytest

from calendar_server.errors import StoreUnavailable

GOOD = {"event_date": "2024-01-20", "title": "회의"}
REPLAYED = "Idempotent-Replayed"


def sent(client, method, address, body, key, **headers):
    return client.open(address, method=method, json=body, headers={"Idempotency-Key": key, **headers})


def essence(answer):
    """All of an answer that a repetition must repeat."""
    return answer.status_code, answer.data, sorted((k, v) for k, v in answer.headers if k != REPLAYED)


@pytest.fixture
def key():
    return str(uuid.uuid4())


@pytest.fixture
def heads(embedded_store):
    """The numbers of all histories: whether there was an effect."""
    return lambda: {
        row["history"]: row["last_seq"] for row in embedded_store._reader.execute("SELECT * FROM heads").fetchall()
    }


@pytest.fixture(params=["department", "event"])
def kind(request):
    return request.param


@pytest.fixture(params=["POST", "PUT", "PATCH", "DELETE"])
def write(request, kind, department, event):
    """Method, address and body of a write of each kind."""
    method = request.param
    collection = "/api/departments" if kind == "department" else f"/api/events/{department['id']}"
    if method == "POST":
        return method, collection, {"name": "새 팀"} if kind == "department" else GOOD
    if method == "DELETE":
        return method, f"/api/{kind}s/{(department if kind == 'department' else event)['id']}", None
    body = {"name": "새 이름"} if kind == "department" else {"title": "새 제목"}
    return method, f"/api/{kind}s/{(department if kind == 'department' else event)['id']}", body


def test_a_repetition_gets_the_first_answer_and_has_no_effect(client, write, key, heads, announced):
    before = len(announced)
    first = sent(client, *write, key)
    assert first.status_code in (200, 201)
    assert REPLAYED not in first.headers
    reached = heads()
    for _ in range(2):
        again = sent(client, *write, key)
        assert essence(again) == essence(first)
        assert again.headers[REPLAYED] == "true"
    assert heads() == reached
    assert len(announced) == before + 1


def test_the_headers_that_belong_to_the_answer_are_repeated(client, department, key):
    address = f"/api/events/{department['id']}"
    first, again = (sent(client, "POST", address, GOOD, key) for _ in range(2))
    assert again.headers["Location"] == first.headers["Location"] == f"{address}/{first.json['event']['id']}"
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_answer_stays_as_it_was_although_the_object_has_changed(client, event, key):
    address = f"/api/events/{event['id']}"
    first = sent(client, "PUT", address, {"title": "하나"}, key)
    client.put(address, json={"title": "둘"})
    again = sent(client, "PUT", address, {"title": "하나"}, key)
    assert essence(again) == essence(first)
    client.delete(address)
    assert essence(sent(client, "PUT", address, {"title": "하나"}, key)) == essence(first)


def test_the_key_stands_as_mutation_id_on_the_change(client, write, key, announced):
    sent(client, *write, key)
    assert announced[-1].mutation_id == key


def test_the_change_that_others_catch_up_on_has_the_key(client, department, key):
    cursor = client.get(f"/api/sync/{department['id']}").json["cursor"]
    sent(client, "POST", f"/api/events/{department['id']}", GOOD, key)
    client.post(f"/api/events/{department['id']}", json=GOOD)
    changes = client.get(f"/api/sync/{department['id']}?cursor={cursor}").json["changes"]
    assert [change["mutation_id"] for change in changes] == [key, None]


def test_a_move_is_made_once(client, event, make_department, key, heads):
    target = make_department("영업팀")
    body = {"department_id": target["id"]}
    first = sent(client, "PUT", f"/api/events/{event['id']}", body, key)
    reached = heads()
    again = sent(client, "PUT", f"/api/events/{event['id']}", body, key)
    assert essence(again) == essence(first)
    assert (first.json["seq"], heads()) == (1, reached)


def test_a_write_that_changes_nothing_is_remembered_too(client, department, event, key):
    for address, body in (
        (f"/api/events/{event['id']}", {"title": event["title"]}),
        (f"/api/departments/{department['id']}", {"name": department["name"]}),
    ):
        name = f"{key}{len(address)}"
        first = sent(client, "PUT", address, body, name)
        client.put(address, json={"description": "다른 변경"})
        again = sent(client, "PUT", address, body, name)
        assert first.status_code == 200
        assert essence(again) == essence(first)
        assert again.headers[REPLAYED] == "true"


class TestRefusals:
    """A refusal is an answer: it stays although the write has become possible."""

    def check(self, client, request, key, status, make_possible, **headers):
        first = sent(client, *request, key, **headers)
        assert (first.status_code, REPLAYED in first.headers) == (status, False)
        make_possible()
        again = sent(client, *request, key, **headers)
        assert essence(again) == essence(first)
        assert again.headers[REPLAYED] == "true"
        other = sent(client, *request, key + "-other", **headers)
        assert other.status_code < 300

    def test_taken_name(self, client, department, key, heads):
        request = ("POST", "/api/departments", {"name": department["name"]})
        self.check(client, request, key, 409, lambda: client.delete(f"/api/departments/{department['id']}"))

    def test_taken_id(self, client, department, event, key):
        request = ("POST", f"/api/events/{department['id']}", {**GOOD, "id": event["id"]})
        self.check(client, request, key, 409, lambda: client.delete(f"/api/events/{event['id']}"))

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_version_conflict(self, client, department, event, key, method):
        address = f"/api/events/{event['id']}"
        read = f"/api/events/{department['id']}/{event['id']}"
        wanted = client.get(read).headers["ETag"]
        client.put(address, json={"description": "잠깐"})
        stored = client.get(read).headers["ETag"]
        assert wanted != stored
        request = (method, address, {"title": "새 제목"} if method != "DELETE" else None)
        first = sent(client, *request, key, **{"If-Match": wanted})
        assert (first.status_code, first.json["current"]["description"]) == (412, "잠깐")
        again = sent(client, *request, key, **{"If-Match": stored})
        assert essence(again) == essence(first)
        assert again.headers[REPLAYED] == "true"
        assert client.get(read).headers["ETag"] == stored

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_event_that_is_not_there_yet(self, client, department, key, method):
        chosen = str(uuid.uuid4())
        request = (method, f"/api/events/{chosen}", {"title": "새 제목"} if method == "PUT" else None)
        self.check(
            client,
            request,
            key,
            404,
            lambda: client.post(f"/api/events/{department['id']}", json={**GOOD, "id": chosen}),
        )


def test_another_body_under_the_same_key_is_refused(client, department, event, key, heads):
    address = f"/api/events/{event['id']}"
    first = sent(client, "PUT", address, {"title": "하나"}, key)
    reached = heads()
    for method, where, body in (
        ("PUT", address, {"title": "둘"}),
        ("PUT", address, {"title": "하나", "description": "더"}),
        ("PUT", address, {"title": None}),
        ("PATCH", address, {"title": "하나"}),
        ("DELETE", address, None),
        ("PUT", f"/api/departments/{department['id']}", {"title": "하나"}),
        ("POST", "/api/departments", {"name": "새 팀"}),
        ("POST", f"/api/events/{department['id']}", {"title": [[]] * 3}),
    ):
        answer = sent(client, method, where, body, key)
        assert (answer.status_code, answer.json["error"]) == (422, "idempotency_key_reused"), (method, where, body)
        assert REPLAYED not in answer.headers
        assert set(answer.json) == {"success", "error", "message"}
    assert heads() == reached
    assert essence(sent(client, "PUT", address, {"title": "하나"}, key)) == essence(first)


def test_the_same_body_in_another_layout_is_the_same_write(client, event, key):
    address, headers = f"/api/events/{event['id']}", {"Idempotency-Key": key, "Content-Type": "application/json"}
    first = client.put(address, data='{"title":"하나","url":""}'.encode(), headers=headers)
    again = client.put(address, data=b'{ "url": "",\n "title": "\\ud558\\ub098" }', headers=headers)
    assert first.status_code == 200
    assert essence(again) == essence(first)


@pytest.mark.parametrize("depth", [10, 300, 1000])
def test_a_body_of_any_depth_is_refused_as_without_a_key(client, department, key, depth):
    body = b'{"event_date": "2024-01-20", "title": ' + b"[" * depth + b"]" * depth + b"}"
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    answer = client.post(f"/api/events/{department['id']}", data=body, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_failed")
    assert [each["field"] for each in answer.json["details"]] == ["title"]


@pytest.mark.parametrize("number", [2**63, 2**64, 10**300, -(2**70), 1.5e308, 0.1])
def test_a_body_with_any_number_is_refused_as_without_a_key(client, department, key, number):
    answer = sent(client, "POST", f"/api/events/{department['id']}", {**GOOD, "title": number}, key)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_failed")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writes_at_the_same_moment_have_one_effect_and_equal_answers(
    app, client, department, event, key, heads, announced, method
):
    address = f"/api/events/{department['id'] if method == 'POST' else event['id']}"
    body = None if method == "DELETE" else GOOD
    before, announced_before = heads(), len(announced)
    answers, barrier = [], threading.Barrier(8)

    def send():
        own = app.test_client()
        barrier.wait()
        answers.append(sent(own, method, address, body, key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 8
    assert len({answer.data for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {201 if method == "POST" else 200}
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert heads()[department["id"]] == before[department["id"]] + 1
    assert len(announced) == announced_before + 1


def test_refusals_at_the_same_moment_are_equal(app, client, department, key):
    answers, barrier = [], threading.Barrier(8)

    def send():
        own = app.test_client()
        barrier.wait()
        answers.append(sent(own, "POST", "/api/departments", {"name": department["name"]}, key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {answer.status_code for answer in answers} == {409}
    assert len({answer.data for answer in answers}) == 1


@pytest.mark.parametrize("bad", ["", " ", "a b", "가", "\t", "x" * 256, "a\x7f", "é"])
def test_a_key_that_is_none_is_named(client, write, bad, heads):
    before = heads()
    answer = sent(client, *write, bad.encode("utf-8").decode("latin-1"))
    assert (answer.status_code, answer.json["error"]) == (422, "validation_failed")
    assert [(each["field"], each["code"]) for each in answer.json["details"]] == [("Idempotency-Key", "invalid_key")]
    assert "255" in answer.json["details"][0]["message"]
    assert heads() == before


@pytest.mark.parametrize("good", ["x", "~!@#$%^&*()", '"8e03978e"', "x" * 255])
def test_any_visible_ascii_is_a_key(client, good):
    first, again = (sent(client, "POST", "/api/departments", {"name": "새 팀"}, good) for _ in range(2))
    assert first.status_code == 201
    assert essence(again) == essence(first)


def test_an_expired_receipt_means_a_new_write(client, department, key, embedded_store):
    address = f"/api/events/{department['id']}"
    first = sent(client, "POST", address, GOOD, key)
    embedded_store._writer.execute("UPDATE receipts SET expires_at = ?", (int(time.time()) - 1,))
    second = sent(client, "POST", address, GOOD, key)
    assert (second.status_code, REPLAYED in second.headers) == (201, False)
    assert second.json["event"]["id"] != first.json["event"]["id"]
    assert essence(sent(client, "POST", address, GOOD, key)) == essence(second)


def test_a_receipt_lasts_seven_days(client, key, embedded_store):
    sent(client, "POST", "/api/departments", {"name": "새 팀"}, key)
    expires_at = embedded_store._reader.execute("SELECT expires_at FROM receipts").fetchone()[0]
    assert abs(expires_at - time.time() - 7 * 24 * 3600) < 60


def test_mistakes_in_a_body_are_not_remembered(client, department, key):
    address = f"/api/events/{department['id']}"
    for body in ({"title": ""}, {**GOOD, "colour": "red"}, []):
        assert sent(client, "POST", address, body, key).json["error"] == "validation_failed"
    broken = client.post(address, data=b"{", headers={"Idempotency-Key": key, "Content-Type": "application/json"})
    assert broken.json["error"] == "invalid_json"
    made = sent(client, "POST", address, GOOD, key)
    assert (made.status_code, REPLAYED in made.headers) == (201, False)


@pytest.mark.parametrize("failing", ["commit", "head", "find_receipt", "keep_receipt"])
def test_a_write_that_got_503_can_be_made_again(client, department, event, key, watched_store, failing):
    address, body = f"/api/events/{event['id']}", {"title": event["title"]}
    if failing == "commit":
        body = {"title": "새 제목"}
    watched_store.failing, watched_store.failure = frozenset({failing}), StoreUnavailable("injected")
    refused = sent(client, "PUT", address, body, key)
    assert (refused.status_code, refused.json["error"]) == (503, "store_unavailable")
    watched_store.failure = None
    made = sent(client, "PUT", address, body, key)
    assert (made.status_code, REPLAYED in made.headers) == (200, False)
    assert made.json["event"]["title"] == body["title"]


def test_a_write_whose_answer_was_lost_is_answered_by_its_repetition(
    client, department, key, watched_store, embedded_store, monkeypatch
):
    commit = embedded_store.commit

    def lose(*arguments):
        commit(*arguments)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(embedded_store, "commit", lose)
    address = f"/api/events/{department['id']}"
    assert sent(client, "POST", address, GOOD, key).status_code == 503
    monkeypatch.undo()
    again = sent(client, "POST", address, GOOD, key)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    listed = client.get(address).json
    assert (listed["events"], listed["seq"]) == ([again.json["event"]], 1)
    assert again.json["cursor"] == listed["cursor"]


def test_without_a_key_every_request_is_a_write_of_its_own(client, department):
    address = f"/api/events/{department['id']}"
    first, second = (client.post(address, json=GOOD) for _ in range(2))
    assert first.json["event"]["id"] != second.json["event"]["id"]
    assert REPLAYED not in second.headers


def test_reads_ignore_a_key(client, department, key):
    for _ in range(2):
        answer = client.get("/api/departments", headers={"Idempotency-Key": key})
        assert (answer.status_code, REPLAYED in answer.headers) == (200, False)
