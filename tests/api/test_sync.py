"""``/api/sync``: what a client missed since its cursor, line by line of the contract."""

from __future__ import annotations

import threading
import time

import pytest

from calendar_server.domain.changes import Edit
from calendar_server.errors import StoreUnavailable

UNKNOWN = "5a0e4f0c-6f0b-4d8e-9a53-3c1f7d1f2b66"
LIST = "/api/sync/departments"


@pytest.fixture
def address(department):
    return f"/api/sync/{department['id']}"


@pytest.fixture
def cursor(client, address):
    """Of a client that has seen the department while it was empty."""
    return client.get(address).json["cursor"]


def since(client, address, cursor, **query):
    return client.get(address, query_string={"cursor": cursor, **query})


def apply(objects, changes, last):
    """What the rules of the documentation make of a client's ``objects``, which it holds as of number ``last``."""
    for change in changes:
        assert change["seq"] == last + 1
        last = change["seq"]
        if change["type"].endswith("_deleted"):
            del objects[change["data"]["id"]]
        else:
            objects[change["data"]["id"]] = change["data"]
    return last


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def test_without_a_cursor_everything_comes(client, address, department, make_event):
    made = [make_event(f"2024-01-0{day}") for day in (3, 1, 2)]
    answer = client.get(address)
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "full", "events", "cursor", "seq"}
    assert (answer.json["success"], answer.json["full"], answer.json["seq"]) == (True, True, 3)
    listed = client.get(f"/api/events/{department['id']}").json
    assert answer.json["events"] == listed["events"] == [made[1], made[2], made[0]]
    assert answer.json["cursor"] == listed["cursor"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


def test_with_a_cursor_come_the_changes_since(client, address, cursor, make_event):
    made = make_event()
    changed = client.put(f"/api/events/{made['id']}", json={"title": "새 제목"}).json
    gone = client.delete(f"/api/events/{made['id']}").json
    answer = since(client, address, cursor)
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "full", "changes", "has_more", "cursor", "seq"}
    assert (answer.json["success"], answer.json["full"], answer.json["has_more"]) == (True, False, False)
    changes = answer.json["changes"]
    assert all(set(change) == {"seq", "type", "data", "at", "mutation_id"} for change in changes)
    assert [(change["seq"], change["type"], change["data"]) for change in changes] == [
        (1, "event_created", made),
        (2, "event_updated", changed["event"]),
        (3, "event_deleted", {"id": made["id"], "department_id": made["department_id"]}),
    ]
    assert (answer.json["cursor"], answer.json["seq"]) == (gone["cursor"], 3)
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_cursor_that_is_given_out_can_be_continued(client, address, department, make_event):
    listed = client.get(f"/api/events/{department['id']}?limit=1").json
    created = client.post(f"/api/events/{department['id']}", json={"event_date": "2024-01-20", "title": "하나"}).json
    same = client.put(f"/api/events/{created['event']['id']}", json={"title": "하나"}).json
    changed = client.patch(f"/api/events/{created['event']['id']}", json={"title": "둘"}).json
    deleted = client.delete(f"/api/events/{created['event']['id']}").json
    make_event(title="끝")
    answers = (listed, created, same, changed, deleted)
    assert [answer["seq"] for answer in answers] == [0, 1, 1, 2, 3]
    for answer in answers:
        changes = since(client, address, answer["cursor"]).json["changes"]
        assert [change["seq"] for change in changes] == list(range(answer["seq"] + 1, 5))


