"""Extracts: one moment of the whole store, however much is written while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backup.whole_stores import content, fill
from samples import department, event, receipt

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.departments import Department
from calendar_server.errors import StoreUnavailable
from calendar_server.store.contract import Store
from calendar_server.store.dynamodb import cuts, extracting, replacing
from calendar_server.store.dynamodb.connection import Connection
from calendar_server.store.extracts import Extract

Opening = Callable[[str], Store]


def extracted(extract: Extract) -> dict[str, Any]:
    """In the form of ``content``."""
    events, changes = list(extract.events()), list(extract.changes())
    histories = {DEPARTMENTS_HISTORY: extract.departments.head, **extract.heads}
    of = {history: tuple(e for e in events if e.department_id == history) for history in extract.heads}
    return {
        "departments": extract.departments.departments,
        "events": {history: tuple(sorted(found, key=lambda e: e.sort_key)) for history, found in of.items()},
        "numbers": {history: head.last_seq for history, head in histories.items()},
        "changes": {history: [c for c in changes if c.history == history] for history in histories},
        "receipts": sorted(extract.receipts(), key=lambda kept: kept.receipt.key),
        "secret": extract.secret,
    }


def write_all_sorts(store: Store, first: Department, second: Department, number: int) -> None:
    """Into two departments, and into some that begin and end."""
    there = store.snapshot(first.id).events
    store.commit([Edit(there[0], replace(there[0], department_id=second.id, version=there[0].version + 1))])
    store.commit([Edit(there[1], None), Edit(there[2], replace(there[2], title="나중", version=there[2].version + 1))])
    back = store.snapshot(second.id).events[0]
    store.commit([Edit(back, replace(back, department_id=first.id, version=back.version + 1), f"되돌리기 {number}")])
    key = f"그사이 {number}"
    store.commit([Edit(None, event(second.id, "새 회의"), key, receipt(key))])
    begun, ended = department(f"새 팀 {number}"), department(f"잠깐 있던 팀 {number}")
    for each in (begun, ended):
        store.commit([Edit(None, each)])
        store.commit([Edit(None, event(each.id))])
    store.commit([Edit(ended, None)])
    store.finish_deletions()


def after_each_scan(monkeypatch: pytest.MonkeyPatch, tables: tuple[str, ...], write: Callable[[], None]) -> None:
    """Call ``write`` behind every page of a scan of ``tables``, but for those of its own."""
    pages, writing = Connection.pages, []

    def disturbed(self: Connection, operation: str, **parameters: Any) -> Iterator[Any]:
        for page in pages(self, operation, **parameters):
            yield page
            if operation == "scan" and parameters["TableName"] in tables and not writing:
                writing.append(True)
                write()
                writing.clear()

    monkeypatch.setattr(Connection, "pages", disturbed)


@pytest.mark.parametrize("kind", ["moto", "ministack"])
def test_what_is_written_during_the_scans_is_in_it_exactly_once(
    kind: str, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening(kind)
    first, second = fill(store)
    written: list[int] = []

    def write() -> None:
        written.append(len(written))
        write_all_sorts(store, first, second, len(written))

    after_each_scan(monkeypatch, (store.schema.events.name, store.schema.records.name), write)
    with store.extract(tmp_path) as extract:
        monkeypatch.undo()
        assert len(written) == 2
        assert extracted(extract) == content(store, tmp_path)


def test_what_is_written_afterwards_is_not_in_it(whole_store: Store, tmp_path: Path) -> None:
    first, second = fill(whole_store)
    before = content(whole_store, tmp_path)
    with whole_store.extract(tmp_path) as extract:
        write_all_sorts(whole_store, first, second, 1)
        assert extracted(extract) == before
    assert content(whole_store, tmp_path) != before


def test_what_deleted_departments_have_left_behind_is_not_in_it(opening: Opening, tmp_path: Path) -> None:
    store = opening("moto")
    gone = department("없어질 팀")
    store.commit([Edit(None, gone)])
    store.commit([Edit(None, event(gone.id))])
    store.commit([Edit(gone, None)])
    with store.extract(tmp_path) as extract:
        assert list(extract.events()) == []
        assert extract.heads == {}


def test_a_table_made_by_hand_with_id_alone_is_read_and_restored(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening("moto")
    by_hand: Any = opening("moto")
    events = by_hand.schema.events
    by_hand.connection.call("delete_table", TableName=events.name)
    by_hand.connection.call(
        "create_table",
        TableName=events.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    by_hand.tables._events = None
    by_hand.create_tables(report=lambda _line: None)
    first, second = fill(by_hand)
    write_all_sorts(by_hand, first, second, 1)
    before = content(by_hand, tmp_path)
    with by_hand.extract(tmp_path) as extract:
        store.replace(extract)
    with store.extract(tmp_path) as extract:
        by_hand.replace(extract)
    assert content(by_hand, tmp_path) == content(store, tmp_path) == before


def test_more_histories_than_one_transaction_reads_are_cut_at_one_moment(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuts, "HISTORIES_AT_ONCE", 2)
    store: Any = opening("moto")
    first, second = fill(store)
    readings: list[int] = []
    heads = store._reads.heads

    def while_others_write(histories: Any) -> Any:
        found = heads(histories)
        readings.append(1)
        if len(readings) in (1, 2):
            write_all_sorts(store, first, second, len(readings))
        return found

    monkeypatch.setattr(store._reads, "heads", while_others_write)
    with store.extract(tmp_path) as extract:
        assert len(readings) > 4
        assert extracted(extract) == content(store, tmp_path)


def test_changes_that_are_missing_from_the_time_of_the_scan_are_no_backup(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening("moto")
    first, _second = fill(store)

    def write() -> None:
        for _ in range(2):
            store.commit([Edit(None, event(first.id))])
        lost = {"history": {"S": first.id}, "seq": {"N": str(store.head(first.id).last_seq - 1)}}
        store.connection.call("delete_item", TableName=store.schema.changes.name, Key=lost)

    after_each_scan(monkeypatch, (store.schema.events.name,), write)
    with pytest.raises(StoreUnavailable), store.extract(tmp_path):
        pass


def test_histories_that_are_numbered_anew_during_the_scan_are_no_backup(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening("moto")
    fill(store)
    after_each_scan(monkeypatch, (store.schema.events.name,), store.renew_epochs)
    with pytest.raises(StoreUnavailable, match="numbered anew"), store.extract(tmp_path):
        pass


def test_a_department_that_is_deleted_while_the_backup_is_written_is_in_it_with_its_history(
    whole_store: Store, tmp_path: Path
) -> None:
    first, _second = fill(whole_store)
    before = content(whole_store, tmp_path)
    with whole_store.extract(tmp_path) as extract:
        whole_store.commit([Edit(first, None)])
        whole_store.finish_deletions()
        assert extracted(extract) == before


def test_a_department_that_is_deleted_before_its_last_changes_are_read_is_not_in_it(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening("moto")
    first, second = fill(store)
    after_each_scan(monkeypatch, (store.schema.events.name,), lambda: store.commit([Edit(None, event(first.id))]))
    take, taken = cuts.Cuts.take, []

    def take_and_delete(self: Any) -> Any:
        taken.append(take(self))
        if len(taken) == 2:
            store.commit([Edit(first, None)])
            store.finish_deletions()
        return taken[-1]

    monkeypatch.setattr(cuts.Cuts, "take", take_and_delete)
    with store.extract(tmp_path) as extract:
        monkeypatch.undo()
        assert extract.departments.departments == (second,)
        assert extracted(extract) == content(store, tmp_path)
    assert len(taken) == 3


def test_no_page_that_is_read_is_long_whatever_there_is(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = opening("ministack"), opening("ministack")
    fill(source)
    fill(target)
    before, lengths = content(source, tmp_path), []
    pages = Connection.pages

    def measured(self: Connection, operation: str, **parameters: Any) -> Iterator[Any]:
        for page in pages(self, operation, **parameters):
            lengths.append(len(page.get("Items", ())))
            yield page

    for module in (extracting, replacing):
        monkeypatch.setattr(module, "ITEMS_A_PAGE", 7)
    monkeypatch.setattr(Connection, "pages", measured)
    with source.extract(tmp_path) as extract:
        target.replace(extract)
    monkeypatch.setattr(Connection, "pages", pages)
    assert content(target, tmp_path) == before
    assert max(lengths) == 7
