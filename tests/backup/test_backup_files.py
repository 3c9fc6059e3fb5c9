"""The file of a backup: what may lie under its name, who else writes it, and what if it changes while it is restored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from backup.whole_stores import fill

from calendar_server.backup import writing
from calendar_server.backup.problems import (
    ChangedBackup,
    DamagedBackup,
    FileExists,
    NotABackup,
    NotAFile,
    WrittenWrongly,
)
from calendar_server.backup.reading import BackupFile
from calendar_server.backup.records import line_of, record_in
from calendar_server.backup.restoring import opened, restore
from calendar_server.backup.writing import back_up
from calendar_server.store.embedded import EmbeddedStore


def to_nobody(_told: object) -> None:
    pass


@pytest.fixture
def store(embedded_store: EmbeddedStore) -> EmbeddedStore:
    """With something of everything."""
    fill(embedded_store)
    return embedded_store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path / "empty.sqlite3")
    yield made
    made.close()


def test_two_backups_into_one_file_do_not_disturb_each_other(store: EmbeddedStore, tmp_path: Path) -> None:
    file, begun = tmp_path / "a.backup", []

    def begin_another(force: bool) -> None:
        if not begun:
            begun.append(True)
            back_up(store, file, to_nobody, overwrite=force)

    with pytest.raises(FileExists):
        back_up(store, file, lambda _kind: begin_another(False))
    assert opened(file, to_nobody).counts["event"] == 29
    begun.clear()
    back_up(store, file, lambda _kind: begin_another(True), overwrite=True)
    assert opened(file, to_nobody).counts["event"] == 29
    assert list(tmp_path.glob("*.part")) == []


def test_another_file_that_ends_in_part_is_not_touched(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "a.backup.part").write_text("남의 것")
    back_up(store, tmp_path / "a.backup", to_nobody)
    assert (tmp_path / "a.backup.part").read_text() == "남의 것"


def test_a_file_system_without_links_takes_a_backup_too(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_names: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    back_up(store, tmp_path / "a.backup", to_nobody)
    assert opened(tmp_path / "a.backup", to_nobody).counts["end"] == 1
    assert list(tmp_path.glob("*.part")) == []


def test_a_folder_or_a_device_is_never_replaced(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(NotAFile):
            back_up(store, tmp_path / name, to_nobody, overwrite=True)
    assert (tmp_path / "folder").is_dir()
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_that_leads_nowhere_counts_as_a_file(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExists):
        back_up(store, tmp_path / "link", to_nobody)


def test_a_backup_that_reads_otherwise_than_it_was_written_is_the_disks_fault(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flipping(BackupFile):
        def verify(self) -> None:
            raise DamagedBackup(line=7, reason="altered")

    monkeypatch.setattr(writing, "BackupFile", Flipping)
    (tmp_path / "a.backup").write_text("옛 백업")
    with pytest.raises(WrittenWrongly) as caught:
        back_up(store, tmp_path / "a.backup", to_nobody, overwrite=True)
    assert caught.value.params["line"] == 7
    assert (tmp_path / "a.backup").read_text() == "옛 백업"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_backup_since_it_can_be_read_only_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        opened(tmp_path / "pipe", to_nobody)


def test_an_empty_file_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "a.backup").touch()
    with pytest.raises(NotABackup):
        opened(tmp_path / "a.backup", to_nobody)


def test_a_line_that_is_no_record_is_damage_even_with_a_checksum_that_fits(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    back_up(store, tmp_path / "a.backup", to_nobody)
    first = (tmp_path / "a.backup").read_bytes().splitlines(keepends=True)[0]
    strange: Any = [[], 7, {"no": "kind"}]
    for record in strange:
        (tmp_path / "b.backup").write_bytes(first + line_of(record))
        with pytest.raises(DamagedBackup) as caught:
            opened(tmp_path / "b.backup", to_nobody)
        assert caught.value.params == {"line": 2, "reason": "not_understood"}
    assert record_in(first, 1)["kind"] == "backup"


@pytest.mark.parametrize("change", ["cut at a line's end", "cut in a line", "emptied", "replaced"])
def test_a_file_that_changes_after_it_was_found_whole_is_not_restored(
    change: str, store: EmbeddedStore, empty: EmbeddedStore, tmp_path: Path
) -> None:
    file = tmp_path / "a.backup"
    back_up(store, file, to_nobody)
    found = opened(file, to_nobody)
    whole = file.read_bytes()
    cut = whole.index(b'"kind":"event"') + 2_000
    end = {"cut at a line's end": whole.index(b"\n", cut) + 1, "cut in a line": cut, "emptied": 0}
    if change == "replaced":
        back_up(store, file, to_nobody, overwrite=True)
    else:
        os.truncate(file, end[change])
    with pytest.raises(ChangedBackup):
        restore(empty, found)
    assert empty.list_departments().departments == ()
