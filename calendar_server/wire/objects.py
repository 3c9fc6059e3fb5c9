"""Departments and events as clients see them, in REST answers and in socket messages alike."""

from __future__ import annotations

from typing import Any

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent


def department_json(department: Department) -> dict[str, Any]:
    """The department's fields on the wire."""
    return {
        "id": department.id,
        "name": department.name,
        "description": department.description,
        "created_at": department.created_at,
        "updated_at": department.updated_at,
    }


def event_json(event: CalendarEvent) -> dict[str, Any]:
    """The event's fields on the wire; ``start_time`` and ``end_time`` are read from ``time``, null where they cannot be."""
    start_time, end_time = event.span
    return {
        "id": event.id,
        "department_id": event.department_id,
        "event_date": event.event_date,
        "title": event.title,
        "description": event.description,
        "time": event.time,
        "start_time": start_time,
        "end_time": end_time,
        "url": event.url,
        "created_at": event.created_at,
        "last_modified": event.last_modified,
        "version": event.version,
    }
