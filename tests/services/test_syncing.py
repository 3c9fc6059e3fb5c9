"""Catching up with a history from a cursor."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from samples import department, event

from calendar_server.domain.changes import CHANGES_KEPT, DEPARTMENTS_HISTORY, Edit, Head
from calendar_server.domain.clock import timestamp
from calendar_server.domain.cursors import Cursors
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import CursorExpired, CursorInvalid, DepartmentNotFound
from calendar_server.services.holding import Holdings
from calendar_server.services.syncing import Syncing
from calendar_server.store.embedded import EmbeddedStore

LATER = "2024-02-01T00:00:00.000Z"
CURSORS = Cursors(lambda: "a secret")


@pytest.fixture
def syncing(embedded_store: EmbeddedStore) -> Syncing:
    return Syncing(embedded_store, Holdings(embedded_store), CURSORS)


@pytest.fixture
def team(embedded_store: EmbeddedStore) -> Department:
    made = department()
    embedded_store.commit([Edit(None, made)])
    return made


@pytest.fixture
def events(embedded_store: EmbeddedStore, team: Department) -> list[CalendarEvent]:
    """Ten events, one change each."""
    made = [event(team.id, str(n)) for n in range(10)]
    embedded_store.commit([Edit(None, each) for each in made])
    return made


def cursor_at(store: EmbeddedStore, history: str, seq: int) -> str:
    return CURSORS.text(history, Head(seq, store.head(history).epoch))


def execute(store: EmbeddedStore, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute(statement, values)


def test_everything_is_what_the_history_holds_now(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent]
) -> None:
    assert set(syncing.everything(team.id).ordered) == set(events)
    assert syncing.everything(team.id).head == syncing.head(team.id) == embedded_store.head(team.id)
    assert syncing.everything(DEPARTMENTS_HISTORY).ordered == (team,)
    with pytest.raises(DepartmentNotFound):
        syncing.everything("nowhere")


@pytest.mark.parametrize("seen", [0, 1, 9, 10])
def test_missed_is_what_comes_after_the_cursor(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent], seen: int
) -> None:
    missed = syncing.missed(team.id, cursor_at(embedded_store, team.id, seen))
    assert [change.subject for change in missed.changes] == events[seen:]
    assert (missed.head, missed.has_more) == (embedded_store.head(team.id), False)


@pytest.mark.parametrize(("limit", "pages"), [(1, 10), (3, 4), (10, 1), (11, 1)])
def test_pages_lead_to_the_head_without_a_gap(
    syncing: Syncing,
    embedded_store: EmbeddedStore,
    team: Department,
    events: list[CalendarEvent],
    limit: int,
    pages: int,
) -> None:
    cursor, seen, has_more, count = cursor_at(embedded_store, team.id, 0), [], True, 0
    while has_more:
        missed = syncing.missed(team.id, cursor, limit)
        assert len(missed.changes) <= limit
        seen += [change.seq for change in missed.changes]
        assert missed.head.last_seq == seen[-1]
        cursor, has_more, count = CURSORS.text(team.id, missed.head), missed.has_more, count + 1
    assert seen == list(range(1, 11))
    assert count == pages


def test_a_cursor_of_the_future_or_of_another_numbering_has_expired(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent]
) -> None:
    for cursor in (cursor_at(embedded_store, team.id, 11), CURSORS.text(team.id, Head(5, "another"))):
        with pytest.raises(CursorExpired):
            syncing.missed(team.id, cursor)


def test_a_department_that_came_back_is_another_history(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent]
) -> None:
    cursor = cursor_at(embedded_store, team.id, 10)
    embedded_store.commit([Edit(team, None)])
    with pytest.raises(DepartmentNotFound):
        syncing.missed(team.id, cursor)
    embedded_store.commit([Edit(None, team)])
    embedded_store.commit([Edit(None, each) for each in events])
    with pytest.raises(CursorExpired):
        syncing.missed(team.id, cursor)


def test_a_cursor_of_another_history_is_invalid_and_an_unknown_history_comes_first(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department
) -> None:
    with pytest.raises(CursorInvalid):
        syncing.missed(team.id, cursor_at(embedded_store, DEPARTMENTS_HISTORY, 1))
    with pytest.raises(DepartmentNotFound):
        syncing.missed("nowhere", "garbage")


@pytest.mark.parametrize(("gone", "seen"), [("seq <= 5", 4), ("seq <= 5", 0), ("seq = 5", 3), ("seq > 0", 9)])
def test_a_hole_is_never_passed_over(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent], gone: str, seen: int
) -> None:
    execute(embedded_store, f"DELETE FROM changes WHERE history = ? AND {gone}", team.id)
    with pytest.raises(CursorExpired):
        syncing.missed(team.id, cursor_at(embedded_store, team.id, seen))


def test_what_lies_before_a_hole_or_behind_it_is_served(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent]
) -> None:
    execute(embedded_store, "DELETE FROM changes WHERE history = ? AND seq <= 5", team.id)
    assert len(syncing.missed(team.id, cursor_at(embedded_store, team.id, 5)).changes) == 5
    assert syncing.missed(team.id, cursor_at(embedded_store, team.id, 10)).changes == ()


def test_rows_past_their_time_are_not_served_although_they_are_still_there(
    syncing: Syncing, embedded_store: EmbeddedStore, team: Department, events: list[CalendarEvent]
) -> None:
    expired = timestamp(datetime.now(UTC) - CHANGES_KEPT - timedelta(minutes=1))
    kept = timestamp(datetime.now(UTC) - CHANGES_KEPT + timedelta(minutes=1))
    execute(embedded_store, "UPDATE changes SET at = ? WHERE history = ? AND seq <= 3", expired, team.id)
    execute(embedded_store, "UPDATE changes SET at = ? WHERE history = ? AND seq = 4", kept, team.id)
    with pytest.raises(CursorExpired):
        syncing.missed(team.id, cursor_at(embedded_store, team.id, 2))
    assert len(syncing.missed(team.id, cursor_at(embedded_store, team.id, 3)).changes) == 7
