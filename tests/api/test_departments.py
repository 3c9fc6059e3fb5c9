"""``/api/departments``, line by line of the contract."""

from __future__ import annotations

import re
import uuid

import pytest

UNKNOWN = "5a0e4f0c-6f0b-4d8e-9a53-3c1f7d1f2b66"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_new_department_is_answered_201_with_all_its_fields(client):
    answer = client.post("/api/departments", json={"name": "개발팀", "description": "소프트웨어"})
    assert answer.status_code == 201
    assert set(answer.json) == {"success", "department", "cursor", "seq"}
    assert (answer.json["success"], answer.json["seq"]) == (True, 1)
    assert answer.json["cursor"] == client.get("/api/departments").json["cursor"]
    department = answer.json["department"]
    assert set(department) == {"id", "name", "description", "created_at", "updated_at"}
    assert uuid.UUID(department["id"])
    assert (department["name"], department["description"]) == ("개발팀", "소프트웨어")
    assert TIMESTAMP.fullmatch(department["created_at"])
    assert answer.headers["Location"] == f"/api/departments/{department['id']}"
    assert client.get(answer.headers["Location"]).json["department"] == department


def test_korean_is_sent_as_itself(client, department):
    answer = client.get("/api/departments")
    assert "개발팀".encode() in answer.data
    assert answer.headers["Content-Type"] == "application/json"


def test_departments_are_listed_oldest_first(client, make_department):
    made = [make_department(name)["id"] for name in ("다", "가", "나")]
    answer = client.get("/api/departments")
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "departments", "cursor", "seq"}
    assert answer.json["seq"] == 3
    listed = answer.json["departments"]
    assert {each["id"] for each in listed} == set(made)
    assert listed == sorted(listed, key=lambda each: (each["created_at"], each["id"]))


@pytest.mark.parametrize("name", ["개발팀", "  개발팀 ", "\u1100\u1162\u1107\u1161\u11af\u1110\u1175\u11b7"])
def test_taken_name_is_a_conflict_however_it_is_typed(client, department, name):
    answer = client.post("/api/departments", json={"name": name})
    assert answer.status_code == 409
    assert answer.json["error"] == "department_exists"
    assert answer.json["message"] == "같은 이름의 부서가 이미 있습니다."


def test_names_are_compared_case_folded(client, make_department):
    make_department("Sales")
    assert client.post("/api/departments", json={"name": "SALES"}).status_code == 409


def test_renaming_to_a_taken_name_is_a_conflict(client, make_department):
    make_department("영업")
    other = make_department("총무")
    answer = client.put(f"/api/departments/{other['id']}", json={"name": "영업"})
    assert (answer.status_code, answer.json["error"]) == (409, "department_exists")
    assert client.get(f"/api/departments/{other['id']}").json["department"] == other


@pytest.mark.parametrize("method", ["put", "patch"])
def test_put_and_patch_change_only_what_they_name(client, make_department, method):
    department = make_department(description="그대로")
    answer = getattr(client, method)(f"/api/departments/{department['id']}", json={"name": "연구팀"})
    assert answer.status_code == 200
    changed = answer.json["department"]
    assert (changed["name"], changed["description"]) == ("연구팀", "그대로")
    assert changed["created_at"] == department["created_at"]
    assert client.get(f"/api/departments/{department['id']}").json["department"] == changed


def test_change_that_changes_nothing_is_answered_with_the_department_as_it_is(client, department):
    first = client.get(f"/api/departments/{department['id']}")
    answer = client.put(f"/api/departments/{department['id']}", json=department)
    assert answer.status_code == 200
    assert answer.json["department"] == department
    assert answer.headers["ETag"] == first.headers["ETag"]


def test_deletion_is_answered_in_korean_and_takes_all_events_along(client, department, make_event):
    events = [make_event(title=f"회의 {number}") for number in range(3)]
    answer = client.delete(f"/api/departments/{department['id']}")
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "message": "부서가 삭제되었습니다.",
        "cursor": client.get("/api/departments").json["cursor"],
        "seq": 2,
    }
    assert client.get(f"/api/events/{department['id']}").json["error"] == "department_not_found"
    for event in events:
        assert client.put(f"/api/events/{event['id']}", json={}).json["error"] == "event_not_found"


def test_deletion_is_answered_in_english_where_it_is_preferred(client, department):
    answer = client.delete(f"/api/departments/{department['id']}", headers={"Accept-Language": "en"})
    assert answer.json["message"] == "The department has been deleted."
    assert "Accept-Language" in answer.headers["Vary"]


def test_deletion_ignores_a_body(client, department):
    answer = client.delete(f"/api/departments/{department['id']}", data=b"{not json", content_type="text/plain")
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_unknown_department_is_404(client, method):
    answer = getattr(client, method)(f"/api/departments/{UNKNOWN}", json={"name": "x"})
    assert (answer.status_code, answer.json["error"]) == (404, "department_not_found")


def test_id_is_found_in_either_case(client, department):
    answer = client.get(f"/api/departments/{department['id'].upper()}")
    assert answer.json["department"] == department


def test_unknown_department_comes_before_a_body_that_breaks_rules(client):
    answer = client.put(f"/api/departments/{UNKNOWN}", json={"name": 5, "nonsense": 1})
    assert answer.status_code == 404


def test_malformed_body_comes_before_an_unknown_department(client):
    answer = client.put(f"/api/departments/{UNKNOWN}", data=b"{", content_type="application/json")
    assert answer.status_code == 400
    answer = client.put(f"/api/departments/{UNKNOWN}", data=b"{}", content_type="text/plain")
    assert answer.status_code == 415