def test_nothing_missed_is_an_empty_list_with_the_same_cursor(client, address, cursor):
    answer = since(client, address, cursor)
    assert (answer.json["changes"], answer.json["has_more"]) == ([], False)
    assert (answer.json["cursor"], answer.json["seq"]) == (cursor, 0)


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 1000])
def test_pages_of_changes_lead_to_what_a_fresh_get_shows(client, address, department, make_event, limit):
    first = make_event("2024-03-01", title="처음부터")
    start = client.get(address).json
    made = [make_event(f"2024-01-{day:02d}") for day in range(1, 6)]
    client.put(f"/api/events/{made[0]['id']}", json={"event_date": "2024-02-02"})
    client.delete(f"/api/events/{made[1]['id']}")
    client.delete(f"/api/events/{first['id']}")
    objects = {each["id"]: each for each in start["events"]}
    cursor, last, has_more, pages = start["cursor"], start["seq"], True, 0
    while has_more:
        answer = since(client, address, cursor, limit=limit).json
        assert 0 < len(answer["changes"]) <= limit
        last = apply(objects, answer["changes"], last)
        assert answer["seq"] == last
        cursor, has_more, pages = answer["cursor"], answer["has_more"], pages + 1
    fresh = client.get(f"/api/events/{department['id']}").json
    assert pages == -(-8 // limit)
    assert objects == {each["id"]: each for each in fresh["events"]}
    assert (cursor, last) == (fresh["cursor"], fresh["seq"])


def test_the_list_of_departments_is_followed_the_same_way(client, make_department):
    first = make_department("가")
    start = client.get(LIST).json
    assert set(start) == {"success", "full", "departments", "cursor", "seq"}
    assert (start["full"], start["departments"], start["seq"]) == (True, [first], 1)
    assert start["cursor"] == client.get("/api/departments").json["cursor"]
    second = make_department("나")
    renamed = client.put(f"/api/departments/{second['id']}", json={"name": "다"}).json
    gone = client.delete(f"/api/departments/{first['id']}").json
    answer = since(client, LIST, start["cursor"]).json
    assert [(change["seq"], change["type"], change["data"]) for change in answer["changes"]] == [
        (2, "department_created", second),
        (3, "department_updated", renamed["department"]),
        (4, "department_deleted", {"id": first["id"]}),
    ]
    assert (answer["full"], answer["cursor"], answer["seq"]) == (False, gone["cursor"], 4)
    objects = {each["id"]: each for each in start["departments"]}
    apply(objects, answer["changes"], start["seq"])
    assert list(objects.values()) == client.get("/api/departments").json["departments"]


def test_a_move_stands_in_both_histories(client, address, cursor, make_department, make_event):
    target = make_department("영업팀")
    target_cursor = client.get(f"/api/sync/{target['id']}").json["cursor"]
    made = make_event()
    moved = client.put(f"/api/events/{made['id']}", json={"department_id": target["id"]}).json
    here = since(client, address, cursor).json["changes"]
    there = since(client, f"/api/sync/{target['id']}", target_cursor).json
    assert [change["type"] for change in here] == ["event_created", "event_deleted"]
    assert here[1]["data"] == {"id": made["id"], "department_id": made["department_id"]}
    assert [(change["type"], change["data"]) for change in there["changes"]] == [("event_created", moved["event"])]
    assert (moved["cursor"], moved["seq"]) == (there["cursor"], 1)


def test_the_department_is_found_by_its_id_in_either_case(client, department, cursor, make_event):
    made = make_event()
    answer = since(client, f"/api/sync/{department['id'].upper()}", cursor)
    assert [change["data"] for change in answer.json["changes"]] == [made]


@pytest.mark.parametrize("garbage", ["", "x", ".", "가", "%FF", "null", "W10.x", "A" * 5000, "a" * 2001])
def test_a_made_up_cursor_is_400(client, address, garbage):
    for where in (address, LIST):
        answer = client.get(f"{where}?cursor={garbage}")
        assert (answer.status_code, answer.json["error"]) == (400, "cursor_invalid")
        assert answer.json["message"].startswith("커서가 올바르지")


def test_a_tampered_cursor_is_400(client, address, cursor):
    for tampered in (cursor[:-1], cursor + "A", cursor[1:], cursor.swapcase(), cursor.replace(".", "A.", 1)):
        assert since(client, address, tampered).json["error"] == "cursor_invalid"


def test_a_cursor_of_another_history_is_400(client, address, cursor, make_department):
    other = make_department("영업팀")
    for where, foreign in (
        (address, client.get(f"/api/sync/{other['id']}").json["cursor"]),
        (address, client.get(LIST).json["cursor"]),
        (LIST, cursor),
    ):
        answer = since(client, where, foreign)
        assert (answer.status_code, answer.json["error"]) == (400, "cursor_invalid")


def test_a_department_that_came_back_under_its_id_is_410(client, address, cursor, department, embedded_store):
    stored = embedded_store.get_department(department["id"])
    embedded_store.commit([Edit(stored, None)])
    embedded_store.commit([Edit(None, stored)])
    answer = since(client, address, cursor)
    assert (answer.status_code, answer.json["error"]) == (410, "cursor_expired")
    assert set(answer.json) == {"success", "error", "message"}
    fresh = client.get(address).json
    assert since(client, address, fresh["cursor"]).status_code == 200


def test_rows_that_are_gone_are_410_and_never_passed_over(client, address, make_event, cursor, embedded_store):
    cursors = [cursor]
    for _ in range(4):
        make_event()
        cursors.append(client.get(address).json["cursor"])
    embedded_store._writer.execute("DELETE FROM changes WHERE type = 'event_created' AND seq <= 2")
    for expired in cursors[:2]:
        answer = since(client, address, expired)
        assert (answer.status_code, answer.json["error"]) == (410, "cursor_expired")
    assert [change["seq"] for change in since(client, address, cursors[2]).json["changes"]] == [3, 4]
    assert len(client.get(address).json["events"]) == 4


def test_410_speaks_english_where_it_is_preferred(client, address, cursor, make_event, embedded_store):
    make_event()
    embedded_store._writer.execute("DELETE FROM changes")
    answer = client.get(address, query_string={"cursor": cursor}, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json["message"]) == (
        410,
        "The cursor has expired. Please load the list again.",
    )


@pytest.mark.parametrize("department_id", [UNKNOWN, "x" * 5000, "%00", "가나다", "Departments"])
@pytest.mark.parametrize("query", ["", "?cursor=garbage", "?limit=0&wait=x"])
def test_unknown_department_is_404_before_anything_else(client, department_id, query):
    answer = client.get(f"/api/sync/{department_id}{query}")
    assert (answer.status_code, answer.json["error"]) == (404, "department_not_found")


def test_cursors_of_a_deleted_department_are_404(client, address, department, cursor):
    client.delete(f"/api/departments/{department['id']}")
    for answer in (client.get(address), since(client, address, cursor), since(client, address, cursor, wait=1)):
        assert (answer.status_code, answer.json["error"]) == (404, "department_not_found")


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=0", {"limit"}),
        ("limit=1001", {"limit"}),
        ("limit=", {"limit"}),
        ("limit=1.5", {"limit"}),
        ("limit=" + "9" * 5000, {"limit"}),
        ("wait=26", {"wait"}),
        ("wait=-1", {"wait"}),
        ("wait=0.5", {"wait"}),
        ("wait=%EF%BC%95", {"wait"}),
        ("limit=x&wait=y", {"limit", "wait"}),
    ],
)
def test_parameters_out_of_range_are_named_all_together(client, address, cursor, query, wrong):
    for where in (address, LIST):
        answer = client.get(f"{where}?{query}")
        assert (answer.status_code, answer.json["error"]) == (422, "validation_failed")
        assert {each["field"] for each in answer.json["details"]} == wrong
        assert {each["code"] for each in answer.json["details"]} == {"out_of_range"}
    assert client.get(f"{address}?cursor={cursor}&{query}").status_code == 422


