"""``/api/events``, line by line of the contract."""

from __future__ import annotations

import uuid

import pytest

UNKNOWN = "5a0e4f0c-6f0b-4d8e-9a53-3c1f7d1f2b66"


def test_new_event_is_answered_201_with_all_its_fields(client, department):
    body = {"event_date": "2024-01-20", "title": "팀 회의", "time": "오후 2:00~3:30", "url": "https://example.com/a"}
    answer = client.post(f"/api/events/{department['id']}", json=body)
    assert answer.status_code == 201
    assert set(answer.json) == {"success", "event", "cursor", "seq"}
    assert answer.json["seq"] == 1
    event = answer.json["event"]
    made = {"id", "created_at", "last_modified"}
    expected = {**body, "department_id": department["id"], "description": "", "version": 1}
    expected |= {"start_time": "14:00", "end_time": "15:30"}
    assert {field: event[field] for field in event if field not in made} == expected
    assert set(event) == set(expected) | made
    assert event["created_at"] == event["last_modified"]
    assert answer.headers["Location"] == f"/api/events/{department['id']}/{event['id']}"
    assert client.get(answer.headers["Location"]).json == {"success": True, "event": event}


def test_time_that_cannot_be_read_stays_as_written(make_event):
    event = make_event(time="점심 먹고 나서")
    assert (event["time"], event["start_time"], event["end_time"]) == ("점심 먹고 나서", None, None)


def test_events_are_ordered_by_date_then_start_then_id(client, department, make_event):
    make_event("2024-02-01", time="09:00")
    make_event("2024-01-01", time="오후 3시")
    make_event("2024-01-01", time="오전 9시")
    make_event("2024-01-01", time="")
    make_event("2024-01-01", time="언젠가")
    answer = client.get(f"/api/events/{department['id']}")
    assert set(answer.json) == {"success", "events", "cursor", "seq"}
    assert answer.json["seq"] == 5
    keys = [(each["event_date"], each["start_time"] or "", each["id"]) for each in answer.json["events"]]
    assert keys == sorted(keys)
    assert [key[1] for key in keys] == ["", "", "09:00", "15:00", "09:00"]


def test_chosen_id_is_honoured_once(client, department):
    chosen = str(uuid.uuid4())
    body = {"id": chosen.upper(), "event_date": "2024-01-20", "title": "회의"}
    assert client.post(f"/api/events/{department['id']}", json=body).json["event"]["id"] == chosen
    again = client.post(f"/api/events/{department['id']}", json=body)
    assert (again.status_code, again.json["error"]) == (409, "event_exists")
    assert len(client.get(f"/api/events/{department['id']}").json["events"]) == 1


@pytest.mark.parametrize("method", ["put", "patch"])
def test_put_and_patch_change_only_what_they_name(client, event, method):
    answer = getattr(client, method)(f"/api/events/{event['id']}", json={"title": "새 제목"})
    assert answer.status_code == 200
    changed = answer.json["event"]
    assert changed["version"] == 2
    differing = {field for field in event if changed[field] != event[field]}
    assert {"title", "version"} <= differing <= {"title", "version", "last_modified"}


def test_change_that_changes_nothing_makes_no_new_version(client, department, event):
    before = client.get(f"/api/events/{department['id']}").headers["ETag"]
    answer = client.put(f"/api/events/{event['id']}", json={"title": f"  {event['title']} "})
    assert (answer.status_code, answer.json["event"]) == (200, event)
    assert answer.json["seq"] == 1
    listed = client.get(f"/api/events/{department['id']}")
    assert listed.headers["ETag"] == before
    assert answer.json["cursor"] == listed.json["cursor"]


def test_whole_object_may_be_sent_back_and_server_fields_are_ignored(client, event):
    body = {
        **event,
        "title": "바뀜",
        "id": "other",
        "version": 99,
        "created_at": 5,
        "updated_at": None,
        "start_time": [],
    }
    answer = client.put(f"/api/events/{event['id']}", json=body)
    assert answer.status_code == 200
    assert answer.json["event"]["id"] == event["id"]
    assert answer.json["event"]["version"] == 2


def test_new_department_moves_the_event(client, department, make_department, event):
    target = make_department("영업팀")
    answer = client.put(f"/api/events/{event['id']}", json={"department_id": target["id"].upper(), "title": "옮김"})
    assert answer.status_code == 200
    assert answer.json["event"]["department_id"] == target["id"]
    assert client.get(f"/api/events/{department['id']}").json["events"] == []
    listed = client.get(f"/api/events/{target['id']}").json
    assert listed["events"] == [answer.json["event"]]
    assert (listed["cursor"], listed["seq"]) == (answer.json["cursor"], 1)
    old_address = client.get(f"/api/events/{department['id']}/{event['id']}")
    assert (old_address.status_code, old_address.json["error"]) == (404, "event_not_found")


@pytest.mark.parametrize("target", [UNKNOWN, "", "departments", "x" * 3000, "없음"])
def test_move_to_an_unknown_department_breaks_a_rule(client, event, target):
    answer = client.put(f"/api/events/{event['id']}", json={"department_id": target})
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json["details"]] == ["unknown_department"]


def test_department_in_a_new_event_must_be_that_of_the_address(client, department, make_department):
    body = {"event_date": "2024-01-20", "title": "회의", "department_id": make_department("영업팀")["id"]}
    answer = client.post(f"/api/events/{department['id']}", json=body)
    assert [each["code"] for each in answer.json["details"]] == ["mismatch"]
    body["department_id"] = department["id"].upper()
    assert client.post(f"/api/events/{department['id']}", json=body).status_code == 201


