"""The one way in which anything changes, on a real store with other processes played by a wrapper around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from interruptions import InterruptedStore, elsewhere_changed, unavailable
from samples import EVENT_BODY, department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import (
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    Invalid,
    StoreUnavailable,
    VersionConflict,
)
from calendar_server.services.editing import Editing
from calendar_server.services.mutations import Written
from calendar_server.services.write_queues import RACES


def test_every_write_is_stored_and_announced_once(
    editing: Editing, store: InterruptedStore, announced: list[Change]
) -> None:
    team = editing.create_department({"name": "개발팀"}).subject
    renamed = editing.update_department(team.id, {"name": "연구팀"}).subject
    made = editing.create_event(team.id, EVENT_BODY).subject
    changed = editing.update_event(made.id, {"title": "새 제목"}).subject
    assert isinstance(changed, CalendarEvent)
    assert store.get_department(team.id) == renamed
    assert store.get_event(made.id) == changed
    assert changed.version == 2
    events = store.changes_after(team.id, 0, 10)
    editing.delete_event(made.id)
    editing.delete_department(team.id)
    list_changes = store.changes_after(DEPARTMENTS_HISTORY, 0, 10)
    assert [c for c in announced if c.history == DEPARTMENTS_HISTORY] == list_changes
    assert [c.type for c in list_changes] == ["department_created", "department_updated", "department_deleted"]
    assert [c for c in announced if c.history == team.id][:2] == events
    assert [c.seq for c in announced if c.history == team.id] == [1, 2, 3]


def test_what_changes_nothing_is_neither_written_nor_announced(
    editing: Editing, team: Department, meeting: CalendarEvent, store: InterruptedStore, announced: list[Change]
) -> None:
    head, list_head = store.head(team.id), store.head(DEPARTMENTS_HISTORY)
    unchanged = Written(meeting, team.id, head, changed=False)
    assert editing.update_event(meeting.id, {"title": " 팀 회의 ", "department_id": team.id}) == unchanged
    assert editing.update_event(meeting.id, {}) == unchanged
    assert editing.update_department(team.id, {"name": "개발팀"}) == Written(
        team, DEPARTMENTS_HISTORY, list_head, changed=False
    )
    assert store.head(team.id).last_seq == 1
    assert announced == []


def test_refused_writes_change_and_announce_nothing(
    editing: Editing, team: Department, meeting: CalendarEvent, store: InterruptedStore, announced: list[Change]
) -> None:
    refused: list[tuple[type[Exception], Callable[[], object]]] = [
        (Invalid, lambda: editing.create_department({})),
        (DepartmentExists, lambda: editing.create_department({"name": "개발팀"})),
        (Invalid, lambda: editing.update_department(team.id, {"name": ""})),
        (DepartmentNotFound, lambda: editing.update_department("nowhere", {"name": ""})),
        (DepartmentNotFound, lambda: editing.delete_department("nowhere")),
        (DepartmentNotFound, lambda: editing.create_event("nowhere", {})),
        (DepartmentNotFound, lambda: editing.create_event(DEPARTMENTS_HISTORY, EVENT_BODY)),
        (Invalid, lambda: editing.create_event(team.id, {})),
        (EventExists, lambda: editing.create_event(team.id, {**EVENT_BODY, "id": meeting.id})),
        (Invalid, lambda: editing.update_event(meeting.id, {"title": None})),
        (EventNotFound, lambda: editing.update_event("nothing", {"title": None})),
        (EventNotFound, lambda: editing.delete_event("nothing")),
    ]
    for error, write in refused:
        with pytest.raises(error):
            write()
    assert announced == []
    assert store.snapshot(team.id).events == (meeting,)
    assert store.head(DEPARTMENTS_HISTORY).last_seq == 1


def test_a_name_taken_by_another_department_is_refused_on_renaming(editing: Editing, team: Department) -> None:
    editing.create_department({"name": "Sales"})
    with pytest.raises(DepartmentExists):
        editing.update_department(team.id, {"name": "SALES"})


@pytest.mark.parametrize("times", [1, RACES - 1])
def test_a_change_without_precondition_is_applied_to_what_another_process_made_of_it(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, announced: list[Change], times: int
) -> None:
    store.before_commit = [elsewhere_changed(store, meeting.id, description=str(n)) for n in range(times)]
    changed = editing.update_event(meeting.id, {"title": "새 제목"}).subject
    assert isinstance(changed, CalendarEvent)
    assert (changed.title, changed.description, changed.version) == ("새 제목", str(times - 1), times + 2)
    assert store.get_event(meeting.id) == changed
    assert [c.subject for c in announced] == [changed]


def test_a_department_is_changed_and_deleted_over_another_processs_change(
    editing: Editing, store: InterruptedStore, team: Department
) -> None:
    store.before_commit = [elsewhere_changed(store, team.id, description="다른 쪽")]
    changed = editing.update_department(team.id, {"name": "연구팀"}).subject
    assert isinstance(changed, Department)
    assert (changed.name, changed.description, changed.version) == ("연구팀", "다른 쪽", 3)
    store.before_commit = [elsewhere_changed(store, team.id, description="또")]
    editing.delete_department(team.id)
    assert store.list_departments().departments == ()


def test_a_writer_that_never_gets_its_turn_gives_up(
    editing: Editing, store: InterruptedStore, team: Department, meeting: CalendarEvent, announced: list[Change]
) -> None:
    for object_id, write in ((meeting.id, editing.delete_event), (team.id, editing.delete_department)):
        store.before_commit = [elsewhere_changed(store, object_id, description=str(n)) for n in range(RACES)]
        with pytest.raises(StoreUnavailable):
            write(object_id)
    assert announced == []


def test_a_failing_precondition_is_refused_with_the_object_as_it_is(
    editing: Editing, team: Department, meeting: CalendarEvent, announced: list[Change]
) -> None:
    writes: list[tuple[object, Callable[[], object]]] = [
        (meeting, lambda: editing.update_event(meeting.id, {"title": "b"}, matches=lambda _current: False)),
        (meeting, lambda: editing.update_event(meeting.id, {}, matches=lambda _current: False)),
        (meeting, lambda: editing.delete_event(meeting.id, matches=lambda _current: False)),
        (team, lambda: editing.update_department(team.id, {"name": "b"}, matches=lambda _current: False)),
        (team, lambda: editing.delete_department(team.id, matches=lambda _current: False)),
    ]
    for current, write in writes:
        with pytest.raises(VersionConflict) as caught:
            write()
        assert caught.value.current == current
    assert announced == []


def test_a_precondition_is_asked_again_after_another_processs_change(
    editing: Editing, store: InterruptedStore, meeting: CalendarEvent, announced: list[Change]
) -> None:
    store.before_commit = [elsewhere_changed(store, meeting.id, description="다른 쪽")]
    with pytest.raises(VersionConflict) as caught:
        editing.update_event(meeting.id, {"title": "b"}, matches=lambda current: current.version == 1)
    assert (caught.value.current.version, caught.value.current.description) == (2, "다른 쪽")
    assert announced == []


def test_a_precondition_that_holds_lets_the_write_through(editing: Editing, meeting: CalendarEvent) -> None:
    changed = editing.update_event(meeting.id, {"title": "b"}, matches=lambda current: current == meeting).subject
    editing.delete_event(meeting.id, matches=lambda current: current == changed)
    with pytest.raises(EventNotFound):
        editing.delete_event(meeting.id)


def test_batches_of_edits_are_announced_in_the_order_of_their_numbers(
    editing: Editing, team: Department, announced: list[Change]
) -> None:
    made = [event(team.id, str(n)) for n in range(5)]
    assert editing.commit([Edit(None, e) for e in made]) == announced
    assert [(c.seq, c.subject) for c in announced] == list(enumerate(made, start=1))


def test_a_store_that_does_not_answer_is_told_and_nothing_announced(
    editing: Editing, store: InterruptedStore, team: Department, meeting: CalendarEvent, announced: list[Change]
) -> None:
    other = department("다른 팀")
    store.store.commit([Edit(None, other)])
    for write in (
        lambda: editing.create_department({"name": "새 팀"}),
        lambda: editing.create_event(team.id, EVENT_BODY),
        lambda: editing.update_event(meeting.id, {"department_id": other.id}),
        lambda: editing.delete_department(team.id),
    ):
        store.before_commit = [unavailable]
        with pytest.raises(StoreUnavailable):
            write()
    assert announced == []
    assert editing.update_event(meeting.id, {"title": "이제 된다"}).subject.version == 2
