"""Writing and reading back: batches, a store that fails for a while, and what verification notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from calendar_server.domain.changes import Change, Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentExists, StoreUnavailable
from calendar_server.migration.copying import Commit, Copying, departments_missing, events_missing
from calendar_server.migration.holdings import Holdings, Patience
from calendar_server.migration.identity import stable_id
from calendar_server.migration.planning import Plan
from calendar_server.migration.records import Entry, Origin
from calendar_server.migration.verifying import Finding, verify
from calendar_server.services.editing import Editing
from calendar_server.store.embedded import EmbeddedStore

AT = "2024-01-15T10:30:00.000Z"
QUICK = Patience((0, 0, 0), sleep=lambda _seconds: None)


def department(name: str) -> Entry[Department]:
    return Entry(Origin("departments.json", name), Department(stable_id("department", name), name, "", AT, AT), name)


def event(name: str, department_name: str = "개발팀") -> Entry[CalendarEvent]:
    fields = ("2024-01-20", name, "", "오후 2:00", "", AT, AT)
    subject = CalendarEvent(stable_id("event", name), stable_id("department", department_name), *fields)
    return Entry(Origin("events.json", name), subject, name)


def plan() -> Plan:
    return Plan(
        departments=[department("개발팀"), department("인사팀")],
        events=[event(f"회의 {number}", "인사팀" if number % 3 else "개발팀") for number in range(30)],
    )


class FailingCommit:
    """A commit that does not answer at the given calls, having stored the edits or not."""

    def __init__(self, commit: Commit, calls: set[int], stored: bool) -> None:
        self.commit, self.calls, self.stored, self.count = commit, calls, stored, 0

    def __call__(self, edits: Sequence[Edit]) -> list[Change]:
        self.count += 1
        if self.count not in self.calls:
            return self.commit(edits)
        if self.stored:
            self.commit(edits)
        raise StoreUnavailable("no answer")


def copy(store: EmbeddedStore, wanted: Plan, commit: Commit | None = None, batch_limit: int = 7) -> list[Any]:
    holdings, told = Holdings(store, QUICK), []
    copying = Copying(commit or Editing(store).commit, batch_limit, holdings, QUICK)
    copying.departments(departments_missing(wanted.departments, holdings), told.extend)
    copying.events(events_missing(wanted.events, holdings), told.extend)
    return told


def findings(store: EmbeddedStore, wanted: Plan) -> list[Finding]:
    return verify(wanted, Holdings(store, QUICK)).findings


def test_everything_arrives_and_a_second_copy_writes_nothing(embedded_store: EmbeddedStore) -> None:
    assert len(copy(embedded_store, plan())) == 32
    head = embedded_store.head(stable_id("department", "인사팀"))
    assert copy(embedded_store, plan()) == []
    assert embedded_store.head(stable_id("department", "인사팀")) == head
    result = verify(plan(), Holdings(embedded_store, QUICK))
    assert (result.departments, result.events, result.findings) == (2, 30, [])


@pytest.mark.parametrize("stored", [True, False])
def test_a_batch_of_unknown_outcome_is_settled_by_looking(embedded_store: EmbeddedStore, stored: bool) -> None:
    commit = FailingCommit(Editing(embedded_store).commit, {1, 3, 5}, stored)
    assert len(copy(embedded_store, plan(), commit)) == 32
    assert findings(embedded_store, plan()) == []


def test_a_store_that_stays_away_ends_the_copy_and_a_rerun_continues(embedded_store: EmbeddedStore) -> None:
    commit = FailingCommit(Editing(embedded_store).commit, set(range(3, 99)), stored=False)
    with pytest.raises(StoreUnavailable):
        copy(embedded_store, plan(), commit)
    assert commit.count == 2 + 4
    assert len(copy(embedded_store, plan())) == 23
    assert findings(embedded_store, plan()) == []


def test_events_that_somebody_else_wrote_meanwhile_are_left_alone(embedded_store: EmbeddedStore) -> None:
    wanted = plan()
    Editing(embedded_store).commit([Edit(None, entry.subject) for entry in wanted.departments])
    Editing(embedded_store).commit([Edit(None, wanted.events[3].subject)])
    copying = Copying(Editing(embedded_store).commit, 7, Holdings(embedded_store, QUICK), QUICK)
    copying.events(wanted.events, lambda _written: None)
    assert findings(embedded_store, wanted) == []


def test_a_name_taken_meanwhile_stops_the_copy(embedded_store: EmbeddedStore) -> None:
    Editing(embedded_store).create_department({"name": "개발팀"})
    with pytest.raises(DepartmentExists):
        copy(embedded_store, plan())


def test_verification_catches_a_tampered_store(embedded_store: EmbeddedStore) -> None:
    wanted = plan()
    copy(embedded_store, wanted)
    with sqlite3.connect(embedded_store.path) as db:
        db.execute("UPDATE events SET title = '바뀜' WHERE id = ?", (wanted.events[0].subject.id,))
        db.execute("DELETE FROM events WHERE id = ?", (wanted.events[1].subject.id,))
        db.execute("UPDATE departments SET created_at = ?", ("2020-01-01T00:00:00.000Z",))
    db.close()
    found = {(finding.entry.origin.place, finding.kind, finding.fields) for finding in findings(embedded_store, wanted)}
    assert found == {
        ("회의 0", "different", ("title",)),
        ("회의 1", "missing", ()),
        ("개발팀", "different", ("created_at",)),
        ("인사팀", "different", ("created_at",)),
    }


def test_what_people_edited_or_moved_since_is_no_failure(embedded_store: EmbeddedStore) -> None:
    wanted = plan()
    copy(embedded_store, wanted)
    editing = Editing(embedded_store)
    editing.update_event(wanted.events[0].subject.id, {"title": "새 제목"})
    editing.update_event(wanted.events[3].subject.id, {"department_id": stable_id("department", "인사팀")})
    editing.update_department(wanted.departments[0].subject.id, {"name": "연구개발팀"})
    assert copy(embedded_store, wanted) == []
    result = verify(wanted, Holdings(embedded_store, QUICK))
    assert result.failures == []
    assert {finding.entry.origin.place for finding in result.edited} == {"회의 0", "회의 3", "개발팀"}


def test_moments_that_the_file_does_not_tell_are_not_compared(embedded_store: EmbeddedStore) -> None:
    wanted = plan()
    copy(embedded_store, wanted)
    later = replace(wanted.events[0].subject, created_at="2025-01-01T00:00:00.000Z")
    wanted.events[0] = replace(wanted.events[0], subject=later)
    assert [finding.fields for finding in findings(embedded_store, wanted)] == [("created_at",)]
    wanted.events[0] = replace(wanted.events[0], assumed=frozenset({"created_at"}))
    assert findings(embedded_store, wanted) == []


def test_objects_that_an_earlier_copy_wrote_under_their_old_ids_are_not_doubled(embedded_store: EmbeddedStore) -> None:
    wanted = plan()
    old = replace(wanted.events[0].subject, id="회의 0")
    Editing(embedded_store).commit([Edit(None, wanted.departments[0].subject)])
    Editing(embedded_store).commit([Edit(None, old)])
    assert wanted.events[0].subject not in copy(embedded_store, wanted)
    assert findings(embedded_store, wanted) == []