def test_deletion_is_answered_in_korean(client, department, event):
    answer = client.delete(f"/api/events/{event['id']}", data=b"\xff", content_type="application/json")
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "message": "이벤트가 삭제되었습니다.",
        "cursor": client.get(f"/api/events/{department['id']}").json["cursor"],
        "seq": 2,
    }
    assert client.get(f"/api/events/{department['id']}/{event['id']}").json["error"] == "event_not_found"
    assert client.delete(f"/api/events/{event['id']}").status_code == 404


@pytest.mark.parametrize("department_id", [UNKNOWN, "departments", "x" * 5000, "%00", "%FF%FE", "..%2e", "가나다"])
@pytest.mark.parametrize("known", [None, "*"])
def test_unknown_department_is_404(client, department_id, known):
    headers = {"If-None-Match": known} if known else {}
    listed = client.get(f"/api/events/{department_id}", headers=headers)
    assert (listed.status_code, listed.json["error"]) == (404, "department_not_found")
    made = client.post(f"/api/events/{department_id}", json={"nonsense": 1})
    assert (made.status_code, made.json["error"]) == (404, "department_not_found")
    one = client.get(f"/api/events/{department_id}/{UNKNOWN}")
    assert (one.status_code, one.json["error"]) == (404, "department_not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("event_id", [UNKNOWN, "x" * 5000, "7"])
def test_unknown_event_is_404_before_its_body_is_judged(client, method, event_id):
    answer = getattr(client, method)(f"/api/events/{event_id}", json={"title": 1})
    assert (answer.status_code, answer.json["error"]) == (404, "event_not_found")


def test_event_of_another_department_is_not_found(client, make_department, event):
    other = make_department("영업팀")
    answer = client.get(f"/api/events/{other['id']}/{event['id']}")
    assert (answer.status_code, answer.json["error"]) == (404, "event_not_found")


class TestRangesAndPages:
    @pytest.fixture(autouse=True)
    def days(self, make_event):
        self.events = [make_event(f"2024-01-{day:02d}") for day in range(1, 11)]

    def test_dates_are_inclusive_at_both_ends(self, client, department):
        answer = client.get(f"/api/events/{department['id']}?from=2024-01-03&to=2024-01-05")
        assert answer.json["events"] == self.events[2:5]
        assert "next_page" not in answer.json

    def test_pages_together_are_the_whole_list(self, client, department):
        address, seen = f"/api/events/{department['id']}?from=2024-01-02", []
        answer = client.get(f"{address}&limit=4")
        while True:
            seen.append(answer.json["events"])
            if answer.json["next_page"] is None:
                break
            answer = client.get(f"{address}&limit=4&page={answer.json['next_page']}")
        assert [len(page) for page in seen] == [4, 4, 1]
        assert [event for page in seen for event in page] == self.events[1:]

    def test_page_without_a_limit_gives_the_rest(self, client, department):
        page = client.get(f"/api/events/{department['id']}?limit=7").json["next_page"]
        answer = client.get(f"/api/events/{department['id']}?page={page}")
        assert (answer.json["events"], answer.json["next_page"]) == (self.events[7:], None)

    def test_limit_that_nothing_exceeds_says_so(self, client, department):
        assert client.get(f"/api/events/{department['id']}?limit=10").json["next_page"] is None
        assert client.get(f"/api/events/{department['id']}?limit=9").json["next_page"] is not None

    def test_unknown_parameters_are_ignored_and_the_first_of_several_counts(self, client, department):
        answer = client.get(f"/api/events/{department['id']}?limit=2&limit=zzz&colour=red&%FF=%FE")
        assert answer.status_code == 200
        assert answer.json["events"] == self.events[:2]

    @pytest.mark.parametrize(
        ("query", "wrong"),
        [
            ("limit=0", {"limit": "out_of_range"}),
            ("limit=1001", {"limit": "out_of_range"}),
            ("limit=-1", {"limit": "out_of_range"}),
            ("limit=1.5", {"limit": "out_of_range"}),
            ("limit=" + "9" * 5000, {"limit": "out_of_range"}),
            ("limit=%EF%BC%95", {"limit": "out_of_range"}),
            ("from=2024-02-30", {"from": "invalid_date"}),
            ("from=", {"from": "invalid_date"}),
            ("to=20240101", {"to": "invalid_date"}),
            ("from=2024-01-05&to=2024-01-04", {"to": "before_from"}),
            ("page=zzz", {"page": "invalid_page"}),
            ("page=%FF", {"page": "invalid_page"}),
            ("page=WzEsMiwzXQ", {"page": "invalid_page"}),
            (
                "from=x&to=y&limit=z&page=!",
                {"from": "invalid_date", "to": "invalid_date", "limit": "out_of_range", "page": "invalid_page"},
            ),
        ],
    )
    def test_parameters_out_of_range_are_named_all_together(self, client, department, query, wrong):
        answer = client.get(f"/api/events/{department['id']}?{query}")
        assert (answer.status_code, answer.json["error"]) == (422, "validation_failed")
        assert {each["field"]: each["code"] for each in answer.json["details"]} == wrong

    def test_limit_of_a_thousand_is_taken(self, client, department):
        assert client.get(f"/api/events/{department['id']}?limit=1000").status_code == 200

    def test_unknown_department_comes_before_a_wrong_parameter(self, client):
        assert client.get(f"/api/events/{UNKNOWN}?limit=0").status_code == 404
