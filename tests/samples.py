"""Departments and events for tests."""

from __future__ import annotations

import uuid
from typing import Any

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent

AT = "2024-01-15T10:30:00.000Z"
EVENT_BODY = {"event_date": "2024-01-20", "title": "팀 회의", "time": "오후 2:00"}


def department(name: str = "개발팀", **fields: Any) -> Department:
    """A new department."""
    values = {"id": str(uuid.uuid4()), "description": "", "created_at": AT, "updated_at": AT, **fields}
    return Department(name=name, **values)


def event(department_id: str, title: str = "팀 회의", **fields: Any) -> CalendarEvent:
    """A new event."""
    values = {
        "id": str(uuid.uuid4()),
        "event_date": "2024-01-20",
        "description": "주간 회의",
        "time": "오후 2:00",
        "url": "https://example.com/회의",
        "created_at": AT,
        "last_modified": AT,
        **fields,
    }
    return CalendarEvent(department_id=department_id, title=title, **values)
