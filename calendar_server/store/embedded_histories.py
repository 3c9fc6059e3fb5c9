"""Histories in the embedded store: numbering changes inside a transaction, and reading them."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson

from calendar_server.domain import clock
from calendar_server.domain.changes import Change, ChangeType, Edit, Head, Subject, new_epoch
from calendar_server.store.records import record_of, subject_from


class Histories:
    """The histories that one transaction writes to; their heads are read once and written once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._heads: dict[str, Head] = {}
        self._changes: list[Change] = []
        self._at = clock.now()

    def append(self, history: str, change_type: ChangeType, subject: Subject, edit: Edit) -> None:
        """Number the next change of ``history``."""
        head = self._heads.get(history) or read_head(self._db, history)
        self._heads[history] = Head(head.last_seq + 1, head.epoch)
        self._changes.append(Change(history, head.last_seq + 1, change_type, subject, self._at, edit.mutation_id))

    def begin(self, history: str) -> None:
        """Give a new department's history its epoch."""
        self._db.execute("INSERT INTO heads (history, last_seq, epoch) VALUES (?, 0, ?)", (history, new_epoch()))

    def end(self, history: str) -> None:
        """Remove a deleted department's history; should its id ever come back, it starts in a new epoch."""
        self._db.execute("DELETE FROM changes WHERE history = ?", (history,))
        self._db.execute("DELETE FROM heads WHERE history = ?", (history,))

    def written(self) -> list[Change]:
        """Write rows and heads; return the changes."""
        self._db.executemany(
            "INSERT INTO changes (history, seq, type, subject, at, mutation_id) VALUES (?, ?, ?, ?, ?, ?)",
            map(change_values, self._changes),
        )
        self._db.executemany(
            "UPDATE heads SET last_seq = ? WHERE history = ?",
            [(head.last_seq, history) for history, head in self._heads.items()],
        )
        return self._changes


def find_head(db: sqlite3.Connection, history: str) -> Head | None:
    """The history's head; None where there is no such history."""
    row = db.execute("SELECT last_seq, epoch FROM heads WHERE history = ?", (history,)).fetchone()
    return Head(row["last_seq"], row["epoch"]) if row else None


def read_head(db: sqlite3.Connection, history: str) -> Head:
    """The head of a history that has begun: the list's with the file, a department's with the department."""
    head = find_head(db, history)
    assert head is not None, "a department's head is written and removed together with it"
    return head


def read_changes(db: sqlite3.Connection, history: str, seq: int, limit: int) -> list[Change]:
    """Up to ``limit`` changes numbered above ``seq``."""
    rows = db.execute(
        "SELECT * FROM changes WHERE history = ? AND seq > ? ORDER BY seq LIMIT ?", (history, seq, limit)
    ).fetchall()
    return [change_of(row) for row in rows]


def change_values(change: Change) -> tuple[str | int | None, ...]:
    """The change's columns in their order."""
    subject = orjson.dumps(record_of(change.subject)).decode()
    return (change.history, change.seq, change.type, subject, change.at, change.mutation_id)


def change_of(row: Any) -> Change:
    """The change in a row."""
    subject = subject_from(orjson.loads(row["subject"]))
    return Change(row["history"], row["seq"], row["type"], subject, row["at"], row["mutation_id"])
