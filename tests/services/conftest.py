"""A door to a store with interruptions, and what it announces."""

from __future__ import annotations

import pytest
from interruptions import InterruptedStore
from samples import EVENT_BODY

from calendar_server.domain.changes import Change
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.services.editing import Editing
from calendar_server.store.embedded import EmbeddedStore


@pytest.fixture
def store(embedded_store: EmbeddedStore) -> InterruptedStore:
    return InterruptedStore(embedded_store)


@pytest.fixture
def announced() -> list[Change]:
    return []


@pytest.fixture
def editing(store: InterruptedStore, announced: list[Change]) -> Editing:
    return Editing(store, announced.extend)


@pytest.fixture
def team(editing: Editing, announced: list[Change]) -> Department:
    made = editing.create_department({"name": "개발팀"}).subject
    announced.clear()
    assert isinstance(made, Department)
    return made


@pytest.fixture
def meeting(editing: Editing, team: Department, announced: list[Change]) -> CalendarEvent:
    made = editing.create_event(team.id, EVENT_BODY).subject
    announced.clear()
    assert isinstance(made, CalendarEvent)
    return made
