"""The department and the event that all examples show, and where they stand in their histories."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head
from calendar_server.domain.cursors import Cursors
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.holidays import statutory_holidays
from calendar_server.wire.objects import department_json, event_json
from calendar_server.wire.places import change_json, place_json

_DEPARTMENT_ID = "0b9c5a52-3f0e-4d53-9c56-6d1b6a3d2f10"
_EVENT_ID = "7d0f3c1e-58a4-4b8e-a0f5-2c9e1b7d4a63"
_CREATED = "2024-01-15T10:30:00.000Z"
_CHANGED = "2024-01-16T01:05:00.000Z"
_CURSORS = Cursors(lambda: "the secret of the examples")

_DEPARTMENT = Department(
    id=_DEPARTMENT_ID, name="개발팀", description="소프트웨어 개발", created_at=_CREATED, updated_at=_CREATED
)
_EVENT = CalendarEvent(
    id=_EVENT_ID,
    department_id=_DEPARTMENT_ID,
    event_date="2024-01-20",
    title="팀 회의",
    description="주간 진행 상황 공유",
    time="오후 2:00~3:30",
    url="https://meet.example.com/team",
    created_at=_CREATED,
    last_modified=_CREATED,
)

DEPARTMENT: dict[str, Any] = department_json(_DEPARTMENT)
EVENT: dict[str, Any] = event_json(_EVENT)
NEW_DEPARTMENT = {field: DEPARTMENT[field] for field in ("name", "description")}
DEPARTMENT_CHANGES = {"description": "제품 개발과 운영"}
NEW_EVENT = {field: EVENT[field] for field in ("event_date", "title", "description", "time", "url")}
EVENT_CHANGES = {"event_date": "2024-01-22", "time": "오전 10시"}
_CHANGED_EVENT = _EVENT.changed(EVENT_CHANGES, _CHANGED)
CHANGED_EVENT = event_json(_CHANGED_EVENT)
CHANGED_DEPARTMENT = department_json(_DEPARTMENT.changed(DEPARTMENT_CHANGES, _CHANGED))

HOLIDAYS = [asdict(each) for each in statutory_holidays(2025) if each.date < "2025-03-04"]

MUTATION_ID = "4b1f7a52-9d0c-4d0e-8a53-2f6f0f1c9e77"
EVENTS_PLACE = place_json(_CURSORS, _DEPARTMENT_ID, Head(42, "5f3a9c1e"))
EVENTS_PLACE_BEFORE = place_json(_CURSORS, _DEPARTMENT_ID, Head(41, "5f3a9c1e"))
LIST_PLACE = place_json(_CURSORS, DEPARTMENTS_HISTORY, Head(7, "c07b21d4"))
CHANGE = change_json(Change(_DEPARTMENT_ID, 42, "event_updated", _CHANGED_EVENT, _CHANGED, MUTATION_ID))
LIST_CHANGE = change_json(Change(DEPARTMENTS_HISTORY, 7, "department_created", _DEPARTMENT, _CREATED))
