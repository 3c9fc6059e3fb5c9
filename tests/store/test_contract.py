"""What every store promises, run unchanged on each of them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from preparing import LATER, created, refusal, with_event
from samples import department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.errors import (
    CalendarError,
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    VersionConflict,
)
from calendar_server.store.contract import Store


def test_an_empty_store_is_ready_and_has_nothing(store: Store) -> None:
    store.check()
    assert store.list_departments().departments == ()
    assert store.list_departments().head.last_seq == 0
    assert store.describe()


def test_a_department_comes_back_as_it_was_written(store: Store) -> None:
    made = created(store)
    assert store.get_department(made.id) == made
    assert store.list_departments().departments == (made,)


def test_departments_are_listed_oldest_first(store: Store) -> None:
    new, old = department("나", created_at=LATER), department("가")
    store.commit([Edit(None, new), Edit(None, old)])
    assert [d.name for d in store.list_departments().departments] == ["가", "나"]


@pytest.mark.parametrize("name", ["개발팀", " Sales ".strip(), "SALES"])
def test_a_name_is_held_by_one_department_whatever_its_case(store: Store, name: str) -> None:
    store.commit([Edit(None, department("Sales")), Edit(None, department("개발팀"))])
    assert isinstance(refusal(store, Edit(None, department(name))), DepartmentExists)


def test_a_name_is_free_again_after_its_department_is_renamed_or_deleted(store: Store) -> None:
    first = created(store, "가")
    renamed = first.changed({"name": "나"}, LATER)
    store.commit([Edit(first, renamed)])
    store.commit([Edit(None, department("가"))])
    store.commit([Edit(renamed, None)])
    store.commit([Edit(None, department("나"))])
    assert sorted(d.name for d in store.list_departments().departments) == ["가", "나"]


def test_a_department_may_change_the_case_of_its_own_name_but_not_take_another_one(store: Store) -> None:
    first, other = created(store, "sales"), created(store, "나")
    upper = first.changed({"name": "SALES"}, LATER)
    store.commit([Edit(first, upper)])
    assert store.get_department(first.id).name == "SALES"
    assert isinstance(refusal(store, Edit(other, other.changed({"name": "Sales"}, LATER))), DepartmentExists)


def test_of_simultaneous_departments_of_one_name_exactly_one_is_made(store: Store) -> None:
    outcomes: list[object] = []

    def attempt() -> None:
        try:
            outcomes.append(store.commit([Edit(None, department("동시"))]))
        except CalendarError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(DepartmentExists) == 7
    assert len(store.list_departments().departments) == 1


def test_an_event_comes_back_as_it_was_written(store: Store) -> None:
    made = with_event(store, description="여러 줄\n입니다", time="", url="")
    assert store.get_event(made.id) == made
    assert store.snapshot(made.department_id).events == (made,)


def test_events_are_ordered_by_day_start_and_id(store: Store) -> None:
    owner = created(store).id
    late, early = event(owner, "b", time="15:00"), event(owner, "a", time="오전 9시")
    unread, before = event(owner, "c", time="아무 때나"), event(owner, "d", event_date="2024-01-19")
    store.commit([Edit(None, late), Edit(None, early), Edit(None, unread), Edit(None, before)])
    assert [e.title for e in store.snapshot(owner).events] == ["d", "c", "a", "b"]


def test_an_event_needs_an_existing_department(store: Store) -> None:
    assert isinstance(refusal(store, Edit(None, event("nowhere"))), DepartmentNotFound)
    with pytest.raises(DepartmentNotFound):
        store.snapshot("nowhere")
    with pytest.raises(DepartmentNotFound):
        store.head("nowhere")
    with pytest.raises(DepartmentNotFound):
        store.changes_after("nowhere", 0, 10)


@pytest.mark.parametrize("event_id", ["nothing", "", "가" * 2000])
def test_what_does_not_exist_is_not_found(store: Store, event_id: str) -> None:
    with pytest.raises(EventNotFound):
        store.get_event(event_id)
    with pytest.raises(DepartmentNotFound):
        store.get_department(event_id)


def test_an_id_is_used_once_in_all_departments(store: Store) -> None:
    made = with_event(store)
    other = created(store, "다른 팀")
    again = replace(made, department_id=other.id)
    assert isinstance(refusal(store, Edit(None, made, id_from_client=True)), EventExists)
    assert isinstance(refusal(store, Edit(None, again, id_from_client=True)), EventExists)
    assert store.snapshot(other.id).events == ()


def test_a_deleted_events_id_may_come_back(store: Store) -> None:
    made = event(created(store).id)
    store.commit([Edit(None, made, id_from_client=True)])
    store.commit([Edit(made, None)])
    store.commit([Edit(None, made, id_from_client=True)])
    assert store.get_event(made.id) == made


def test_an_update_is_accepted_once_for_each_version(store: Store) -> None:
    made = with_event(store)
    first, second = made.changed({"title": "하나"}, LATER), made.changed({"title": "둘"}, LATER)
    store.commit([Edit(made, first)])
    conflict = refusal(store, Edit(made, second))
    assert isinstance(conflict, VersionConflict)
    assert conflict.current == first
    assert store.get_event(made.id) == first


def test_a_deletion_is_accepted_for_the_present_version_only(store: Store) -> None:
    made = with_event(store)
    changed = made.changed({"title": "하나"}, LATER)
    store.commit([Edit(made, changed)])
    assert isinstance(refusal(store, Edit(made, None)), VersionConflict)
    store.commit([Edit(changed, None)])
    assert isinstance(refusal(store, Edit(changed, None)), EventNotFound)
    assert isinstance(refusal(store, Edit(changed, changed.changed({"title": "둘"}, LATER))), EventNotFound)
    assert store.snapshot(made.department_id).events == ()


def test_an_outdated_department_is_not_overwritten(store: Store) -> None:
    made = created(store)
    store.commit([Edit(made, made.changed({"description": "하나"}, LATER))])
    conflict = refusal(store, Edit(made, made.changed({"description": "둘"}, LATER)))
    assert isinstance(conflict, VersionConflict)
    assert conflict.current.description == "하나"
    assert isinstance(refusal(store, Edit(department("없음"), None)), DepartmentNotFound)


def test_a_batch_is_stored_as_a_whole_or_not_at_all(store: Store) -> None:
    made = with_event(store)
    fresh = event(made.department_id, "새 이벤트")
    outdated = Edit(replace(made, version=7), replace(made, version=8))
    assert isinstance(refusal(store, Edit(None, fresh), outdated), VersionConflict)
    assert store.snapshot(made.department_id).events == (made,)
    assert store.head(made.department_id).last_seq == 1


def test_a_full_batch_is_taken(store: Store) -> None:
    owner = created(store).id
    changes = store.commit([Edit(None, event(owner, str(n)), id_from_client=True) for n in range(store.batch_limit)])
    assert [change.seq for change in changes] == list(range(1, store.batch_limit + 1))
    assert len(store.snapshot(owner).events) == store.batch_limit


def test_a_full_batch_of_departments_is_created_and_deleted(store: Store) -> None:
    made = [department(f"팀 {n}") for n in range(min(store.batch_limit, 30))]
    store.commit([Edit(None, d) for d in made])
    store.commit([Edit(d, None) for d in made])
    assert store.list_departments().departments == ()


def test_every_change_has_the_next_number_of_its_history(store: Store) -> None:
    made = with_event(store)
    changed = made.changed({"title": "하나"}, LATER)
    store.commit([Edit(made, changed, mutation_id="내 편집")])
    store.commit([Edit(changed, None)])
    rows = store.changes_after(made.department_id, 0, 10)
    assert [(row.seq, row.type, row.subject) for row in rows] == [
        (1, "event_created", made),
        (2, "event_updated", changed),
        (3, "event_deleted", changed),
    ]
    assert [row.mutation_id for row in rows] == [None, "내 편집", None]
    assert [row.seq for row in store.changes_after(made.department_id, 1, 1)] == [2]
    assert store.head(made.department_id).last_seq == 3


def test_the_list_of_departments_has_a_history_of_its_own(store: Store) -> None:
    made = created(store)
    changed = made.changed({"description": "하나"}, LATER)
    store.commit([Edit(made, changed)])
    store.commit([Edit(changed, None)])
    rows = store.changes_after(DEPARTMENTS_HISTORY, 0, 10)
    assert [row.type for row in rows] == ["department_created", "department_updated", "department_deleted"]
    assert rows[2].subject == changed
    assert store.list_departments().head == store.head(DEPARTMENTS_HISTORY)


def test_a_commit_returns_the_changes_that_it_stored(store: Store) -> None:
    owner = created(store).id
    changes = store.commit([Edit(None, event(owner, "가")), Edit(None, event(owner, "나"))])
    assert store.changes_after(owner, 0, 10) == changes


def test_a_moved_event_leaves_one_history_and_enters_the_other(store: Store) -> None:
    made = with_event(store)
    target = created(store, "다른 팀").id
    moved = made.changed({"department_id": target, "title": "옮김"}, LATER)
    changes = store.commit([Edit(made, moved)])
    assert [(c.history, c.seq, c.type) for c in changes] == [
        (made.department_id, 2, "event_deleted"),
        (target, 1, "event_created"),
    ]
    assert changes[0].subject == made
    assert store.get_event(made.id) == moved
    assert store.snapshot(made.department_id).events == ()
    assert store.snapshot(target).events == (moved,)
    assert isinstance(refusal(store, Edit(made, None)), VersionConflict)


def test_an_event_cannot_move_to_a_department_that_does_not_exist(store: Store) -> None:
    made = with_event(store)
    moved = made.changed({"department_id": "nowhere"}, LATER)
    assert isinstance(refusal(store, Edit(made, moved)), DepartmentNotFound)
    assert store.get_event(made.id) == made


def test_a_deleted_department_is_gone_with_its_events_and_its_history(store: Store) -> None:
    made = with_event(store)
    owner = store.get_department(made.department_id)
    store.commit([Edit(owner, None)])
    store.finish_deletions(owner.id)
    for reading in (store.get_department, store.snapshot, store.head):
        with pytest.raises(DepartmentNotFound):
            reading(owner.id)
    with pytest.raises(EventNotFound):
        store.get_event(made.id)
    assert isinstance(refusal(store, Edit(None, event(owner.id))), DepartmentNotFound)
    assert store.finish_deletions(owner.id) is False


def test_a_department_that_comes_back_under_its_id_starts_empty_in_a_new_epoch(store: Store) -> None:
    made = with_event(store)
    owner = store.get_department(made.department_id)
    epoch = store.head(owner.id).epoch
    store.commit([Edit(owner, None)])
    store.commit([Edit(None, owner)])
    assert store.snapshot(owner.id).events == ()
    assert store.head(owner.id).last_seq == 0
    assert store.head(owner.id).epoch != epoch


def test_simultaneous_writers_lose_nothing_and_leave_no_gap(store: Store) -> None:
    owner = created(store).id

    def write() -> None:
        for _ in range(5):
            store.commit([Edit(None, event(owner))])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.snapshot(owner).events) == 20
    assert [row.seq for row in store.changes_after(owner, 0, 100)] == list(range(1, 21))
