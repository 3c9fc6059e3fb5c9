"""Puts another content into the tables: ``Store.replace``.

Two steps, which the head of the list of departments tells apart. *Writing*: the tables are emptied and filled, but for
departments and heads; nothing is found and nothing can be written, and whoever comes again starts over. *Publishing*:
each department appears together with its head; whoever comes again with the same content goes on, so that what clients
have written to those that appeared first is not lost. The list's head, put last, ends it.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from calendar_server.domain.changes import CHANGES_KEPT, DEPARTMENTS_HISTORY, Change, Head, new_epoch
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, backoff, error_code
from calendar_server.store.dynamodb.items import (
    HEAD_SEQ,
    Item,
    change_item,
    change_key,
    item_of,
    number,
    receipt_item,
    text,
)
from calendar_server.store.dynamodb.patience import ITEMS_A_PAGE, Patient
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import DEPARTMENT_DATE_INDEX, Schema, Table
from calendar_server.store.dynamodb.tables import Tables
from calendar_server.store.dynamodb.wholeness import RESTORING
from calendar_server.store.extracts import Extract

T = TypeVar("T")
WRITING, PUBLISHING = "writing", "publishing"
ITEMS_AT_A_TIME = 500
INDEX_SECONDS = 900.0
SECRET_KEY = {"key": {"S": "secret"}}
"""Where the store's own random text stands among the records."""


