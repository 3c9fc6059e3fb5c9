"""Copies of the embedded store's files whose write-ahead log ends anywhere: each opens, and stands at a commit."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from samples import department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Edit
from calendar_server.domain.events import CalendarEvent
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore

COPIES = 100
ROWS_IN_LOG = 600
SEED = 20240115
LATER = "2024-02-01T00:00:00.000Z"


@dataclass
class Writer:
    """Writes at random, and knows which state each number of a history stands for."""

    store: EmbeddedStore
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    events: dict[str, CalendarEvent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.departments = [department("개발팀"), department("영업팀")]
        for each in self.departments:
            self.store.commit([Edit(None, each)])

    def write(self) -> None:
        """One commit: some events are created, or one is changed, moved or deleted."""
        if not self.events or self.rng.random() < 0.4:
            home = self.rng.choice(self.departments).id
            size = self.rng.choice([1, 1, 2, 20])
            made = [event(home, self._text(20), description=self._text(1_500)) for _ in range(size)]
            self._commit([Edit(None, each) for each in made])
        else:
            self._commit([self._edit_of(self.rng.choice(sorted(self.events.values(), key=lambda each: each.id)))])

    def _edit_of(self, before: CalendarEvent) -> Edit:
        kind = self.rng.choice(["title", "description", "department_id", "delete"])
        if kind == "delete":
            return Edit(before, None)
        values = {
            "title": self._text(20),
            "description": self._text(1_500),
            "department_id": next(d.id for d in self.departments if d.id != before.department_id),
        }
        return Edit(before, before.changed({kind: values[kind]}, LATER))

    def _commit(self, edits: list[Edit]) -> None:
        self.store.commit(edits)
        for edit in edits:
            if isinstance(edit.after, CalendarEvent):
                self.events[edit.after.id] = edit.after
            else:
                self.events.pop(edit.subject.id)

    def _text(self, longest: int) -> str:
        return "가" * self.rng.randrange(1, longest // 3) + str(self.rng.random())


@pytest.fixture(autouse=True)
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs that begin anew more often than in earnest."""
    monkeypatch.setattr("calendar_server.store.embedded_log.ROWS_IN_LOG", ROWS_IN_LOG)


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def cut_copy(path: Path, folder: Path, length: int) -> Path:
    """A copy of the store's files whose log ends after ``length`` bytes."""
    folder.mkdir()
    copy = folder / path.name
    shutil.copyfile(path, copy)
    with log_of(path).open("rb") as log:
        log_of(copy).write_bytes(log.read(length))
    return copy


def folded(changes: list[Change]) -> dict[str, object]:
    """The objects that a history leads to."""
    objects: dict[str, object] = {}
    for change in changes:
        if change.is_removal:
            del objects[change.subject.id]
        else:
            objects[change.subject.id] = change.subject
    return objects


def stands_at_a_commit(store: Store) -> int:
    """How many changes the store has, each history complete up to its head and its objects what the changes lead to."""
    listed = store.list_departments()
    complete(store, DEPARTMENTS_HISTORY, {each.id: each for each in listed.departments}, listed.head.last_seq)
    total = listed.head.last_seq
    for each in listed.departments:
        snapshot = store.snapshot(each.id)
        complete(store, each.id, {found.id: found for found in snapshot.events}, snapshot.head.last_seq)
        total += snapshot.head.last_seq
    return total


def complete(store: Store, history: str, objects: dict[str, object], head: int) -> None:
    changes = store.changes_after(history, 0, 1_000_000)
    assert [change.seq for change in changes] == list(range(1, head + 1))
    assert folded(changes) == objects


def opens_at_a_commit(copy: Path) -> int:
    store = EmbeddedStore(copy)
    try:
        assert store._reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return stands_at_a_commit(store)
    finally:
        store.close()
        shutil.rmtree(copy.parent)


