"""The embedded store's file: what it refuses to open, how it is opened, and what full disks and locks do to it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import department, event, receipt

from calendar_server.domain.changes import CHANGES_KEPT, DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.clock import timestamp
from calendar_server.domain.departments import Department
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.store import embedded, embedded_file, embedded_histories, embedded_retention
from calendar_server.store.embedded import EmbeddedStore
from calendar_server.store.embedded_file import SCHEMA_VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calendar.sqlite3"


@pytest.fixture
def team(embedded_store: EmbeddedStore) -> Department:
    made = department()
    embedded_store.commit([Edit(None, made)])
    return made


def refusal(path: Path) -> str:
    """The sentences with which ``path`` is refused; they name it."""
    with pytest.raises(StoreUnusable) as caught:
        EmbeddedStore(path)
    told = "\n".join(caught.value.problems)
    assert str(path) in told
    return told


def write_with_sqlite(path: Path, *statements: str) -> None:
    """What another program does to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_the_file_and_its_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "나" / "calendar.sqlite3"
    with closing(EmbeddedStore(path)) as store:
        assert str(path) in store.describe()
    assert path.is_file()


def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    made = department()
    with closing(EmbeddedStore(path)) as store:
        store.commit([Edit(None, made)])
        head = store.head(DEPARTMENTS_HISTORY)
    with closing(EmbeddedStore(path)) as store:
        assert store.list_departments().departments == (made,)
        assert store.head(DEPARTMENTS_HISTORY) == head


def test_a_newer_schema_is_refused_and_the_file_stays_as_it_is(path: Path) -> None:
    EmbeddedStore(path).close()
    write_with_sqlite(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    told = refusal(path)
    assert f"schema {SCHEMA_VERSION + 1}" in told
    assert "EMBEDDED_PATH" in told
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    write_with_sqlite(path, "CREATE TABLE departments (id TEXT)")
    before = path.read_bytes()
    assert "another program" in refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"id,name\n1,a\n" * 100, b"xy", b"SQLite format 3\x00" + b"\xff" * 4080])
def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "EMBEDDED_PATH" in refusal(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with closing(EmbeddedStore(path)) as store:
        store.check()


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "calendar.sqlite3", tmp_path / ("x" * 300)):
        assert "EMBEDDED_PATH" in refusal(path)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder in which nobody can write, root included")
def test_an_unwritable_folder_is_refused() -> None:
    assert "EMBEDDED_PATH" in refusal(Path("/proc/calendar.sqlite3"))
    assert "EMBEDDED_PATH" in refusal(Path("/proc/data/calendar.sqlite3"))


def test_commits_are_forced_to_disk_through_a_write_ahead_log(embedded_store: EmbeddedStore) -> None:
    for connection in (embedded_store._writer, embedded_store._reader):
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_stores_that_open_a_new_file_at_once_share_one_schema(path: Path) -> None:
    problems: list[BaseException] = []
    barrier = threading.Barrier(4)

    def open_and_write() -> None:
        barrier.wait()
        try:
            with closing(EmbeddedStore(path)) as store:
                store.commit([Edit(None, department(threading.current_thread().name))])
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=open_and_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    with closing(EmbeddedStore(path)) as store:
        assert store.list_departments().head.last_seq == 4


def test_a_lock_that_is_refused_at_once_is_asked_for_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, refusals = embedded_file._prepare, 3

    def refused(db: sqlite3.Connection, opened: Path) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise busy()
        prepare(db, opened)

    monkeypatch.setattr(embedded_file, "_prepare", refused)
    with closing(EmbeddedStore(path)) as store:
        assert store.list_departments().head.last_seq == 0
    refusals = 1_000_000
    monkeypatch.setattr(embedded_file, "OPENING_SECONDS", 0.05)
    with pytest.raises(StoreUnusable, match="database is locked"):
        EmbeddedStore(path)


def busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def test_a_writer_waits_for_another_processs_transaction(embedded_store: EmbeddedStore) -> None:
    with closing(sqlite3.connect(embedded_store.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, other.execute, ["COMMIT"])
        timer.start()
        began = time.monotonic()
        embedded_store.commit([Edit(None, department())])
        assert time.monotonic() - began > 0.15
        timer.join()


def test_a_writer_that_waits_too_long_gives_up_and_reads_go_on(
    embedded_store: EmbeddedStore, team: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "WRITE_WAIT_SECONDS", 0.1)
    with closing(sqlite3.connect(embedded_store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another process"):
            embedded_store.commit([Edit(None, department("나"))])
        assert embedded_store.get_department(team.id) == team
        embedded_store.check()
        other.execute("ROLLBACK")
    assert embedded_store.commit([Edit(None, department("나"))])[0].seq == 2


def test_a_full_disk_refuses_the_write_as_a_whole_and_the_next_one_works(
    embedded_store: EmbeddedStore, team: Department
) -> None:
    pages = embedded_store._writer.execute("PRAGMA page_count").fetchone()[0]
    embedded_store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = [Edit(None, event(team.id, str(n), description="가" * 5000)) for n in range(50)]
    with pytest.raises(StoreUnavailable, match="full"):
        embedded_store.commit(large)
    assert not embedded_store._writer.in_transaction
    assert embedded_store.snapshot(team.id).events == ()
    assert embedded_store.head(team.id).last_seq == 0
    small = embedded_store.commit([Edit(None, event(team.id))])
    assert [change.seq for change in small] == [1]
    embedded_store._writer.execute("PRAGMA max_page_count = 1000000")
    assert embedded_store.commit(large)[-1].seq == 51


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
def test_a_writer_stopped_in_the_middle_leaves_nothing_behind(
    embedded_store: EmbeddedStore, team: Department, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def stopped(*_arguments: object) -> None:
        raise stop

    with monkeypatch.context() as patched:
        patched.setattr(embedded_histories.Histories, "written", stopped)
        with pytest.raises(stop):
            embedded_store.commit([Edit(None, event(team.id))])
    assert not embedded_store._writer.in_transaction
    assert embedded_store.snapshot(team.id).events == ()
    assert embedded_store.commit([Edit(None, event(team.id))])[0].seq == 1


def test_a_reader_stopped_in_the_middle_leaves_no_old_state_open(
    embedded_store: EmbeddedStore, team: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(embedded, "read_head", stopped)
        with pytest.raises(KeyboardInterrupt):
            embedded_store.snapshot(team.id)
    embedded_store.commit([Edit(None, event(team.id))])
    assert len(embedded_store.snapshot(team.id).events) == 1


def test_a_failing_file_is_told_as_an_unavailable_store(embedded_store: EmbeddedStore, team: Department) -> None:
    write_with_sqlite(embedded_store.path, "DROP TABLE heads")
    calls: list[Callable[[], object]] = [
        embedded_store.check,
        embedded_store.list_departments,
        lambda: embedded_store.commit([Edit(None, department("나"))]),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()
    assert embedded_store.get_department(team.id) == team


def test_changes_older_than_ninety_days_are_removed_and_nothing_else(
    embedded_store: EmbeddedStore, team: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_retention, "ROWS_AT_A_TIME", 3)  # so that it takes several rounds
    made = [event(team.id, str(n)) for n in range(12)]
    embedded_store.commit([Edit(None, each) for each in made])
    before = (embedded_store.snapshot(team.id), embedded_store.list_departments())
    for seqs, age in (("<= 10", timedelta(minutes=1)), ("> 10", timedelta(minutes=-1))):
        at = timestamp(datetime.now(UTC) - CHANGES_KEPT - age)
        write_with_sqlite(
            embedded_store.path, f"UPDATE changes SET at = '{at}' WHERE seq {seqs} AND history = '{team.id}'"
        )
    embedded_store.forget_expired()
    assert [row.seq for row in embedded_store.changes_after(team.id, 0, 100)] == [11, 12]
    assert len(embedded_store.changes_after(DEPARTMENTS_HISTORY, 0, 100)) == 1
    assert (embedded_store.snapshot(team.id), embedded_store.list_departments()) == before
    assert embedded_store.commit([Edit(None, event(team.id))])[0].seq == 13


def test_expired_receipts_are_removed_and_the_others_stay(
    embedded_store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_retention, "ROWS_AT_A_TIME", 3)
    for n in range(8):
        embedded_store.keep_receipt(receipt(f"old {n}"))
    write_with_sqlite(embedded_store.path, f"UPDATE receipts SET expires_at = {int(time.time()) - 1}")
    embedded_store.keep_receipt(receipt("new"))
    embedded_store.forget_expired()
    rows = embedded_store._reader.execute("SELECT key FROM receipts").fetchall()
    assert [row["key"] for row in rows] == ["new"]


def test_a_department_takes_its_changes_along(embedded_store: EmbeddedStore, team: Department) -> None:
    embedded_store.commit([Edit(None, event(team.id))])
    embedded_store.commit([Edit(team, None)])
    rows = embedded_store._reader.execute("SELECT DISTINCT history FROM changes").fetchall()
    assert [row["history"] for row in rows] == [DEPARTMENTS_HISTORY]
