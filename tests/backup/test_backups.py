"""Backups: everything goes into the file and comes back, and nothing but a whole file does."""

from __future__ import annotations

import stat
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from backup.whole_stores import MadeUp, content, epochs, fill
from samples import department

from calendar_server.backup.problems import (
    BackupProblem,
    DamagedBackup,
    FileExists,
    NewerBackup,
    NotABackup,
    StoreHoldsSomething,
)
from calendar_server.backup.reading import BackupFile
from calendar_server.backup.records import line_of, record_in
from calendar_server.backup.restoring import opened, restore
from calendar_server.backup.writing import back_up
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.errors import CursorExpired, DepartmentNotFound, StoreUnavailable
from calendar_server.services.calendar import Calendar
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore

Opening = Callable[[str], Store]


def to_nobody(_told: object) -> None:
    pass


def moved_house(source: Store, target: Store, file: Path) -> None:
    back_up(source, file, to_nobody)
    restore(target, opened(file, to_nobody))


@pytest.mark.parametrize(
    ("of", "to"),
    [
        ("embedded", "embedded"),
        ("embedded", "ministack"),
        ("ministack", "embedded"),
        ("ministack", "moto"),
    ],
)
def test_a_round_trip_gives_an_equal_store(of: str, to: str, opening: Opening, tmp_path: Path) -> None:
    source, target = opening(of), opening(to)
    fill(source)
    moved_house(source, target, tmp_path / "a.backup")
    restored = content(target, tmp_path)
    assert restored == content(source, tmp_path)
    assert len(restored["receipts"]) == 12
    assert sorted(len(events) for events in restored["events"].values()) == [1, 28]


def test_there_and_back_again_between_the_two_kinds_changes_nothing(opening: Opening, tmp_path: Path) -> None:
    house, other, back = opening("embedded"), opening("ministack"), opening("embedded")
    fill(house)
    moved_house(house, other, tmp_path / "there.backup")
    moved_house(other, back, tmp_path / "back.backup")
    assert content(back, tmp_path) == content(house, tmp_path)


@pytest.mark.parametrize("to", ["embedded", "ministack"])
def test_cursors_from_before_have_expired_and_new_ones_go_on(to: str, opening: Opening, tmp_path: Path) -> None:
    source, target = opening("embedded"), opening(to)
    first, _second = fill(source)
    before = Calendar(source)
    cursors = {h: before.cursors.text(h, source.head(h)) for h in (DEPARTMENTS_HISTORY, first.id)}
    moved_house(source, target, tmp_path / "a.backup")
    after = Calendar(target)
    for history, cursor in cursors.items():
        with pytest.raises(CursorExpired):
            after.syncing.missed(history, cursor)
    cursor = after.cursors.text(first.id, target.head(first.id))
    after.editing.create_event(first.id, {"title": "다음 회의", "event_date": "2024-01-20"})
    missed = after.syncing.missed(first.id, cursor)
    assert [change.seq for change in missed.changes] == [source.head(first.id).last_seq + 1]


def test_the_list_and_departments_without_an_epoch_get_one(opening: Opening, tmp_path: Path) -> None:
    source = opening("moto")
    legacy = department("머리 없는 팀")
    item = {name: {"S": getattr(legacy, name)} for name in ("id", "name", "description", "created_at")}
    source.connection.call("put_item", TableName=source.schema.departments.name, Item=item)  # type: ignore[attr-defined]
    assert epochs(source) == {DEPARTMENTS_HISTORY: "", legacy.id: ""}
    target = opening("moto")
    moved_house(source, target, tmp_path / "a.backup")
    assert all(epochs(target).values())
    assert source.renew_epochs() == 2
    assert all(epochs(source).values())
    source.commit([Edit(None, department("그다음 팀"))])
    assert source.head(DEPARTMENTS_HISTORY).last_seq == 1


def test_a_renewed_epoch_expires_cursors_and_keeps_everything_else(whole_store: Store, tmp_path: Path) -> None:
    first, _second = fill(whole_store)
    kept, calendar = content(whole_store, tmp_path), Calendar(whole_store)
    before = epochs(whole_store)
    cursor = calendar.cursors.text(first.id, whole_store.head(first.id))
    assert whole_store.renew_epochs() == 3
    assert content(whole_store, tmp_path) == kept
    assert not set(before.values()) & set(epochs(whole_store).values())
    with pytest.raises(CursorExpired):
        calendar.syncing.missed(first.id, cursor)


