"""The calendar's store on AWS DynamoDB.

>>> from models import DynamoDBDatabase
>>> db = DynamoDBDatabase()
>>> db.create_tables()

The class keeps the contract of ``calendar_server/store/contract.py``; its rooms lie in
``calendar_server/store/dynamodb/``: the tables' schema, the connection with its errors, the planning and sending of
transactions, reads that no lagging index can falsify, and the removal of deleted departments.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from calendar_server import measures
from calendar_server.config import Settings
from calendar_server.domain.changes import Change, DepartmentList, Edit, Head, Snapshot
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt
from calendar_server.errors import ReceiptExists, StoreUnavailable, StoreUnusable
from calendar_server.store.dynamodb.connection import Connection, error_code
from calendar_server.store.dynamodb.deletions import Deletions
from calendar_server.store.dynamodb.extracting import Extraction
from calendar_server.store.dynamodb.items import department_of, receipt_key, receipt_of, receipt_put, text
from calendar_server.store.dynamodb.planning import BATCH_LIMIT, Planner
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.renewing import Renewal
from calendar_server.store.dynamodb.replacing import SECRET_KEY, Replacement
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.dynamodb.tables import Report, Tables
from calendar_server.store.dynamodb.transactions import Transactions
from calendar_server.store.extracts import Extract


class DynamoDBDatabase:
    """A :class:`~calendar_server.store.contract.Store` on DynamoDB.

    Without ``settings`` they are read from the environment and ``.env``. Making one makes no connection; the first
    call does.

    :raises ConfigurationError: a setting is wrong.
    """

    batch_limit = BATCH_LIMIT

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings.load(serving=False)
        self.schema = Schema.named_by(self._settings)
        self.connection = Connection(self._settings)
        self.tables = Tables(self.connection, self.schema)
        self._reads = Reads(self.connection, self.schema, self.tables)
        self._deletions = Deletions(self.connection, self.schema, self.tables, self._reads)
        self._planner = Planner(self._reads, self.schema, self.tables, self._deletions.finish)
        self._replacement = Replacement(self.connection, self.schema, self.tables, self._reads)
        self._transactions = Transactions(self.connection, self.schema.changes.name)

    def create_tables(self, report: Report = print) -> None:
        """Make what is missing of tables, indexes and expiry settings, and wait until all are active.

        May be called as often as one likes: what exists is left as it is, its items untouched. New tables are billed
        as DYNAMODB_BILLING_MODE says. ``report`` gets a line for each table.

        :raises StoreUnusable: credentials, region or permissions are missing, or a table has other keys; its text says
            what to do.
        :raises StoreUnavailable: DynamoDB cannot be reached, or the tables did not become active in time.
        """
        try:
            self.tables.create(self._settings.billing_mode, report)
        except (StoreUnusable, StoreUnavailable) as error:
            raise error.with_traceback(None) from None  # what is missing must not drown in botocore's own story

    def describe(self) -> str:
        place = self._settings.dynamodb_endpoint_url or f"AWS {self._settings.aws_region or ''}".strip()
        return f"dynamodb ({place}), tables {', '.join(table.name for table in self.schema.tables)}"

    def check(self) -> None:
        self.tables.check()

    @measures.timed("list_departments")
    def list_departments(self) -> DepartmentList:
        return self._reads.departments()

    @measures.timed("get_department")
    def get_department(self, department_id: str) -> Department:
        return department_of(self._reads.department_item(department_id))

    @measures.timed("get_event")
    def get_event(self, event_id: str) -> CalendarEvent:
        return self._reads.event(event_id)

    @measures.timed("snapshot")
    def snapshot(self, department_id: str) -> Snapshot:
        return self._reads.snapshot(department_id)

    @measures.timed("head")
    def head(self, history: str) -> Head:
        return self._reads.head(history)

    @measures.timed("changes_after")
    def changes_after(self, history: str, seq: int, limit: int) -> list[Change]:
        self._reads.head(history)
        return self._reads.changes_after(history, seq, limit)

    @measures.timed("commit")
    def commit(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> list[Change]:
        if not edits:
            return []
        return self._transactions.commit(lambda: self._planner.plan(edits, expected), plan_again=expected is None)

    @measures.timed("heads")
    def heads(self, histories: Collection[str]) -> dict[str, Head]:
        return self._reads.heads(histories)

    @measures.timed("find_receipt")
    def find_receipt(self, key: str) -> Receipt | None:
        item = self._reads.record(receipt_key(key))
        return None if item is None else receipt_of(item)

    @measures.timed("keep_receipt")
    def keep_receipt(self, receipt: Receipt) -> None:
        self._put_record(receipt_put(receipt), ReceiptExists(receipt.key))

    def secret(self) -> str:
        """Made by whichever process asks first."""
        item = self._reads.record(SECRET_KEY)
        if item is None:
            made = {**SECRET_KEY, "secret": text(secrets.token_hex(32))}
            condition = {
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": "key"},
            }
            with suppress(ReceiptExists):
                self._put_record({"Item": made, **condition}, ReceiptExists("secret"))
            item = self._reads.record(SECRET_KEY) or made
        return str(item["secret"]["S"])

    def forget_expired(self) -> None:
        """DynamoDB does so by itself: ``expires_at`` is the tables' time to live."""

    def _put_record(self, put: dict[str, Any], exists: ReceiptExists) -> None:
        try:
            self.connection.call("put_item", TableName=self.schema.records.name, **put)
        except StoreUnavailable as error:
            if error_code(error.__cause__) == "ConditionalCheckFailedException":
                raise exists from error
            raise

    def finish_deletions(self, department_id: str | None = None) -> bool:
        return self._deletions.finish(department_id)

    def extract(self, scratch: Path) -> AbstractContextManager[Extract]:
        kept = self._reads.record(SECRET_KEY)
        secret = str(kept["secret"]["S"]) if kept else secrets.token_hex(32)
        return Extraction(self.connection, self.schema, self._reads).extract(scratch, secret)

    def would_lose(self, source: Extract) -> bool:
        return self._replacement.would_lose(source)

    def replace(self, source: Extract) -> None:
        self._replacement.carry_out(source)

    def renew_epochs(self) -> int:
        """Also mends what a restore of the single tables to one second may have torn; no server may write meanwhile."""
        return Renewal(self.connection, self.schema, self.tables, self._reads).carry_out()

    def close(self) -> None:
        self.connection.close()