def test_a_hundred_copies_cut_at_random_offsets_open_each_at_a_commit(
    embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    writer, path = Writer(embedded_store), embedded_store.path
    reached = set()
    for number in range(COPIES):
        for _ in range(writer.rng.randrange(1, 10)):
            writer.write()
        length = writer.rng.randrange(log_of(path).stat().st_size + 1)
        reached.add(opens_at_a_commit(cut_copy(path, tmp_path / f"copy-{number}", length)))
    assert embedded_store._writer.total_changes > 2 * ROWS_IN_LOG  # so the log has begun anew in between
    assert len(reached) > COPIES / 2


def test_a_log_that_lacks_nothing_loses_nothing(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    writer = Writer(embedded_store)
    for _ in range(50):
        writer.write()
    whole = cut_copy(embedded_store.path, tmp_path / "copy", log_of(embedded_store.path).stat().st_size)
    assert opens_at_a_commit(whole) == stands_at_a_commit(embedded_store)


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.99])
def test_a_copy_made_just_after_a_checkpoint_holds_what_had_been_written_by_then(
    embedded_store: EmbeddedStore, tmp_path: Path, share: float
) -> None:
    """The main file is then beyond all that the old log says: none of the old log may come back."""
    writer, path = Writer(embedded_store), embedded_store.path
    first = embedded_store._log._long_at
    write_until(writer, lambda: embedded_store._log._long_at > first)
    length = int(log_of(path).stat().st_size * share)
    assert opens_at_a_commit(cut_copy(path, tmp_path / "copy", length)) == stands_at_a_commit(embedded_store)


def test_what_a_killed_process_left_in_the_log_is_moved_at_the_next_start(
    embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    """Otherwise a server that is often restarted and seldom written to would let it grow for ever."""
    writer, path = Writer(embedded_store), embedded_store.path
    for _ in range(30):
        writer.write()
    copy = cut_copy(path, tmp_path / "copy", log_of(path).stat().st_size)
    reopened = EmbeddedStore(copy)
    try:
        alone = EmbeddedStore(shutil.copyfile(copy, copy.with_name("main-file-alone.sqlite3")))
        try:
            assert stands_at_a_commit(alone) == stands_at_a_commit(embedded_store)
        finally:
            alone.close()
    finally:
        reopened.close()


def write_until(writer: Writer, condition: Callable[[], bool]) -> None:
    while not condition():
        writer.write()


def test_bytes_that_were_turned_over_end_the_log_there(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    writer, path = Writer(embedded_store), embedded_store.path
    for _ in range(60):
        writer.write()
    for number in range(10):
        size = log_of(path).stat().st_size
        copy = cut_copy(path, tmp_path / f"copy-{number}", size)
        with log_of(copy).open("r+b") as log:
            log.seek(writer.rng.randrange(size - 16))
            log.write(writer.rng.randbytes(16))
        assert opens_at_a_commit(copy) <= stands_at_a_commit(embedded_store)


def test_the_log_is_moved_while_another_process_reads(embedded_store: EmbeddedStore) -> None:
    """A reader in the way is no error and no reason to wait for long; the log begins anew once it has gone."""
    writer = Writer(embedded_store)
    other = EmbeddedStore(embedded_store.path)
    try:
        with other._reading() as reading:
            reading.execute("SELECT count(*) FROM events").fetchone()
            first = embedded_store._log._long_at
            write_until(writer, lambda: embedded_store._log._long_at > first)
            before = reading.execute("SELECT count(*) FROM changes").fetchone()[0]
            writer.write()
            assert reading.execute("SELECT count(*) FROM changes").fetchone()[0] == before
        size = log_of(embedded_store.path).stat().st_size
        write_until(
            writer, lambda: embedded_store._log._long_at > embedded_store._writer.total_changes + ROWS_IN_LOG / 2
        )
        for _ in range(5):
            writer.write()
        assert log_of(embedded_store.path).stat().st_size < 2 * size
        assert stands_at_a_commit(other) == stands_at_a_commit(embedded_store)
    finally:
        other.close()
