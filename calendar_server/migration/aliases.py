"""The names that fields had in earlier versions and in exports.

For each field the first name in its row that has a value is taken. Names in no row, and second names for one
field, are counted by the plan as ignored fields and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Aliases = Mapping[str, tuple[str, ...]]

DEPARTMENT_ALIASES: Aliases = {
    "id": ("id", "_id", "department_id", "dept_id"),
    "name": ("name", "department_name", "dept_name"),
    "description": ("description", "desc"),
    "created_at": ("created_at", "createdAt", "created"),
    "updated_at": ("updated_at", "updatedAt", "last_modified", "lastModified", "modified_at"),
}
EVENT_ALIASES: Aliases = {
    "id": ("id", "_id", "event_id", "eventId"),
    "department_id": ("department_id", "departmentId", "dept_id", "department", "department_name", "dept"),
    "event_date": ("event_date", "eventDate", "date"),
    "title": ("title", "name", "subject", "summary", "content"),
    "description": ("description", "desc", "content", "memo", "note", "notes", "details"),
    "time": ("time", "event_time", "eventTime"),
    "url": ("url", "link"),
    "created_at": ("created_at", "createdAt", "created"),
    "last_modified": ("last_modified", "lastModified", "updated_at", "updatedAt", "modified_at"),
}
SERVER_MADE = frozenset({"version", "start_time", "end_time"})
"""What the server works out by itself and a file may hold; dropping it loses nothing."""


def pick(record: Mapping[str, Any], aliases: Aliases) -> tuple[dict[str, Any], list[str]]:
    """The record's values by our own field names, and the names that were left over."""
    values: dict[str, Any] = {}
    used: set[str] = set()
    for field, names in aliases.items():
        present = [name for name in names if name in record and name not in used]
        chosen = next((name for name in present if record[name] not in (None, "")), present[0] if present else None)
        if chosen is not None:
            values[field] = record[chosen]
            used.add(chosen)
    left_over = [name for name in record if name not in used and name not in SERVER_MADE]
    return values, left_over
