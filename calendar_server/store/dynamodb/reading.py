"""Reads that are complete whatever the indexes show: the index, with the end of the history laid over it.

A global secondary index follows its table with a delay
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html). The history does not: it is read strongly
consistently. So an event is taken from the index unless the history says something newer about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, Head, Snapshot, events_history
from calendar_server.domain.clock import timestamp
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentNotFound, EventNotFound, NotFound
from calendar_server.store.dynamodb.connection import Connection, Json
from calendar_server.store.dynamodb.items import (
    HEAD_SEQ,
    change_key,
    change_of,
    department_of,
    event_of,
    head_of,
    number,
    text,
)
from calendar_server.store.dynamodb.schema import DEPARTMENT_DATE_INDEX, Schema
from calendar_server.store.dynamodb.tables import Tables
from calendar_server.store.dynamodb.wholeness import require_whole

INDEX_DELAY = timedelta(minutes=10)
"""How far the index may be behind; changes of this age and younger are read from the history."""

LONGEST_KEY_BYTES = 1024
"""The smaller of DynamoDB's limits for a key value; a longer id names nothing."""

NO_HEAD = Head(0, "")
KEYS_AT_A_TIME = 100
_FIRST_PAGE = 25
_PAGE = 1000


class Reads:
    """Reads of departments, events and histories."""

    def __init__(self, connection: Connection, schema: Schema, tables: Tables) -> None:
        self._connection = connection
        self._schema = schema
        self._tables = tables

    def through(self, connection: Connection) -> Reads:
        """The same reads by another connection's calls."""
        return Reads(connection, self._schema, self._tables)

    def department_item(self, department_id: str) -> Json:
        """:raises DepartmentNotFound: :raises StoreUnusable: see :meth:`head`."""
        item = self._get(self._schema.departments.name, {"id": text(department_id)}) if _is_key(department_id) else None
        if item is None:
            raise self._gone(DepartmentNotFound(department_id))
        return item

    def departments(self) -> DepartmentList:
        """All departments: a scan, and what happened to the list while it was being scanned."""
        head = self.head(DEPARTMENTS_HISTORY)
        found = {d.id: d for page in self._scan_departments() for d in map(department_of, page["Items"])}
        while changes := self.changes_after(DEPARTMENTS_HISTORY, head.last_seq, _PAGE):
            for change in changes:
                _follow(found, change)
            head = Head(changes[-1].seq, head.epoch)
        return DepartmentList(head, tuple(sorted(found.values(), key=lambda d: (d.created_at, d.id))))

    def _scan_departments(self) -> Iterator[Json]:
        return self._connection.pages("scan", TableName=self._schema.departments.name, ConsistentRead=True)

    def stored_head(self, history: str) -> Json | None:
        """The head's item as it is, ended or not; None where nothing was ever written."""
        return self._get(self._schema.changes.name, change_key(history, HEAD_SEQ)) if _is_key(history) else None

    def head(self, history: str) -> Head:
        """:raises DepartmentNotFound: the history is a department's that does not exist (any more).

        :raises StoreUnusable: the store is being restored, or half a restore was left.
        """
        item = self.stored_head(history)
        if item is not None and "ended" not in item:
            return head_of(item)
        if history == DEPARTMENTS_HISTORY:
            require_whole(item)
            return NO_HEAD
        if item is not None:
            raise self._gone(DepartmentNotFound(history))
        self.department_item(history)
        return NO_HEAD

    def heads(self, histories: Collection[str]) -> dict[str, Head]:
        """The heads of those histories that have one and have not ended, 100 to a request."""
        found: dict[str, Head] = {}
        remaining = iter(histories)
        while some := list(islice(remaining, KEYS_AT_A_TIME)):
            for item in self._connection.get_batch(
                self._schema.changes.name, [change_key(history, HEAD_SEQ) for history in some]
            ):
                if "ended" not in item:
                    found[item["history"]["S"]] = head_of(item)
        return found

    def record(self, key: Json) -> Json | None:
        """An item of the table of records."""
        return self._get(self._schema.records.name, key)

    def changes_after(self, history: str, seq: int, limit: int) -> list[Change]:
        """Up to ``limit`` changes numbered above ``seq``."""
        changes: list[Change] = []
        for page in self._query_changes(history, seq + 1, None, Limit=limit):
            changes += [change_of(item) for item in page["Items"]]
            if len(changes) >= limit:
                break
        return changes[:limit]

    def change_rows(self, history: str, seq: int, last_seq: int, **options: Any) -> Iterator[Json]:
        """The items of the changes numbered above ``seq`` and up to ``last_seq``, a page at a time."""
        if seq < last_seq:
            for page in self._query_changes(history, seq + 1, last_seq, **options):
                yield from page["Items"]

    def events_with_id(self, event_id: str) -> list[Json]:
        """Every item of this id: one, or for the blink of a move none or two."""
        if not _is_key(event_id):
            return []
        pages = self._connection.pages(
            "query",
            TableName=self._schema.events.name,
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": text(event_id)},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def event(self, event_id: str) -> CalendarEvent:
        """:raises EventNotFound: also where its department is gone."""
        items = self.events_with_id(event_id)
        if len(items) != 1:
            items = self.events_with_id(event_id)  # a query may see half of a move; the next one does not
        if not items:
            raise self._gone(EventNotFound(event_id))
        event = max(map(event_of, items), key=lambda candidate: candidate.version)
        try:
            self.head(event.department_id)
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None
        return event

    def snapshot(self, department_id: str) -> Snapshot:
        """:raises DepartmentNotFound:"""
        self.head(events_history(department_id))
        since = datetime.now(UTC) - INDEX_DELAY
        found = {event.id: event for event in self.indexed_events(department_id)}
        head = self.head(department_id)
        settled: set[str] = set()
        for change in self.newest_first(department_id, head.last_seq, timestamp(since)):
            if change.subject.id not in settled:
                settled.add(change.subject.id)
                _follow(found, change)
        return Snapshot(head, tuple(sorted(found.values(), key=lambda event: event.sort_key)))

    def indexed_events(self, department_id: str) -> Iterator[CalendarEvent]:
        """The department's events as the index has them; without a usable index, as a scan of the table finds them."""
        selection = {"ExpressionAttributeValues": {":department": text(department_id)}}
        if self._tables.events_index_is_usable():
            pages = self._connection.pages(
                "query",
                TableName=self._schema.events.name,
                IndexName=DEPARTMENT_DATE_INDEX,
                KeyConditionExpression="department_id = :department",
                **selection,
            )
        else:
            pages = self._connection.pages(
                "scan",
                TableName=self._schema.events.name,
                FilterExpression="department_id = :department",
                ConsistentRead=True,
                **selection,
            )
        return (event_of(item) for page in pages for item in page["Items"])

    def recently_changed_ids(self, department_id: str) -> set[str]:
        """Ids of the events that the index may not show yet, or may still show."""
        since = timestamp(datetime.now(UTC) - INDEX_DELAY)
        return {change.subject.id for change in self.newest_first(department_id, None, since)}

    def newest_first(self, history: str, last_seq: int | None, since: str) -> Iterator[Change]:
        """The changes up to ``last_seq`` that are not older than ``since``, the newest first."""
        if last_seq == 0:
            return
        before = None
        limit = _FIRST_PAGE
        while True:
            page = next(
                self._query_changes(history, 1, last_seq, ScanIndexForward=False, Limit=limit, **(before or {}))
            )
            for change in map(change_of, page["Items"]):
                if change.at < since:
                    return
                yield change
            if not page.get("LastEvaluatedKey"):
                return
            before = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            limit = _PAGE

    def _query_changes(self, history: str, first: int, last: int | None, **options: Any) -> Iterator[Json]:
        values = {":history": text(history), ":first": number(first)}
        condition = "history = :history AND seq >= :first"
        if last is not None:
            values[":last"] = number(last)
            condition = "history = :history AND seq BETWEEN :first AND :last"
        return self._connection.pages(
            "query",
            TableName=self._schema.changes.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            **options,
        )

    def _gone(self, error: NotFound) -> NotFound:
        """``error``, unless it is only not there yet. :raises StoreUnusable: a restore is not complete."""
        require_whole(self.stored_head(DEPARTMENTS_HISTORY))
        return error

    def _get(self, table: str, key: Json) -> Json | None:
        item: Json | None = self._connection.call("get_item", TableName=table, Key=key, ConsistentRead=True).get("Item")
        return item


def _follow(found: dict[str, Any], change: Change) -> None:
    """Bring a collection of objects by id past ``change``."""
    if change.type in ("department_deleted", "event_deleted"):
        found.pop(change.subject.id, None)
    else:
        found[change.subject.id] = change.subject


def _is_key(value: str) -> bool:
    return 0 < len(value.encode()) <= LONGEST_KEY_BYTES
