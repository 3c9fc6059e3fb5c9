"""Events that change departments, and departments that go, while other processes and threads interfere."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import pytest
from interruptions import InterruptedStore, elsewhere_changed, unavailable
from samples import EVENT_BODY, named

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentNotFound, EventNotFound, Invalid, StoreUnavailable
from calendar_server.services.editing import MOVES, Editing
from calendar_server.services.mutations import AnsweredBefore


@pytest.fixture
def other(editing: Editing, announced: list[Change]) -> Department:
    made = editing.create_department({"name": "다른 팀"}).subject
    announced.clear()
    assert isinstance(made, Department)
    return made


def problems(error: Invalid) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in error.problems]


def test_a_move_stands_in_both_histories_and_is_announced_to_both(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, other: Department, announced: list[Change]
) -> None:
    moved = editing.update_event(meeting.id, {"department_id": other.id.upper(), "title": "옮긴 회의"}).subject
    assert isinstance(moved, CalendarEvent)
    assert (moved.department_id, moved.title, moved.version) == (other.id, "옮긴 회의", 2)
    assert [(c.history, c.seq, c.type, c.subject) for c in announced] == [
        (meeting.department_id, 2, "event_deleted", meeting),
        (other.id, 1, "event_created", moved),
    ]
    assert store.snapshot(meeting.department_id).events == ()
    assert store.snapshot(other.id).events == (moved,)


@pytest.mark.parametrize("target", ["nowhere", DEPARTMENTS_HISTORY])
def test_a_move_to_a_department_that_does_not_exist_is_invalid(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, announced: list[Change], target: str
) -> None:
    with pytest.raises(Invalid) as caught:
        editing.update_event(meeting.id, {"department_id": target, "title": "옮긴 회의"})
    assert problems(caught.value) == [("department_id", "unknown_department")]
    assert store.get_event(meeting.id) == meeting
    assert announced == []


def test_a_target_that_goes_just_before_the_commit_is_invalid_too(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, other: Department
) -> None:
    store.before_commit = [lambda: store.store.commit([Edit(other, None)])]
    with pytest.raises(Invalid) as caught:
        editing.update_event(meeting.id, {"department_id": other.id})
    assert problems(caught.value) == [("department_id", "unknown_department")]
    assert store.get_event(meeting.id) == meeting


def test_an_event_that_moved_while_its_writer_waited_is_changed_where_it_is_now(
    store: InterruptedStore, meeting: CalendarEvent, other: Department, announced: list[Change]
) -> None:
    editing = Editing(store, announced.extend)
    store.after_get_event = [elsewhere_changed(store, meeting.id, department_id=other.id)]
    changed = editing.update_event(meeting.id, {"title": "새 제목"}).subject
    assert isinstance(changed, CalendarEvent)
    assert (changed.department_id, changed.title, changed.version) == (other.id, "새 제목", 3)
    assert [c.history for c in announced] == [other.id]


def test_an_event_that_moves_just_before_the_commit_is_changed_where_it_is_now(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, other: Department, announced: list[Change]
) -> None:
    store.before_commit = [elsewhere_changed(store, meeting.id, department_id=other.id)]
    assert editing.update_event(meeting.id, {"title": "새 제목"}).history == other.id
    store.before_commit = [elsewhere_changed(store, meeting.id, department_id=meeting.department_id)]
    editing.delete_event(meeting.id)
    assert [(c.history, c.type) for c in announced] == [
        (other.id, "event_updated"),
        (meeting.department_id, "event_deleted"),
    ]


def test_an_event_that_never_stands_still_is_given_up(
    store: InterruptedStore, meeting: CalendarEvent, other: Department
) -> None:
    homes = [other.id, meeting.department_id] * MOVES
    store.after_get_event = [elsewhere_changed(store, meeting.id, department_id=home) for home in homes]
    with pytest.raises(StoreUnavailable, match="moving"):
        Editing(store).delete_event(meeting.id)
    assert store.get_event(meeting.id).title == meeting.title


def test_an_event_that_goes_just_before_the_commit_is_not_found(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent
) -> None:
    store.before_commit = [lambda: store.store.commit([Edit(meeting, None)])]
    with pytest.raises(EventNotFound):
        editing.update_event(meeting.id, {"title": "새 제목"})


def test_a_department_that_goes_just_before_the_commit_takes_no_event(
    editing: Editing, store: InterruptedStore, team: Department, announced: list[Change]
) -> None:
    store.before_commit = [lambda: store.store.commit([Edit(team, None)])]
    with pytest.raises(DepartmentNotFound):
        editing.create_event(team.id, EVENT_BODY)
    assert announced == []


def test_a_department_goes_with_its_events(editing: Editing, store: InterruptedStore, meeting: CalendarEvent) -> None:
    editing.delete_department(meeting.department_id)
    with pytest.raises(EventNotFound):
        store.get_event(meeting.id)


def test_a_deletion_that_a_crash_cut_off_is_finished_by_the_next_one(
    editing: Editing, store: InterruptedStore, announced: list[Change]
) -> None:
    store.deletions = [lambda: True]
    editing.delete_department("half-deleted")
    assert store.deletions == []
    with pytest.raises(DepartmentNotFound):
        editing.delete_department("half-deleted")
    assert announced == []


def test_a_named_deletion_that_finishes_an_interrupted_one_is_remembered_as_done(
    editing: Editing, store: InterruptedStore
) -> None:
    store.deletions = [lambda: True]
    assert editing.delete_department("half-deleted", mutation=named("삭제")) is None
    with pytest.raises(AnsweredBefore) as repeated:
        editing.delete_department("half-deleted", mutation=named("삭제"))
    assert repeated.value.answer.body == b"None"


def test_a_deletion_is_done_although_its_remains_must_wait(
    editing: Editing, store: InterruptedStore, team: Department, caplog: pytest.LogCaptureFixture
) -> None:
    store.deletions = [lambda: bool(unavailable())]
    with caplog.at_level(logging.WARNING):
        editing.delete_department(team.id)
    assert team.id in caplog.text
    assert store.list_departments().departments == ()


def test_a_cut_off_deletion_that_cannot_be_finished_now_is_told(editing: Editing, store: InterruptedStore) -> None:
    store.deletions = [lambda: bool(unavailable())]
    with pytest.raises(StoreUnavailable):
        editing.delete_department("half-deleted")


def test_writers_at_the_same_time_are_announced_in_the_order_of_their_numbers(
    store: InterruptedStore, team: Department, other: Department
) -> None:
    announced: list[Change] = []
    delays = iter([0.004, 0.0, 0.002] * 100)

    def announce(changes: Sequence[Change]) -> None:
        time.sleep(next(delays))
        announced.extend(changes)

    editing = Editing(store, announce)

    def write(home: Department, target: Department) -> None:
        for n in range(8):
            made = editing.create_event(home.id, {**EVENT_BODY, "title": str(n)}).subject
            editing.update_event(made.id, {"department_id": target.id})

    threads = [threading.Thread(target=write, args=pair) for pair in [(team, other), (other, team)] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    for history in (team.id, other.id):
        told = [change for change in announced if change.history == history]
        assert [change.seq for change in told] == list(range(1, 3 * 16 + 1))
        assert told == store.changes_after(history, 0, 1000)
