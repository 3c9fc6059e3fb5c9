"""Bodies of writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain import validation
from calendar_server.domain.validation import department_changes, event_changes, new_department, new_event
from calendar_server.errors import Invalid

OWNER = "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"
ID = "11111111-2222-4333-8444-555555555555"
EVENT = {"event_date": "2024-01-20", "title": "팀 회의"}
ANSWER = {
    "id": ID,
    "version": 3,
    "created_at": "x",
    "last_modified": 1,
    "updated_at": None,
    "start_time": [],
    "end_time": {},
}

Reader = Callable[[Any], dict[str, str]]
READERS: list[Reader] = [new_department, department_changes, lambda body: new_event(body, OWNER), event_changes]
FIELDS = st.sampled_from(["name", "title", "event_date", "url", "id", "department_id", "time"]) | st.text()
VALUES = st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers())


def refused(reader: Reader, body: Any) -> list[tuple[str, str]]:
    """Field and code of every problem that ``reader`` finds in ``body``, sorted."""
    with pytest.raises(Invalid) as caught:
        reader(body)
    return sorted((problem.field, problem.code) for problem in caught.value.problems)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("body", [None, [], [EVENT], "a", 1, True])
def test_a_body_is_an_object(reader: Reader, body: Any) -> None:
    assert refused(reader, body) == [("", "type_object")]


def test_a_new_department_is_completed() -> None:
    assert new_department({"name": " 개발팀 "}) == {"name": "개발팀", "description": ""}
    assert new_department({"name": "개발팀", "description": None}) == {"name": "개발팀", "description": ""}


def test_a_new_event_is_completed() -> None:
    assert new_event(EVENT, OWNER) == {**EVENT, "description": "", "time": "", "url": ""}


def test_required_fields_must_be_there() -> None:
    assert refused(new_department, {}) == [("name", "required")]
    assert refused(READERS[2], {}) == [("event_date", "required"), ("title", "required")]
    assert refused(READERS[2], {"title": None, "event_date": None}) == [
        ("event_date", "required"),
        ("title", "required"),
    ]


def test_changes_hold_only_what_was_sent() -> None:
    assert department_changes({}) == {}
    assert event_changes({}) == {}
    assert department_changes({"description": None}) == {"description": ""}
    assert event_changes({"time": " 오후 2:00 "}) == {"time": "오후 2:00"}


def test_a_change_may_not_empty_what_is_required() -> None:
    assert refused(department_changes, {"name": None}) == [("name", "required")]
    assert refused(event_changes, {"title": " ", "event_date": ""}) == [
        ("event_date", "required"),
        ("title", "required"),
    ]


def test_all_problems_are_named_together() -> None:
    body = {"title": 5, "event_date": "2024-02-30", "url": "javascript:x", "time": "x" * 101, "colour": "red"}
    assert refused(event_changes, body) == [
        ("colour", "unknown_field"),
        ("event_date", "invalid_date"),
        ("time", "too_long"),
        ("title", "type_string"),
        ("url", "invalid_url"),
    ]


def test_the_servers_own_fields_are_accepted_and_ignored() -> None:
    assert event_changes({**ANSWER, "title": "새 제목"}) == {"title": "새 제목"}
    assert department_changes({**ANSWER, "name": "개발팀"}) == {"name": "개발팀"}
    assert new_department({**ANSWER, "name": "개발팀"}) == {"name": "개발팀", "description": ""}


@pytest.mark.parametrize("reader", READERS)
def test_a_field_that_nobody_knows_is_refused_and_named_shortened(reader: Reader) -> None:
    assert ("x" * 100, "unknown_field") in refused(reader, {"x" * 5000: 1})


def test_departments_and_events_do_not_share_their_fields() -> None:
    assert refused(department_changes, {"title": "a"}) == [("title", "unknown_field")]
    assert refused(event_changes, {"name": "a"}) == [("name", "unknown_field")]


def test_a_client_may_choose_a_new_events_id_but_only_a_uuid() -> None:
    assert new_event({**EVENT, "id": ID.upper()}, OWNER)["id"] == ID
    assert refused(READERS[2], {**EVENT, "id": "1"}) == [("id", "invalid_uuid")]
    assert refused(READERS[2], {**EVENT, "id": 7}) == [("id", "type_string")]
    assert "id" not in new_event({**EVENT, "id": None}, "d")


def test_a_new_event_belongs_to_the_department_of_the_path() -> None:
    assert "department_id" not in new_event({**EVENT, "department_id": OWNER.upper()}, OWNER)
    assert refused(READERS[2], {**EVENT, "department_id": ID}) == [("department_id", "mismatch")]
    assert refused(READERS[2], {**EVENT, "department_id": 7}) == [("department_id", "mismatch")]
    assert new_event({**EVENT, "department_id": None}, "d") == new_event(EVENT, "d")


def test_a_department_id_among_the_changes_moves_the_event() -> None:
    assert event_changes({"department_id": f" {OWNER.upper()} "}) == {"department_id": OWNER}
    assert event_changes({"department_id": "Old-7"}) == {"department_id": "Old-7"}


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, "type_string"), (7, "type_string"), ("", "unknown_department"), ("가" * 400, "unknown_department")],
)
def test_an_impossible_department_is_no_target(value: Any, code: str) -> None:
    assert refused(event_changes, {"department_id": value}) == [("department_id", code)]


@pytest.mark.parametrize("reader", READERS)
@given(body=st.dictionaries(FIELDS, VALUES, max_size=6))
def test_any_object_gives_clean_fields_or_all_its_problems(reader: Reader, body: dict[str, Any]) -> None:
    try:
        fields = reader(body)
    except Invalid:
        return
    assert all(isinstance(value, str) for value in fields.values())
    assert fields.keys() <= {*validation.DEPARTMENT_RULES, *validation.EVENT_RULES, "id", "department_id"}
