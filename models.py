"""The calendar's store on AWS DynamoDB.

>>> from models import DynamoDBDatabase
>>> db = DynamoDBDatabase()
>>> db.create_tables()

The class keeps the contract of ``calendar_server/store/contract.py``; its rooms lie in
``calendar_server/store/dynamodb/``: the tables' schema, the connection with its errors, the planning and sending of
transactions, reads that no lagging index can falsify, and the removal of deleted departments.
"""

from __future__ import annotations

from collections.abc import Sequence

from calendar_server.config import Settings
from calendar_server.domain.changes import Change, DepartmentList, Edit, Head, Snapshot
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.store.dynamodb.connection import Connection
from calendar_server.store.dynamodb.deletions import Deletions
from calendar_server.store.dynamodb.items import department_of
from calendar_server.store.dynamodb.planning import BATCH_LIMIT, Planner
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.dynamodb.tables import Report, Tables
from calendar_server.store.dynamodb.transactions import Transactions


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
        self._transactions = Transactions(self.connection, self.schema.changes.name)

    def create_tables(self, report: Report = print) -> None:
        """Make what is missing of tables, indexes and expiry settings, and wait until all are active.

        May be called as often as one likes: what exists is left as it is, its items untouched. New tables are billed
        as DYNAMODB_BILLING_MODE says. ``report`` gets a line for each table.

        :raises StoreUnusable: credentials, region or permissions are missing, or a table has other keys; its text says
            what to do.
        :raises StoreUnavailable: DynamoDB cannot be reached, or the tables did not become active in time.
        """
        self.tables.create(self._settings.billing_mode, report)

    def describe(self) -> str:
        place = self._settings.dynamodb_endpoint_url or f"AWS {self._settings.aws_region or ''}".strip()
        return f"dynamodb ({place}), tables {', '.join(table.name for table in self.schema.tables)}"

    def check(self) -> None:
        self.tables.check()

    def list_departments(self) -> DepartmentList:
        return self._reads.departments()

    def get_department(self, department_id: str) -> Department:
        return department_of(self._reads.department_item(department_id))

    def get_event(self, event_id: str) -> CalendarEvent:
        return self._reads.event(event_id)

    def snapshot(self, department_id: str) -> Snapshot:
        return self._reads.snapshot(department_id)

    def head(self, history: str) -> Head:
        return self._reads.head(history)

    def changes_after(self, history: str, seq: int, limit: int) -> list[Change]:
        self._reads.head(history)
        return self._reads.changes_after(history, seq, limit)

    def commit(self, edits: Sequence[Edit]) -> list[Change]:
        return self._transactions.commit(lambda: self._planner.plan(edits)) if edits else []

    def finish_deletions(self, department_id: str | None = None) -> bool:
        return self._deletions.finish(department_id)

    def close(self) -> None:
        self.connection.close()
