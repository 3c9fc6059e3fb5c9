"""The store that needs nothing but Python: one SQLite file, write-ahead log, every commit forced to disk.

An answer comes only after the commit is on disk (``synchronous=FULL``), so a killed process loses nothing that it
acknowledged (https://www.sqlite.org/pragma.html#pragma_synchronous). Several processes may use one file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from calendar_server import measures
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, Edit, Head, Snapshot, Subject
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt
from calendar_server.errors import (
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    HeadMoved,
    StoreUnavailable,
    VersionConflict,
)
from calendar_server.store.embedded_file import is_busy, open_file, translated
from calendar_server.store.embedded_histories import Histories, find_head, read_changes, read_head
from calendar_server.store.embedded_log import WriteAheadLog, log_holds_something
from calendar_server.store.embedded_retention import delete_expired, insert_receipt, read_receipt
from calendar_server.store.embedded_statements import (
    INSERT_DEPARTMENT,
    INSERT_EVENT,
    UPDATE_DEPARTMENT,
    UPDATE_EVENT,
    department_values,
)
from calendar_server.store.embedded_whole import EmbeddedExtract, holds_anything, renew_epochs, replace_all
from calendar_server.store.extracts import Extract
from calendar_server.store.positions import at_position
from calendar_server.store.records import department_from, event_from, record_of

WRITE_WAIT_SECONDS = 5.0


class EmbeddedStore:
    """A :class:`~calendar_server.store.contract.Store` in the file ``path``; its folder is created.

    :raises StoreUnusable: the file is no calendar store, or was written by a newer version of the server.
    """

    batch_limit = 500

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = open_file(path, busy_wait_seconds=0)
        self._reader = open_file(path, busy_wait_seconds=1)
        self._writing_lock = threading.Lock()
        self._reading_lock = threading.Lock()
        self._log = WriteAheadLog(self._writer)
        if log_holds_something(path):
            self._log.begin_anew()

    def describe(self) -> str:
        return f"embedded (SQLite), {self.path}"

    def check(self) -> None:
        with self._reading() as db:
            db.execute("SELECT 1 FROM heads LIMIT 1").fetchone()

    @measures.timed("list_departments")
    def list_departments(self) -> DepartmentList:
        with self._reading() as db:
            head = read_head(db, DEPARTMENTS_HISTORY)
            rows = db.execute("SELECT * FROM departments ORDER BY created_at, id").fetchall()
        return DepartmentList(head, tuple(department_from(dict(row)) for row in rows))

    @measures.timed("get_department")
    def get_department(self, department_id: str) -> Department:
        with self._reading() as db:
            return _department(db, department_id)

    @measures.timed("get_event")
    def get_event(self, event_id: str) -> CalendarEvent:
        with self._reading() as db:
            return _event(db, event_id)

    @measures.timed("snapshot")
    def snapshot(self, department_id: str) -> Snapshot:
        with self._reading() as db:
            _require_department(db, department_id)
            head = read_head(db, department_id)
            rows = db.execute("SELECT * FROM events WHERE department_id = ?", (department_id,)).fetchall()
        events = (event_from(dict(row)) for row in rows)
        return Snapshot(head, tuple(sorted(events, key=lambda event: event.sort_key)))

    @measures.timed("head")
    def head(self, history: str) -> Head:
        with self._reading() as db:
            _require_history(db, history)
            return read_head(db, history)

    @measures.timed("changes_after")
    def changes_after(self, history: str, seq: int, limit: int) -> list[Change]:
        with self._reading() as db:
            _require_history(db, history)
            return read_changes(db, history, seq, limit)

    @measures.timed("commit")
    def commit(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> list[Change]:
        with self._writing() as db:
            _require_heads(db, expected or {})
            histories = Histories(db)
            for position, edit in enumerate(edits):
                with at_position(position):
                    _apply(db, edit)
                    if edit.receipt is not None:
                        insert_receipt(db, edit.receipt)
                if edit.after is None and isinstance(edit.before, Department):
                    histories.end(edit.before.id)
                elif edit.before is None and isinstance(edit.after, Department):
                    histories.begin(edit.after.id)
                for history, change_type, subject in edit.steps:
                    histories.append(history, change_type, subject, edit)
            return histories.written()

    @measures.timed("heads")
    def heads(self, histories: Collection[str]) -> dict[str, Head]:
        with self._reading() as db:
            found = ((history, find_head(db, history)) for history in histories)
            return {history: head for history, head in found if head is not None}

    @measures.timed("find_receipt")
    def find_receipt(self, key: str) -> Receipt | None:
        with self._reading() as db:
            return read_receipt(db, key)

    @measures.timed("keep_receipt")
    def keep_receipt(self, receipt: Receipt) -> None:
        with self._writing() as db:
            insert_receipt(db, receipt)

    def secret(self) -> str:
        with self._reading() as db:
            return str(db.execute("SELECT value FROM settings WHERE name = 'secret'").fetchone()["value"])

    def forget_expired(self) -> None:
        """A few thousand rows at a time, so that no writer waits for long."""
        forgetting = True
        while forgetting:
            with self._writing() as db:
                forgetting = delete_expired(db)

    def finish_deletions(self, department_id: str | None = None) -> bool:  # noqa: ARG002 - the contract's
        """Nothing is ever left: a department goes with its events in one transaction."""
        return False

    @contextmanager
    def extract(self, scratch: Path) -> Iterator[Extract]:  # noqa: ARG002 - the contract's
        """On a connection of its own, whose transaction sees the file as it is now, whatever is written meanwhile."""
        with translated(self.path):
            db = open_file(self.path, busy_wait_seconds=1)
            try:
                db.execute("BEGIN")
                yield EmbeddedExtract(db)
            finally:
                db.close()

    def would_lose(self, source: Extract) -> bool:  # noqa: ARG002 - the contract's
        """Nothing ever remains of an interrupted replacement."""
        with self._reading() as db:
            return holds_anything(db)

    def replace(self, source: Extract) -> None:
        """In one transaction: others read the old content until it is complete."""
        with self._writing() as db:
            replace_all(db, source)

    def renew_epochs(self) -> int:
        with self._writing() as db:
            return renew_epochs(db)

    def close(self) -> None:
        with self._writing_lock, self._reading_lock:
            self._reader.close()
            self._writer.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The reading connection, at one state of the file for as long as the block lasts."""
        with self._reading_lock, translated(self.path):
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection inside a transaction, committed at the end of the block or rolled back by an error."""
        with self._writing_lock, translated(self.path):
            self._begin()
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._keep_log_short()

    def _keep_log_short(self) -> None:
        if self._log.is_long:
            with self._reading_lock:
                self._log.begin_anew()

    def _begin(self) -> None:
        """Wait for another process's transaction by sleeping, which lets other greenlets run, unlike SQLite's own wait."""
        deadline = time.monotonic() + WRITE_WAIT_SECONDS
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                if time.monotonic() > deadline:
                    raise StoreUnavailable(f"another process has been writing to {self.path} for too long") from error
            time.sleep(0.002)


def _department(db: sqlite3.Connection, department_id: str) -> Department:
    row = db.execute("SELECT * FROM departments WHERE id = ?", (department_id,)).fetchone()
    if row is None:
        raise DepartmentNotFound(department_id)
    return department_from(dict(row))


def _event(db: sqlite3.Connection, event_id: str) -> CalendarEvent:
    row = db.execute("SELECT * FROM events WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        raise EventNotFound(event_id)
    return event_from(dict(row))


def _require_department(db: sqlite3.Connection, department_id: str) -> None:
    if db.execute("SELECT 1 FROM departments WHERE id = ?", (department_id,)).fetchone() is None:
        raise DepartmentNotFound(department_id)


def _require_heads(db: sqlite3.Connection, expected: Mapping[str, Head]) -> None:
    for history, head in expected.items():
        if find_head(db, history) != head:
            raise HeadMoved(history)


def _require_history(db: sqlite3.Connection, history: str) -> None:
    if history != DEPARTMENTS_HISTORY:
        _require_department(db, history)


def _apply(db: sqlite3.Connection, edit: Edit) -> None:
    """Bring the objects' tables to ``edit.after``, or raise what stands in the way."""
    if isinstance(edit.subject, Department):
        _apply_to_departments(db, edit)
    else:
        _require_department(db, edit.subject.department_id)
        _apply_to_events(db, edit)


