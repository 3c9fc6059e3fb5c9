"""Edits and the changes that they become."""

from __future__ import annotations

import pytest
from samples import department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit, Subject, events_history, history_of, new_epoch
from calendar_server.errors import DepartmentNotFound

LATER = "2024-02-01T00:00:00.000Z"
TEAM = department()
MEETING = event(TEAM.id)


@pytest.mark.parametrize(
    ("before", "after", "change_type"),
    [
        (None, TEAM, "department_created"),
        (TEAM, TEAM.changed({"name": "새 이름"}, LATER), "department_updated"),
        (TEAM, None, "department_deleted"),
        (None, MEETING, "event_created"),
        (MEETING, MEETING.changed({"title": "새 제목"}, LATER), "event_updated"),
        (MEETING, None, "event_deleted"),
    ],
)
def test_an_edit_is_one_step_in_its_objects_history(
    before: Subject | None, after: Subject | None, change_type: str
) -> None:
    edit = Edit(before, after)
    assert edit.subject == (after or before)
    assert not edit.is_move
    assert edit.steps == ((history_of(edit.subject), change_type, edit.subject),)


def test_a_move_is_a_deletion_here_and_a_creation_there() -> None:
    moved = MEETING.changed({"department_id": "elsewhere", "title": "옮긴 회의"}, LATER)
    edit = Edit(MEETING, moved)
    assert edit.is_move
    assert edit.steps == ((TEAM.id, "event_deleted", MEETING), ("elsewhere", "event_created", moved))


def test_departments_share_one_history_and_events_have_their_departments() -> None:
    assert history_of(TEAM) == DEPARTMENTS_HISTORY
    assert history_of(MEETING) == TEAM.id == events_history(TEAM.id)


def test_no_department_is_named_as_the_lists_history() -> None:
    with pytest.raises(DepartmentNotFound):
        events_history(DEPARTMENTS_HISTORY)


def test_an_epoch_is_not_used_twice() -> None:
    epochs = {new_epoch() for _ in range(50)}
    assert len(epochs) == 50
    assert "" not in epochs


def test_a_change_raises_the_version_and_says_when() -> None:
    changed = MEETING.changed({"title": "새 제목"}, LATER)
    assert (changed.version, changed.title, changed.last_modified) == (2, "새 제목", LATER)
    renamed = TEAM.changed({"name": "새 이름"}, LATER)
    assert (renamed.version, renamed.name, renamed.updated_at) == (2, "새 이름", LATER)


@pytest.mark.parametrize("subject", [TEAM, MEETING])
def test_what_changes_nothing_gives_the_object_itself(subject: Subject) -> None:
    assert subject.changed({}, LATER) is subject
    assert subject.changed({"description": subject.description}, LATER) is subject


def test_events_sort_by_day_then_start_then_id() -> None:
    unread, morning, evening = (event(TEAM.id, time=text) for text in ("종일", "오전 9시", "저녁 7시"))
    next_day = event(TEAM.id, event_date="2024-01-21", time="")
    twins = sorted([event(TEAM.id, time="오전 9시"), morning], key=lambda e: e.id)
    shuffled = [next_day, evening, *twins, unread]
    assert sorted(shuffled, key=lambda e: e.sort_key) == [unread, *twins, evening, next_day]
