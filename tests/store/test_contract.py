"""What every store promises, run unchanged on each of them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from samples import department, event, receipt

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit, Head
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import KEPT_SECONDS
from calendar_server.errors import (
    CalendarError,
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    HeadMoved,
    ReceiptExists,
    VersionConflict,
)
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from models import DynamoDBDatabase

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


def heads_of(store: Store, *histories: str) -> dict[str, Head]:
    return {history: store.head(history) for history in histories}


def opened_again(store: Store) -> Store:
    """The same store as another process opens it."""
    if isinstance(store, EmbeddedStore):
        return EmbeddedStore(Path(store.path))
    assert isinstance(store, DynamoDBDatabase)
    return DynamoDBDatabase(store._settings)


def test_a_commit_on_the_head_that_it_expects_succeeds(store: Store) -> None:
    owner = created(store).id
    made = event(owner)
    assert [c.seq for c in store.commit([Edit(None, made)], heads_of(store, owner))] == [1]
    changed = made.changed({"title": "하나"}, LATER)
    batch = [Edit(made, changed), Edit(None, event(owner))]
    assert [c.seq for c in store.commit(batch, heads_of(store, owner))] == [2, 3]
    assert [c.seq for c in store.commit([Edit(None, department("나"))], heads_of(store, DEPARTMENTS_HISTORY))] == [2]


def test_a_commit_on_another_head_stores_nothing(store: Store) -> None:
    made = with_event(store)
    owner = made.department_id
    seen = heads_of(store, owner)
    store.commit([Edit(None, event(owner, "다른 프로세스"))])
    fresh = event(owner, "새 이벤트")
    for expected in (seen, {owner: Head(5, seen[owner].epoch)}, {owner: Head(2, "another")}):
        with pytest.raises(HeadMoved):
            store.commit([Edit(None, fresh, receipt=receipt("a"))], expected)
    assert store.head(owner).last_seq == 2
    assert store.find_receipt("a") is None
    with pytest.raises(EventNotFound):
        store.get_event(fresh.id)


def test_a_moved_head_is_told_before_an_outdated_version(store: Store) -> None:
    made = with_event(store)
    seen = heads_of(store, made.department_id)
    store.commit([Edit(made, made.changed({"title": "하나"}, LATER))])
    with pytest.raises(HeadMoved):
        store.commit([Edit(made, made.changed({"title": "둘"}, LATER))], seen)


def test_a_move_expects_the_heads_of_both_departments(store: Store) -> None:
    made = with_event(store)
    target = created(store, "다른 팀").id
    moved = made.changed({"department_id": target}, LATER)
    seen = heads_of(store, made.department_id, target)
    store.commit([Edit(None, event(target))])
    with pytest.raises(HeadMoved):
        store.commit([Edit(made, moved)], seen)
    assert store.get_event(made.id) == made
    changes = store.commit([Edit(made, moved)], heads_of(store, made.department_id, target))
    assert [(c.history, c.seq) for c in changes] == [(made.department_id, 2), (target, 2)]


def test_a_department_that_has_gone_is_at_no_expected_head(store: Store) -> None:
    owner = created(store)
    seen = heads_of(store, owner.id)
    store.commit([Edit(owner, None)])
    with pytest.raises((HeadMoved, DepartmentNotFound)):
        store.commit([Edit(None, event(owner.id))], seen)
    store.commit([Edit(None, owner)])
    with pytest.raises(HeadMoved):
        store.commit([Edit(None, event(owner.id))], seen)
    assert store.snapshot(owner.id).events == ()


def test_of_simultaneous_commits_on_one_head_exactly_one_succeeds(store: Store) -> None:
    owner = created(store).id
    seen = heads_of(store, owner)
    outcomes: list[object] = []

    def attempt() -> None:
        try:
            outcomes.append(len(store.commit([Edit(None, event(owner))], seen)))
        except CalendarError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted(["1", *[str(HeadMoved)] * 5])
    assert store.head(owner).last_seq == 1


def test_a_refused_edit_is_named_by_its_position(store: Store) -> None:
    made = with_event(store)
    owner = made.department_id
    fresh = [Edit(None, event(owner, str(n))) for n in range(2)]
    outdated = Edit(replace(made, version=7), replace(made, version=8))
    for refused in (outdated, Edit(None, event(owner, id=made.id), id_from_client=True)):
        with pytest.raises(CalendarError) as caught:
            store.commit([*fresh, refused], heads_of(store, owner))
        assert caught.value.position == 2
    assert store.head(owner).last_seq == 1


@pytest.mark.parametrize("key", ["a", "x" * 255, '"~!#/\\"'])
def test_a_receipt_is_stored_with_its_commit_and_found(store: Store, key: str) -> None:
    owner = created(store).id
    kept = receipt(key, "답 \x00 \U0001f600".encode())
    assert store.find_receipt(key) is None
    store.commit([Edit(None, event(owner), mutation_id=key, receipt=kept), Edit(None, event(owner))])
    assert store.find_receipt(key) == kept
    assert store.find_receipt(key + "b") is None
    other = opened_again(store)
    assert other.find_receipt(key) == kept
    other.close()
    assert [c.mutation_id for c in store.changes_after(owner, 0, 10)] == [key, None]


def test_a_key_is_used_once_and_the_repetition_stores_nothing(store: Store) -> None:
    owner = created(store).id
    first = receipt("a", b"first")
    store.commit([Edit(None, event(owner), receipt=first)])
    again = [Edit(None, event(owner)), Edit(None, event(owner), receipt=receipt("a", b"second"))]
    for expected in (None, heads_of(store, owner)):
        with pytest.raises(ReceiptExists) as caught:
            store.commit(again, expected)
        assert caught.value.position == 1
    assert store.find_receipt("a") == first
    assert len(store.snapshot(owner).events) == 1


@pytest.mark.parametrize("action", ["create", "update", "delete", "move"])
def test_every_kind_of_write_has_its_receipt(store: Store, action: str) -> None:
    made = with_event(store)
    other = created(store, "다른 팀")
    edits = {
        "create": Edit(None, event(other.id), id_from_client=True),
        "update": Edit(made, made.changed({"title": "하나"}, LATER)),
        "delete": Edit(made, None),
        "move": Edit(made, made.changed({"department_id": other.id}, LATER)),
    }
    kept = receipt("event")
    store.commit([replace(edits[action], receipt=kept)])
    of_department = {
        "create": Edit(None, department("나")),
        "update": Edit(other, other.changed({"description": "하나"}, LATER)),
        "delete": Edit(other, None),
        "move": Edit(other, other.changed({"name": "새 이름"}, LATER)),
    }
    store.commit([replace(of_department[action], receipt=replace(kept, key="department"))])
    assert store.find_receipt("event") == kept
    assert store.find_receipt("department") == replace(kept, key="department")


def test_a_full_batch_of_named_writes_is_taken(store: Store) -> None:
    owner = created(store).id
    batch = [
        Edit(None, event(owner, str(n)), receipt=receipt(f"key {n}"), id_from_client=True)
        for n in range(store.batch_limit)
    ]
    assert store.commit(batch, heads_of(store, owner))[-1].seq == store.batch_limit
    assert store.find_receipt(f"key {store.batch_limit - 1}") is not None


def test_a_receipt_without_a_commit_is_kept_and_its_key_is_used_up(store: Store) -> None:
    first = receipt("a", b"first")
    store.keep_receipt(first)
    with pytest.raises(ReceiptExists):
        store.keep_receipt(receipt("a", b"second"))
    with pytest.raises(ReceiptExists) as caught:
        store.commit([Edit(None, department(), receipt=receipt("a"))])
    assert caught.value.position == 0
    assert store.find_receipt("a") == first
    assert store.list_departments().departments == ()


def test_a_receipt_that_has_expired_is_not_found_and_its_key_is_free(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = created(store).id
    store.keep_receipt(receipt("kept"))
    store.commit([Edit(None, event(owner), receipt=receipt("committed"))])
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now + KEPT_SECONDS - 60)
        assert store.find_receipt("kept") is not None
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now + KEPT_SECONDS + 60)
        assert store.find_receipt("kept") is None
        assert store.find_receipt("committed") is None
        new = receipt("kept", b"new")
        store.keep_receipt(new)
        store.commit([Edit(None, event(owner), receipt=replace(new, key="committed"))])
        assert store.find_receipt("kept") == new
        assert store.find_receipt("committed") == replace(new, key="committed")


def test_the_heads_of_many_histories_are_read_at_once(store: Store) -> None:
    made = with_event(store)
    gone, empty = created(store, "없어진 팀"), created(store, "빈 팀")
    store.commit([Edit(gone, None)])
    asked = [
        made.department_id,
        empty.id,
        gone.id,
        "nowhere",
        DEPARTMENTS_HISTORY,
        *[f"unknown {n}" for n in range(120)],
    ]
    found = store.heads(asked)
    assert found == heads_of(store, made.department_id, empty.id, DEPARTMENTS_HISTORY)
    assert found[made.department_id].last_seq == 1
    assert store.heads([]) == {}


def test_the_secret_is_made_once_and_the_same_for_all_processes(store: Store) -> None:
    other = opened_again(store)
    found: list[str] = []
    threads = [threading.Thread(target=lambda each=each: found.append(each.secret())) for each in (store, other) * 3]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {store.secret()}
    assert len(found) == 6
    assert len(found[0]) >= 32
    other.close()


def test_forgetting_what_has_expired_leaves_everything_else(store: Store) -> None:
    made = with_event(store)
    kept = receipt("a")
    store.keep_receipt(kept)
    before = (store.list_departments(), store.snapshot(made.department_id), store.secret())
    rows = store.changes_after(made.department_id, 0, 10)
    store.forget_expired()
    assert (store.list_departments(), store.snapshot(made.department_id), store.secret()) == before
    assert store.changes_after(made.department_id, 0, 10) == rows
    assert store.find_receipt("a") == kept