def test_a_store_that_holds_something_is_only_replaced_when_told_so(whole_store: Store, tmp_path: Path) -> None:
    source = EmbeddedStore(tmp_path / "source.sqlite3")
    fill(source)
    back_up(source, tmp_path / "a.backup", to_nobody)
    old = department("이 저장소의 팀")
    whole_store.commit([Edit(None, old)])
    backup = opened(tmp_path / "a.backup", to_nobody)
    with pytest.raises(StoreHoldsSomething):
        restore(whole_store, backup)
    assert whole_store.list_departments().departments == (old,)
    restore(whole_store, backup, replace=True)
    assert content(whole_store, tmp_path) == content(source, tmp_path)
    with pytest.raises(DepartmentNotFound):
        whole_store.head(old.id)
    source.close()


def test_a_file_is_only_overwritten_when_told_so(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    file.write_text("남의 것")
    with pytest.raises(FileExists):
        back_up(embedded_store, file, to_nobody)
    assert file.read_text() == "남의 것"
    back_up(embedded_store, file, to_nobody, overwrite=True)
    opened(file, to_nobody)


def test_only_its_owner_may_read_a_backup(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    back_up(embedded_store, tmp_path / "a.backup", to_nobody)
    assert stat.S_IMODE((tmp_path / "a.backup").stat().st_mode) == 0o600


def test_a_backup_that_fails_leaves_no_file(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    fill(embedded_store)

    def fail(kind: str) -> None:
        if kind == "event":
            raise StoreUnavailable("끊김")

    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(StoreUnavailable):
        back_up(embedded_store, folder / "a.backup", fail)
    assert list(folder.iterdir()) == []


@pytest.fixture
def lines(embedded_store: EmbeddedStore, tmp_path: Path) -> list[bytes]:
    """The lines of a good backup."""
    fill(embedded_store)
    back_up(embedded_store, tmp_path / "good.backup", to_nobody)
    return (tmp_path / "good.backup").read_bytes().splitlines(keepends=True)


def refused(content: bytes, tmp_path: Path) -> BackupProblem:
    (tmp_path / "bad.backup").write_bytes(content)
    with pytest.raises(BackupProblem) as caught:
        opened(tmp_path / "bad.backup", to_nobody)
    return caught.value


def test_a_file_that_was_cut_anywhere_is_refused(lines: list[bytes], tmp_path: Path) -> None:
    whole = b"".join(lines)
    for length in [*range(1, len(whole), 997), *range(len(whole) - 120, len(whole))]:
        assert isinstance(refused(whole[:length], tmp_path), DamagedBackup | NotABackup)


def test_a_file_in_which_one_byte_was_altered_is_refused(lines: list[bytes], tmp_path: Path) -> None:
    whole = b"".join(lines)
    for place in range(0, len(whole), 499):
        altered = bytes([whole[place] ^ 1])
        assert isinstance(refused(whole[:place] + altered + whole[place + 1 :], tmp_path), DamagedBackup | NotABackup)


def test_lines_that_are_missing_doubled_or_in_another_order_are_noticed(lines: list[bytes], tmp_path: Path) -> None:
    assert isinstance(refused(b"".join(lines[:9] + lines[10:]), tmp_path), DamagedBackup)
    assert isinstance(refused(b"".join(lines[:9] + lines[8:]), tmp_path), DamagedBackup)
    assert isinstance(refused(b"".join([*lines[:8], lines[9], lines[8], *lines[10:]]), tmp_path), DamagedBackup)
    assert isinstance(refused(b"".join([*lines, lines[-2]]), tmp_path), DamagedBackup)


def test_the_place_of_the_damage_is_told(lines: list[bytes], tmp_path: Path) -> None:
    lines[11] = lines[11].replace(b"{", b"[", 1)
    assert refused(b"".join(lines), tmp_path).params == {"line": 12, "reason": "altered"}


def test_a_copy_that_broke_off_is_told_from_one_that_was_altered(lines: list[bytes], tmp_path: Path) -> None:
    whole, nine = b"".join(lines), b"".join(lines[:9])
    for cut, line in ((nine, 10), (nine[:-20], 9), (whole[:-1], len(lines))):
        assert refused(cut, tmp_path).params == {"line": line, "reason": "cut_off"}


def test_another_file_and_a_newer_backup_are_told_apart(lines: list[bytes], tmp_path: Path) -> None:
    assert isinstance(refused(b"SQLite format 3\x00", tmp_path), NotABackup)
    newer = line_of({**record_in(lines[0], 1), "format": 2})
    assert isinstance(refused(newer, tmp_path), NewerBackup)


def test_memory_does_not_grow_with_the_number_of_events(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    count = 3_000
    embedded_store.replace(MadeUp(count))
    file, other = tmp_path / "a.backup", EmbeddedStore(tmp_path / "other.sqlite3")
    told: Counter[str] = Counter()
    assert peak(lambda: back_up(embedded_store, file, lambda kind: told.update([kind]))) < 1_000_000
    assert peak(lambda: restore(other, opened(file, to_nobody))) < 1_000_000
    assert told["event"] == told["change"] == count
    assert file.stat().st_size > 2_000_000
    assert BackupFile(file).path == file
    other.close()