class Replacement:
    """Replaces the tables' content."""

    def __init__(self, connection: Connection, schema: Schema, tables: Tables, reads: Reads) -> None:
        self._connection = Patient(connection)
        self._schema = schema
        self._tables = tables
        self._reads = reads.through(self._connection)

    def would_lose(self, source: Extract) -> bool:
        """True where there is anything but the secret, or what an interrupted replacement has left."""
        head = self._reads.stored_head(DEPARTMENTS_HISTORY)
        if head is not None and RESTORING in head:
            return bool(head["step"] == text(PUBLISHING) and head[RESTORING] != text(source.name))
        return any(key != SECRET_KEY for table in self._schema.tables for key in self._keys(table))

    def carry_out(self, source: Extract) -> None:
        """Hold what ``source`` holds instead of what is there. :raises StoreUnavailable: to be called again."""
        self._require_tables()
        head = self._reads.stored_head(DEPARTMENTS_HISTORY) or {}
        if head.get(RESTORING) != text(source.name) or head["step"] != text(PUBLISHING):
            run = uuid.uuid4().hex
            self._connection.call("put_item", TableName=self._schema.changes.name, Item=_mark(source, WRITING, run))
            self._clear()
            self._await_index(self._write(source), run)
            self._go_over_to_publishing(source, run)
        self._publish(source)

    def _require_tables(self) -> None:
        """:raises StoreUnusable: one is missing, or may not be read. It is found now, before anything is removed."""
        for table in self._schema.tables:
            self._connection.call("scan", TableName=table.name, Limit=1)

    def _clear(self) -> None:
        """Departments and heads first: from then on no write of a server that still runs can succeed."""
        tables = self._schema
        for table in (tables.departments, tables.changes, tables.events, tables.records):
            for keys in _batches(self._keys(table), ITEMS_AT_A_TIME):
                kept = change_key(DEPARTMENTS_HISTORY, HEAD_SEQ)
                requests = [{"DeleteRequest": {"Key": key}} for key in keys if key != kept]
                self._connection.write_batch(table.name, requests)

    def _keys(self, table: Table) -> Iterator[Item]:
        names = [key.name for key in table.keys]
        if table is self._schema.events and not self._tables.events_key_has_department():
            names = names[:1]
        aliases = {f"#{name}": name for name in names}
        pages = self._connection.pages(
            "scan",
            TableName=table.name,
            ConsistentRead=True,
            Limit=ITEMS_A_PAGE,
            ProjectionExpression=", ".join(aliases),
            ExpressionAttributeNames=aliases,
        )
        return ({name: item[name] for name in names} for page in pages for item in page["Items"])

    def _write(self, source: Extract) -> Counter[str]:
        """Events, changes, receipts and the secret; how many events there are of each department."""
        counts: Counter[str] = Counter()
        self._put_all(self._schema.events, map(item_of, _counted(source.events(), counts)))
        self._put_all(self._schema.changes, map(_row, source.changes()))
        receipts = (receipt_item(kept.receipt, kept.expires_at) for kept in source.receipts())
        self._put_all(self._schema.records, receipts)
        self._put_all(self._schema.records, [{**SECRET_KEY, "secret": text(source.secret)}])
        return counts

    def _put_all(self, table: Table, items: Iterable[Item]) -> None:
        for some in _batches(items, ITEMS_AT_A_TIME):
            self._connection.write_batch(
                table.name, [{"PutRequest": {"Item": _indexable(table, item)}} for item in some]
            )

    def _await_index(self, counts: Counter[str], run: str) -> None:
        """Lists are read from the index with the last minutes of the history laid over it; these events are older."""
        if not self._tables.events_index_is_usable():
            return
        for department_id, wanted in counts.items():
            pauses = backoff(INDEX_SECONDS)
            while self._indexed(department_id) != wanted:
                self._require_no_other((self._reads.stored_head(DEPARTMENTS_HISTORY) or {}).get("run") == text(run))
                next(pauses)

    def _indexed(self, department_id: str) -> int:
        pages = self._connection.pages(
            "query",
            TableName=self._schema.events.name,
            IndexName=DEPARTMENT_DATE_INDEX,
            KeyConditionExpression="department_id = :department",
            ExpressionAttributeValues={":department": text(department_id)},
            Select="COUNT",
        )
        return sum(int(page["Count"]) for page in pages)

    def _go_over_to_publishing(self, source: Extract, run: str) -> None:
        try:
            self._connection.call(
                "put_item",
                TableName=self._schema.changes.name,
                Item=_mark(source, PUBLISHING, run),
                ConditionExpression="run = :run",
                ExpressionAttributeValues={":run": text(run)},
            )
        except StoreUnavailable as error:
            self._require_no_other(error_code(error.__cause__) != "ConditionalCheckFailedException")
            raise

    def _require_no_other(self, alone: bool) -> None:
        """:raises StoreUnavailable: another restore has begun since; it may have removed what this one wrote."""
        if not alone:
            raise StoreUnavailable("another restore was started meanwhile; run one at a time")

    def _publish(self, source: Extract) -> None:
        for department in source.departments.departments:
            if self._reads.stored_head(department.id) is None:
                self._publish_department(department, source.heads[department.id])
        table = self._schema.changes.name
        self._connection.call("put_item", TableName=table, Item=_head(DEPARTMENTS_HISTORY, source.departments.head))

    def _publish_department(self, department: Department, head: Head) -> None:
        table = self._schema.departments
        puts = [
            {"TableName": table.name, "Item": _indexable(table, item_of(department))},
            {"TableName": self._schema.changes.name, "Item": _head(department.id, head)},
        ]
        self._connection.call("transact_write_items", TransactItems=[{"Put": put} for put in puts])


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while some := list(islice(remaining, size)):
        yield some


def _mark(source: Extract, step: str, run: str) -> Item:
    return {
        **change_key(DEPARTMENTS_HISTORY, HEAD_SEQ),
        "last_seq": number(0),
        "ended": {"BOOL": True},
        RESTORING: text(source.name),
        "step": text(step),
        "run": text(run),
    }


def _head(history: str, head: Head) -> Item:
    return {**change_key(history, HEAD_SEQ), "last_seq": number(head.last_seq), "epoch": text(new_epoch())}


def _counted(events: Iterable[CalendarEvent], counts: Counter[str]) -> Iterator[CalendarEvent]:
    """Count those of which the index takes notice: see :func:`_indexable`."""
    for event in events:
        counts[event.department_id] += 1 if event.event_date else 0
        yield event


def _indexable(table: Table, item: Item) -> Item:
    """The item without empty attributes that are an index's key, which DynamoDB refuses: old items may lack them too."""
    keys = {key.name for index in table.indexes for key in index.keys}
    return {name: value for name, value in item.items() if name not in keys or value != text("")}


def _row(change: Change) -> Item:
    """The change's row, which expires when it would have expired where it was written."""
    expires = datetime.fromisoformat(change.at) + CHANGES_KEPT
    return change_item(change, "restored", int(expires.timestamp()))
