"""The embedded store as a whole: read at one state of the file while others write, and replaced in one transaction."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, new_epoch
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnusable
from calendar_server.store.embedded_histories import change_of, change_values, read_head
from calendar_server.store.embedded_retention import receipt_of, receipt_values
from calendar_server.store.embedded_statements import INSERT_DEPARTMENT, INSERT_EVENT, department_values
from calendar_server.store.extracts import Extract, KeptReceipt
from calendar_server.store.records import department_from, event_from, record_of

SAME_NAME = (
    "이름이 같은 부서가 둘 이상 있습니다({names}). 내장 저장소에는 같은 이름을 한 번만 담을 수 있습니다. "
    "원래 저장소에서 이름을 바꾸고 다시 백업하세요. 아무것도 바꾸지 않았습니다. / "
    "Several departments have the same name, which the embedded store does not take: "
    "rename them in the store they come from, and back it up again. Nothing was changed."
)
TABLES = ("departments", "events", "heads", "changes", "receipts")


class EmbeddedExtract:
    """An :class:`~calendar_server.store.extracts.Extract` inside a read transaction, which begins here."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.name = uuid.uuid4().hex
        self.secret = str(db.execute("SELECT value FROM settings WHERE name = 'secret'").fetchone()["value"])
        rows = db.execute("SELECT * FROM departments ORDER BY created_at, id")
        found = tuple(department_from(dict(row)) for row in rows)
        self.departments = DepartmentList(read_head(db, DEPARTMENTS_HISTORY), found)
        self.heads = {department.id: read_head(db, department.id) for department in found}

    def events(self) -> Iterator[CalendarEvent]:
        return (event_from(dict(row)) for row in self._db.execute("SELECT * FROM events"))

    def changes(self) -> Iterator[Change]:
        return map(change_of, self._db.execute("SELECT * FROM changes ORDER BY history, seq"))

    def receipts(self) -> Iterator[KeptReceipt]:
        rows = self._db.execute("SELECT * FROM receipts WHERE expires_at > ?", (time.time(),))
        return (KeptReceipt(receipt_of(row), row["expires_at"]) for row in rows)


def holds_anything(db: sqlite3.Connection) -> bool:
    """False for a store as it is made."""
    tables = (f"SELECT 1 FROM {table} WHERE {_USED.get(table, '1')}" for table in TABLES)  # noqa: S608 - our own names
    return any(db.execute(f"{statement} LIMIT 1").fetchone() for statement in tables)


_USED = {"heads": "last_seq > 0"}


def replace_all(db: sqlite3.Connection, source: Extract) -> None:
    """Hold what ``source`` holds; to be called inside a transaction.

    :raises StoreUnusable: departments have the same name, as early versions let them in DynamoDB.
    """
    _require_different_names(source.departments.departments)
    for table in TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - table names of our own
    db.execute("UPDATE settings SET value = ? WHERE name = 'secret'", (source.secret,))
    db.executemany(INSERT_DEPARTMENT, map(department_values, source.departments.departments))
    heads = chain([(DEPARTMENTS_HISTORY, source.departments.head)], source.heads.items())
    db.executemany("INSERT INTO heads VALUES (?, ?, ?)", ((h, head.last_seq, new_epoch()) for h, head in heads))
    db.executemany(INSERT_EVENT, map(record_of, source.events()))
    db.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", map(change_values, source.changes()))
    kept = ((*receipt_values(each.receipt), each.expires_at) for each in source.receipts())
    db.executemany("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", kept)


def _require_different_names(departments: Sequence[Department]) -> None:
    counts = Counter(department.name_key for department in departments)
    if twice := sorted({each.name for each in departments if counts[each.name_key] > 1}):
        raise StoreUnusable([SAME_NAME.format(names=", ".join(twice))])


def renew_epochs(db: sqlite3.Connection) -> int:
    """Give every history a new epoch; how many there are."""
    histories = [row["history"] for row in db.execute("SELECT history FROM heads")]
    db.executemany("UPDATE heads SET epoch = ? WHERE history = ?", [(new_epoch(), h) for h in histories])
    return len(histories)
