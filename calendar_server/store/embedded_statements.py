"""SQL statements that write departments and events into the embedded store."""

from __future__ import annotations

from calendar_server.domain.departments import Department
from calendar_server.store.records import DEPARTMENT_FIELDS, EVENT_FIELDS, record_of

_DEPARTMENT_COLUMNS = (*DEPARTMENT_FIELDS, "name_key")
INSERT_DEPARTMENT = (
    f"INSERT INTO departments ({', '.join(_DEPARTMENT_COLUMNS)})"  # noqa: S608 - column names of our own
    f" VALUES ({', '.join(f':{c}' for c in _DEPARTMENT_COLUMNS)})"
)
INSERT_EVENT = (
    f"INSERT INTO events ({', '.join(EVENT_FIELDS)})"  # noqa: S608 - column names of our own
    f" VALUES ({', '.join(f':{c}' for c in EVENT_FIELDS)})"
)
UPDATE_DEPARTMENT = (
    "UPDATE departments SET name = :name, name_key = :name_key, description = :description,"
    " updated_at = :updated_at, version = :version WHERE id = :id AND version = :seen_version"
)
UPDATE_EVENT = (
    "UPDATE events SET department_id = :department_id, event_date = :event_date, title = :title,"
    " description = :description, time = :time, url = :url, last_modified = :last_modified, version = :version"
    " WHERE id = :id AND version = :seen_version AND department_id = :seen_department"
)


def department_values(department: Department) -> dict[str, str | int]:
    """What :data:`INSERT_DEPARTMENT` takes."""
    return {**record_of(department), "name_key": department.name_key}
