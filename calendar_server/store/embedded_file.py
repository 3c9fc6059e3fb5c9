"""The embedded store's file: opening it, its schema, and what SQLite's errors mean."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, new_epoch
from calendar_server.errors import StoreUnavailable, StoreUnusable

SCHEMA_VERSION = 1
OPENING_SECONDS = 5
APPLICATION_ID = 0x44414C59  # "DALY": tells our files from any other SQLite file

_SCHEMA = """
CREATE TABLE departments (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE events (
    id TEXT PRIMARY KEY, department_id TEXT NOT NULL, event_date TEXT NOT NULL, title TEXT NOT NULL,
    description TEXT NOT NULL, time TEXT NOT NULL, url TEXT NOT NULL,
    created_at TEXT NOT NULL, last_modified TEXT NOT NULL, version INTEGER NOT NULL
);
CREATE INDEX events_by_department_and_date ON events (department_id, event_date);
CREATE TABLE heads (history TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, epoch TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
    history TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    at TEXT NOT NULL, mutation_id TEXT, PRIMARY KEY (history, seq)
) WITHOUT ROWID;
CREATE INDEX changes_by_age ON changes (at);
CREATE TABLE receipts (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX receipts_by_age ON receipts (expires_at);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def open_file(path: Path, busy_wait_seconds: float) -> sqlite3.Connection:
    """A connection to the store in ``path``, which is created where it does not exist.

    :raises StoreUnusable: the path cannot be used, holds something else, or a newer schema.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=OPENING_SECONDS)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable([_cannot_open(path, error)]) from error
    try:
        _prepare_in_turn(db, path)
        db.execute(f"PRAGMA busy_timeout = {int(busy_wait_seconds * 1000)}")
    except sqlite3.Error as error:
        db.close()
        raise StoreUnusable([_cannot_open(path, error)]) from error
    except BaseException:
        db.close()
        raise
    return db


def _prepare_in_turn(db: sqlite3.Connection, path: Path) -> None:
    """Processes that start together meet here. To turn on WAL a connection may need a lock that SQLite refuses at once,
    without waiting, where two would wait for each other (https://sqlite.org/c3ref/busy_handler.html).
    """
    deadline = time.monotonic() + OPENING_SECONDS
    while True:
        try:
            return _prepare(db, path)
        except sqlite3.Error as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.row_factory = sqlite3.Row
    _check_version(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # embedded_log.py says why
    if _pragma(db, "user_version") == 0:
        _create_schema(db)
    _check_version(db, path)


def _create_schema(db: sqlite3.Connection) -> None:
    """Only one of several processes that start together creates it: the others wait here and find it done."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if _pragma(db, "user_version") == 0:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO heads VALUES (?, 0, ?)", (DEPARTMENTS_HISTORY, new_epoch()))
            db.execute("INSERT INTO settings VALUES ('secret', ?)", (secrets.token_hex(32),))
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    # tables first: where another process creates the schema just now, its application id is then there too
    has_tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    version, application = _pragma(db, "user_version"), _pragma(db, "application_id")
    if has_tables and application != APPLICATION_ID:
        raise StoreUnusable(
            [
                f"{path}: 다른 프로그램의 SQLite 파일입니다. EMBEDDED_PATH를 다른 파일로 지정하세요. / "
                "This SQLite file belongs to another program: set EMBEDDED_PATH to another file."
            ]
        )
    if version > SCHEMA_VERSION:
        raise StoreUnusable(
            [
                f"{path}: 더 새로운 버전의 서버가 만든 파일입니다(스키마 {version}, 이 서버는 {SCHEMA_VERSION}까지). "
                "서버를 업데이트하거나 EMBEDDED_PATH를 다른 파일로 지정하세요. / "
                f"Written by a newer version of the server (schema {version}, this one knows {SCHEMA_VERSION}): "
                "use a newer server, or set EMBEDDED_PATH to another file. Nothing was changed."
            ]
        )


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _cannot_open(path: Path, error: Exception) -> str:
    return (
        f"{path}: 저장소 파일을 열 수 없습니다({error}). 경로와 권한을 확인하거나 EMBEDDED_PATH를 바꾸세요. / "
        f"The store's file cannot be opened ({error}): check the path and its permissions, or change EMBEDDED_PATH."
    )


def is_busy(error: sqlite3.Error) -> bool:
    """True where another connection holds the file for now (SQLITE_BUSY and its variants)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors in the words of the store contract: a full or failing disk is :class:`StoreUnavailable`."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path}: {error}") from error
