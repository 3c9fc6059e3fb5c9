"""Stores brought into a state, for the tests of the contract."""

from __future__ import annotations

import pytest
from samples import department, event

from calendar_server.domain.changes import Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import CalendarError
from calendar_server.store.contract import Store

LATER = "2024-02-01T00:00:00.000Z"


def created(store: Store, name: str = "개발팀") -> Department:
    made = department(name)
    store.commit([Edit(None, made)])
    return made


def with_event(store: Store, **fields: str) -> CalendarEvent:
    made = event(created(store).id, **fields)
    store.commit([Edit(None, made)])
    return made


def refusal(store: Store, *edits: Edit) -> CalendarError:
    """The error with which ``edits`` are refused."""
    with pytest.raises(CalendarError) as caught:
        store.commit(edits)
    return caught.value
