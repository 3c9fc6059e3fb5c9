"""What every store promises about heads, receipts and time, run unchanged on each of them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from preparing import LATER, created, with_event
from samples import department, event, receipt

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit, Head
from calendar_server.domain.receipts import KEPT_SECONDS
from calendar_server.errors import (
    CalendarError,
    DepartmentNotFound,
    EventNotFound,
    HeadMoved,
    ReceiptExists,
)
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from models import DynamoDBDatabase


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
