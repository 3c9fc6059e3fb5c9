"""From records to departments and events: shapes, ids, dates, duplicates, and what is refused."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from calendar_server.domain.departments import Department
from calendar_server.domain.fields import uuid_text
from calendar_server.migration.planning import Plan, make_plan
from calendar_server.migration.reading import read_file

MOMENT = "2025-05-05T05:05:05.000Z"
DEPARTMENTS = [{"id": 1, "name": "개발팀"}, {"id": 2, "name": "인사팀"}]
MEETING = {"id": "e1", "department_id": 1, "event_date": "2024-1-20", "title": "팀 회의", "time": "오후 2:00"}


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {**{key: value for key, value in MEETING.items() if key not in names}, **changed}


def planned(
    folder: Path, events: Any, departments: Any = DEPARTMENTS, stored: tuple[Department, ...] = (), moment: str = MOMENT
) -> Plan:
    files = []
    for name, value in (("departments.json", departments), ("events.json", events)):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
        files.append(read_file(folder / name))
    return make_plan(files, stored, moment)


def only_event(plan: Plan) -> Any:
    assert plan.rejected == []
    [entry] = plan.events
    return entry.subject


def codes(plan: Plan) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for rejected in plan.rejected for problem in rejected.problems]


@pytest.mark.parametrize(
    "departments",
    [
        DEPARTMENTS,
        {"departments": DEPARTMENTS},
        {"success": True, "departments": DEPARTMENTS},
        {"rows": DEPARTMENTS},
        {"departments": {"1": {"name": "개발팀"}, "2": {"name": "인사팀"}}},
        {"1": {"name": "개발팀"}, "2": {"name": "인사팀", "description": ""}},
        {"1": "개발팀", "2": "인사팀"},
        [{"id": 1.0, "name": " 개발팀 "}, {"_id": "2", "department_name": "인사팀"}],
    ],
)
def test_every_shape_of_departments_gives_the_same(tmp_path: Path, departments: Any) -> None:
    plan, plain = planned(tmp_path, [], departments), planned(tmp_path, [])
    assert [entry.subject for entry in plan.departments] == [entry.subject for entry in plain.departments]
    assert [entry.subject.name for entry in plan.departments] == ["개발팀", "인사팀"]


@pytest.mark.parametrize(
    "events",
    [
        [MEETING],
        {"events": [MEETING]},
        {"calendar_events": {"e1": without("id")}},
        {"rows": [MEETING]},
        {"e1": without("id")},
        {"e1": MEETING},
        {"1": [without("department_id")]},
        {"개발팀": [without("department_id")]},
        {"개발팀": [MEETING], "인사팀": []},
        {"개발팀": {"e1": without("id", "department_id")}},
        {"1": {"2024-01-20": [without("department_id", "event_date")]}},
        {"개발팀": {"2024-1-20": {"e1": without("id", "department_id", "event_date")}}},
        {"2024-01-20": [without("event_date")]},
        {"2024-01-20": [MEETING]},
        {"2024.1.20": {"개발팀": [without("department_id", "event_date")]}},
        {"2024-01-20": {"e1": without("id", "event_date")}},
        {"events": {"개발팀": {"2024-01-20": [without("department_id", "event_date")]}}},
        {"data": [without("department_id", department="개발팀")]},
        [without("department_id", department={"id": 1, "name": "개발팀"})],
        [without("event_date", "title", date="2024-01-20T00:00:00", name="팀 회의")],
        [without("title", content="팀 회의")],
        [without("time", start_time="오후 2:00")],
    ],
)
def test_every_shape_of_events_gives_the_same(tmp_path: Path, events: Any) -> None:
    plan = planned(tmp_path, events)
    assert only_event(plan) == only_event(planned(tmp_path, [MEETING]))
    assert only_event(plan).event_date == "2024-01-20"
    assert only_event(plan).department_id == plan.departments[0].subject.id


def test_a_numeric_key_of_an_event_with_a_department_is_its_id(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"2": without("id")})
    assert (plan.events[0].source_id, plan.events[0].subject.department_id) == ("2", plan.departments[0].subject.id)


def test_a_uuid_stays_itself_in_lower_case(tmp_path: Path) -> None:
    own = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"
    assert only_event(planned(tmp_path, [without("id", id=own)])).id == own.lower()


def test_any_other_id_keeps_its_identity(tmp_path: Path) -> None:
    by_number, by_text = (only_event(planned(tmp_path, [without("id", id=each)])).id for each in (7, " 7 "))
    assert by_number == by_text == "0aa661c4-523a-58dc-b5fc-ffe339d45e99"
    assert planned(tmp_path, [], [{"id": 7, "name": "a"}]).departments[0].subject.id != by_number


def test_without_ids_a_rerun_finds_the_same_and_exact_duplicates_stay_apart(tmp_path: Path) -> None:
    events = [without("id"), without("id"), without("id", title="다른 회의")]
    first = [entry.subject.id for entry in planned(tmp_path, events).events]
    again = [entry.subject.id for entry in planned(tmp_path, events, moment="2026-01-01T00:00:00.000Z").events]
    assert first == again
    assert len(set(first)) == 3
    assert all(uuid_text(each) == each for each in first)


def test_a_copy_of_a_file_adds_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, [without("id"), without("id")])
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps([without("id"), without("id")]), encoding="utf-8")
    files = [read_file(tmp_path / name) for name in ("departments.json", "one.json", "two.json")]
    doubled = make_plan(files, (), MOMENT)
    assert [entry.subject for entry in doubled.events] == [entry.subject for entry in plan.events]
    assert doubled.repeated["event"] == 2


@pytest.mark.parametrize(
    "written",
    ["2024-1-5", "2024/01/05", "2024.1.5.", "2024년 1월 5일", "20240105", 20240105, "2024-01-05T23:30:00.000Z",
     "2024-01-05 09:00", "2024-01-05(금)", "20240105T090000"],
)  # fmt: skip
def test_old_dates_are_normalised(tmp_path: Path, written: Any) -> None:
    assert only_event(planned(tmp_path, [without(event_date=written)])).event_date == "2024-01-05"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2023-01-15T10:30:00.123456", "2023-01-15T10:30:00.123Z"),
        ("2023-01-15T10:30:00+09:00", "2023-01-15T01:30:00.000Z"),
        ("2023-1-5", "2023-01-05T00:00:00.000Z"),
        (1673778600, "2023-01-15T10:30:00.000Z"),
        (1673778600000, "2023-01-15T10:30:00.000Z"),
    ],
)
def test_readable_timestamps_are_kept(tmp_path: Path, written: Any, kept: str) -> None:
    event = only_event(planned(tmp_path, [without(created_at=written)]))
    assert (event.created_at, event.last_modified, event.version) == (kept, kept, 1)


def test_an_unreadable_timestamp_is_counted_and_the_moment_of_the_run_taken(tmp_path: Path) -> None:
    plan = planned(tmp_path, [without(created_at="어제", version=9)])
    assert only_event(plan).created_at == MOMENT
    assert plan.events[0].assumed == {"created_at", "last_modified"}
    assert plan.unreadable_timestamps == {"created_at": 1}
    assert only_event(plan).version == 1


def test_values_without_a_place_are_listed_not_dropped_silently(tmp_path: Path) -> None:
    plan = planned(tmp_path, [without(color="red"), without("id", id="e2", color="blue", tags=[])])
    assert plan.ignored_fields["event"] == {"color": 2}
    assert [each.fields for each in plan.ignored] == [{"color": "red"}, {"color": "blue"}]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": "가" * 201}, "title", "too_long"),
        ({"title": " "}, "title", "required"),
        ({"title": 3}, "title", "type_string"),
        ({"description": "x" * 5001}, "description", "too_long"),
        ({"url": "javascript:alert(1)"}, "url", "invalid_url"),
        ({"event_date": "2024-02-30"}, "event_date", "invalid_date"),
        ({"event_date": None}, "event_date", "required"),
        ({"department_id": 9}, "department_id", "unknown_department"),
        ({"department_id": None}, "department_id", "required"),
        ({"department_id": "\ud800"}, "department_id", "unknown_department"),
        ({"department_id": [1]}, "department_id", "unknown_department"),
        ({"id": ["x"]}, "id", "invalid_id"),
        ({"description": "\ud800"}, "description", "not_unicode"),
    ],
)
def test_what_the_server_would_refuse_is_refused(tmp_path: Path, change: Any, field: str, code: str) -> None:
    plan = planned(tmp_path, [without(**change)])
    assert codes(plan) == [(field, code)]
    assert plan.events == []


def test_all_reasons_are_named_at_once(tmp_path: Path) -> None:
    plan = planned(tmp_path, [{"url": "ftp://x"}])
    assert set(codes(plan)) == {
        ("url", "invalid_url"),
        ("event_date", "required"),
        ("title", "required"),
        ("department_id", "required"),
    }


@pytest.mark.parametrize(
    ("events", "field"),
    [({"2024-01-21": [MEETING]}, "event_date"), ({"인사팀": [MEETING]}, "department_id")],
)
def test_a_key_that_contradicts_its_record_is_refused(tmp_path: Path, events: Any, field: str) -> None:
    assert codes(planned(tmp_path, events)) == [(field, "key_mismatch")]


def test_a_day_that_does_not_exist_as_a_key_is_refused(tmp_path: Path) -> None:
    assert codes(planned(tmp_path, {"2024-02-30": [without("event_date")]})) == [("event_date", "invalid_date")]


def test_an_unknown_department_as_a_key_is_refused(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"영업팀": [without("department_id")]})
    assert codes(plan) == [("department_id", "unknown_department")]
    assert plan.rejected[0].problems[0].params["value"] == "영업팀"


def test_a_repeated_event_is_taken_once_and_a_contradicting_one_refused(tmp_path: Path) -> None:
    plan = planned(tmp_path, [MEETING, MEETING, without(title="딴 회의")])
    assert [entry.subject.title for entry in plan.events] == ["팀 회의"]
    assert plan.repeated["event"] == 1
    assert codes(plan) == [("id", "duplicate_id")]


def test_of_two_departments_of_one_name_the_second_goes_with_its_events(tmp_path: Path) -> None:
    departments = [{"id": 1, "name": "Sales"}, {"id": 2, "name": "SALES", "description": "other"}]
    plan = planned(tmp_path, [MEETING, without("id", id="e2", department_id=2)], departments)
    assert codes(plan) == [("name", "duplicate_name"), ("department_id", "invalid_department")]
    assert [entry.source_id for entry in plan.events] == ["e1"]


def test_two_departments_of_one_name_and_content_are_one(tmp_path: Path) -> None:
    departments = [{"id": 1, "name": "개발팀"}, {"id": 2, "name": "개발팀"}]
    plan = planned(tmp_path, [MEETING, without("id", id="e2", department_id=2)], departments)
    assert plan.rejected == []
    assert {entry.subject.department_id for entry in plan.events} == {plan.departments[0].subject.id}


def test_events_of_a_refused_department_say_so(tmp_path: Path) -> None:
    plan = planned(tmp_path, [MEETING], [{"id": 1, "name": "가" * 101}])
    assert codes(plan) == [("name", "too_long"), ("department_id", "invalid_department")]


def test_a_stored_department_of_the_name_takes_the_events(tmp_path: Path) -> None:
    stored = Department(str(uuid.uuid4()), "개발팀", "", MOMENT, MOMENT, 4)
    plan = planned(tmp_path, [MEETING], stored=(stored,))
    assert only_event(plan).department_id == stored.id
    assert [entry.subject.name for entry in plan.departments] == ["인사팀"]
    assert [department for _entry, department in plan.adopted] == [stored]


def test_an_event_without_id_keeps_its_id_wherever_it_goes(tmp_path: Path) -> None:
    stored = Department(str(uuid.uuid4()), "개발팀", "", MOMENT, MOMENT, 4)
    events = [without("id")]
    assert only_event(planned(tmp_path, events)).id == only_event(planned(tmp_path, events, stored=(stored,))).id


def test_events_may_belong_to_a_department_that_only_the_store_knows(tmp_path: Path) -> None:
    stored = Department(str(uuid.uuid4()), "영업팀", "", MOMENT, MOMENT)
    assert (
        only_event(planned(tmp_path, {"영업팀": [without("department_id")]}, [], (stored,))).department_id == stored.id
    )
