"""What the embedded store keeps for a time only: receipts for seven days, changes for ninety."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

import orjson

from calendar_server.domain.changes import CHANGES_KEPT
from calendar_server.domain.clock import timestamp
from calendar_server.domain.receipts import KEPT_SECONDS, Receipt, StoredAnswer
from calendar_server.errors import ReceiptExists

ROWS_AT_A_TIME = 2_000


def read_receipt(db: sqlite3.Connection, key: str) -> Receipt | None:
    """The receipt of ``key`` that has not expired."""
    row = db.execute("SELECT * FROM receipts WHERE key = ? AND expires_at > ?", (key, time.time())).fetchone()
    return receipt_of(row) if row else None


def receipt_of(row: Any) -> Receipt:
    """The receipt in a row."""
    headers = tuple((name, value) for name, value in orjson.loads(row["headers"]))
    return Receipt(row["key"], row["fingerprint"], StoredAnswer(row["status"], headers, row["body"]))


def receipt_values(receipt: Receipt) -> tuple[str | int | bytes, ...]:
    """The receipt's columns in their order, but for the last, its expiry."""
    answer = receipt.answer
    return (receipt.key, receipt.fingerprint, answer.status, orjson.dumps(answer.headers), answer.body)


def insert_receipt(db: sqlite3.Connection, receipt: Receipt) -> None:
    """:raises ReceiptExists: there is one of this key that has not expired."""
    now = int(time.time())
    db.execute("DELETE FROM receipts WHERE key = ? AND expires_at <= ?", (receipt.key, now))
    try:
        db.execute("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", (*receipt_values(receipt), now + KEPT_SECONDS))
    except sqlite3.IntegrityError:
        raise ReceiptExists(receipt.key) from None


def delete_expired(db: sqlite3.Connection) -> bool:
    """Delete some rows that are past their time; True where there may be more."""
    oldest = timestamp(datetime.now(UTC) - CHANGES_KEPT)
    changes = db.execute(
        "DELETE FROM changes WHERE (history, seq) IN (SELECT history, seq FROM changes WHERE at < ? LIMIT ?)",
        (oldest, ROWS_AT_A_TIME),
    ).rowcount
    receipts = db.execute(
        "DELETE FROM receipts WHERE key IN (SELECT key FROM receipts WHERE expires_at <= ? LIMIT ?)",
        (time.time(), ROWS_AT_A_TIME),
    ).rowcount
    return ROWS_AT_A_TIME in (changes, receipts)
