"""Departments, events and named writes for tests."""

from __future__ import annotations

import uuid
from typing import Any

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt, StoredAnswer
from calendar_server.errors import CalendarError
from calendar_server.services.mutations import Mutation, Written

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


def named(key: str, fingerprint: str = "같은 본문") -> Mutation:
    """A write that its client has named. Its answer says what was written: id, version and number; a refusal, its code."""

    def render(written: Written | None) -> StoredAnswer:
        said = f"{written.subject.id} {written.subject.version} {written.head.last_seq}" if written else "None"
        return StoredAnswer(200, (("ETag", '"1"'),), said.encode())

    def render_refusal(error: CalendarError) -> StoredAnswer:
        return StoredAnswer(409, (), error.code.encode())

    return Mutation(key, fingerprint, render, render_refusal)


def receipt(key: str, body: bytes = "답".encode()) -> Receipt:
    """The receipt of a write that was named ``key``."""
    return Receipt(key, "같은 본문", StoredAnswer(201, (("ETag", '"1"'), ("Location", "/api/가")), body))
