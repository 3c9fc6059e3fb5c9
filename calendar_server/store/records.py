"""Departments and events as flat records of text and numbers, the form in which either store keeps them.

Reading is lenient: what an earlier version of the server left out or wrote in another form is completed, never refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from calendar_server.domain.changes import Subject
from calendar_server.domain.clock import EPOCH, read_timestamp
from calendar_server.domain.dates import read_date
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent

DEPARTMENT_FIELDS = tuple(f.name for f in fields(Department))
EVENT_FIELDS = tuple(f.name for f in fields(CalendarEvent))

Record = Mapping[str, Any]


def record_of(subject: Subject) -> dict[str, str | int]:
    """Every field of a department or an event by its name."""
    names = DEPARTMENT_FIELDS if isinstance(subject, Department) else EVENT_FIELDS
    return {name: getattr(subject, name) for name in names}


def department_from(record: Record) -> Department:
    """The department in ``record``; without a version it is at version 1."""
    created_at = _timestamp(record, "created_at", EPOCH)
    return Department(
        id=_text(record, "id"),
        name=_text(record, "name"),
        description=_text(record, "description"),
        created_at=created_at,
        updated_at=_timestamp(record, "updated_at", created_at),
        version=_version(record),
    )


def event_from(record: Record) -> CalendarEvent:
    """The event in ``record``; without a version it is at version 1."""
    created_at = _timestamp(record, "created_at", EPOCH)
    return CalendarEvent(
        id=_text(record, "id"),
        department_id=_text(record, "department_id"),
        event_date=read_date(_text(record, "event_date")) or _text(record, "event_date"),
        title=_text(record, "title"),
        description=_text(record, "description"),
        time=_text(record, "time"),
        url=_text(record, "url"),
        created_at=created_at,
        last_modified=_timestamp(record, "last_modified", created_at),
        version=_version(record),
    )


def subject_from(record: Record) -> Subject:
    """The department or event in ``record``: only an event belongs to a department."""
    return event_from(record) if "department_id" in record else department_from(record)


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _timestamp(record: Record, name: str, otherwise: str) -> str:
    text = _text(record, name)
    if len(text) == len(EPOCH) and text.endswith("Z"):
        return text
    return read_timestamp(text) or otherwise


def _version(record: Record) -> int:
    return int(record.get("version") or 1)