@pytest.mark.parametrize("query", ["limit=1&wait=0", "limit=1000", "colour=red", "wait=0&wait=99"])
def test_parameters_within_their_range_are_taken(client, address, cursor, query):
    assert client.get(f"{address}?cursor={cursor}&{query}").status_code == 200


def test_a_store_that_does_not_answer_is_503(client, address, cursor, watched_store):
    watched_store.failure = StoreUnavailable("injected", retry_after_seconds=3)
    for answer in (client.get(address), since(client, address, cursor)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


class TestLongPolls:
    """Waiting for the next change. Each of these tests waits for a second at the most."""

    def poll(self, app, address, cursor, wait):
        """Start a long poll; gives a list into which its answer and how long it took will be put."""
        outcome = []

        def run():
            began = time.monotonic()
            answer = since(app.test_client(), address, cursor, wait=wait)
            outcome.append((answer, time.monotonic() - began))

        thread = threading.Thread(target=run)
        thread.start()
        return thread, outcome

    def test_what_was_missed_comes_at_once(self, client, address, cursor, make_event):
        make_event()
        began = time.monotonic()
        answer = since(client, address, cursor, wait=25)
        assert time.monotonic() - began < 5
        assert [change["seq"] for change in answer.json["changes"]] == [1]

    def test_a_change_ends_the_wait(self, app, client, calendar, department, address, cursor, make_event):
        thread, outcome = self.poll(app, address, cursor, wait=20)
        wait_until(lambda: calendar.waiting.histories() == [department["id"]])
        made = make_event()
        calendar.waiting.wake(department["id"])
        thread.join(10)
        answer, seconds = outcome[0]
        assert [change["data"] for change in answer.json["changes"]] == [made]
        assert seconds < 10
        assert calendar.waiting.histories() == []

    def test_a_false_alarm_does_not(self, app, client, calendar, department, address, cursor, make_event):
        thread, outcome = self.poll(app, address, cursor, wait=20)
        wait_until(lambda: calendar.waiting.histories() == [department["id"]])
        for _ in range(3):
            calendar.waiting.wake(department["id"])
            time.sleep(0.02)
        assert outcome == []
        make_event()
        calendar.waiting.wake(department["id"])
        thread.join(10)
        assert len(outcome[0][0].json["changes"]) == 1

    def test_a_change_of_the_list_of_departments_ends_it_too(self, app, client, calendar, make_department):
        cursor = client.get(LIST).json["cursor"]
        thread, outcome = self.poll(app, LIST, cursor, wait=20)
        wait_until(lambda: calendar.waiting.histories() == ["departments"])
        made = make_department()
        calendar.waiting.wake("departments")
        thread.join(10)
        assert [change["data"] for change in outcome[0][0].json["changes"]] == [made]

    def test_without_a_change_the_answer_is_empty_after_its_time(self, client, calendar, address, cursor):
        began = time.monotonic()
        answer = since(client, address, cursor, wait=1)
        assert 0.9 < time.monotonic() - began < 5
        assert (answer.status_code, answer.json["changes"], answer.json["cursor"]) == (200, [], cursor)
        assert calendar.waiting.histories() == []

    def test_a_deletion_of_the_department_ends_it_with_404(self, app, client, calendar, department, address, cursor):
        thread, outcome = self.poll(app, address, cursor, wait=20)
        wait_until(lambda: calendar.waiting.histories() == [department["id"]])
        client.delete(f"/api/departments/{department['id']}")
        calendar.waiting.wake(department["id"])
        thread.join(10)
        assert outcome[0][0].status_code == 404

    def test_the_end_of_the_server_ends_it(self, app, calendar, department, address, cursor):
        thread, outcome = self.poll(app, address, cursor, wait=20)
        wait_until(lambda: calendar.waiting.histories() == [department["id"]])
        calendar.waiting.close()
        thread.join(10)
        assert outcome[0][0].json["changes"] == []

    def test_without_a_cursor_or_with_a_wrong_one_nobody_waits(self, client, address):
        began = time.monotonic()
        assert client.get(f"{address}?wait=25").json["full"] is True
        assert client.get(f"{address}?wait=25&cursor=x").status_code == 400
        assert time.monotonic() - began < 5
