"""Ids as they stand in addresses."""

from __future__ import annotations

from calendar_server.domain.fields import canonical_id, is_possible_id
from calendar_server.errors import DepartmentNotFound, EventNotFound


def department_key(text: str) -> str:
    """The department's id in the form in which it is stored. :raises DepartmentNotFound: none can have this id."""
    if not is_possible_id(text):
        raise DepartmentNotFound(text[:100])
    return canonical_id(text)


def event_key(text: str) -> str:
    """The event's id in the form in which it is stored. :raises EventNotFound: none can have this id."""
    if not is_possible_id(text):
        raise EventNotFound(text[:100])
    return canonical_id(text)