def _apply_to_departments(db: sqlite3.Connection, edit: Edit) -> None:
    before, after = edit.before, edit.after
    try:
        if isinstance(after, Department):
            values = {**department_values(after), "seen_version": before.version if before else 0}
            changed = db.execute(UPDATE_DEPARTMENT if before else INSERT_DEPARTMENT, values).rowcount
        else:
            assert before is not None, "an edit has a before or an after"
            changed = db.execute(
                "DELETE FROM departments WHERE id = ? AND version = ?", (before.id, before.version)
            ).rowcount
            if changed:
                db.execute("DELETE FROM events WHERE department_id = ?", (before.id,))
    except sqlite3.IntegrityError as error:
        raise DepartmentExists(edit.subject.id) from error
    if not changed:
        _refuse(edit.subject, _department(db, edit.subject.id))


def _apply_to_events(db: sqlite3.Connection, edit: Edit) -> None:
    before, after = edit.before, edit.after
    assert not isinstance(before, Department), "an edit stays with one kind of object"
    seen = {"seen_version": before.version, "seen_department": before.department_id} if before else {}
    try:
        if after is not None:
            changed = db.execute(UPDATE_EVENT if before else INSERT_EVENT, {**record_of(after), **seen}).rowcount
        else:
            changed = db.execute(
                "DELETE FROM events WHERE id = :id AND version = :seen_version AND department_id = :seen_department",
                {"id": edit.subject.id, **seen},
            ).rowcount
    except sqlite3.IntegrityError as error:
        raise EventExists(edit.subject.id) from error
    if not changed:
        _refuse(edit.subject, _event(db, edit.subject.id))


def _refuse(wanted: Subject, current: Subject) -> None:
    raise VersionConflict(wanted.id, current)
