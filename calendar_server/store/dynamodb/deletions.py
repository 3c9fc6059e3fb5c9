"""Removes what is left of deleted departments: their events, and the rows of their histories.

A department is gone with the commit that deleted it; since then nothing can be written into it and nothing of it is
shown. What remains is work that may be cut off anywhere and done again: a reminder in the table of changes is removed
only when nothing is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json, error_code
from calendar_server.store.dynamodb.items import HEAD_SEQ, change_key, number, text
from calendar_server.store.dynamodb.planning import DELETIONS_HISTORY
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.dynamodb.tables import Tables

ROWS_AT_A_TIME = 500


class Deletions:
    """Finishes deletions that a commit has begun."""

    def __init__(self, connection: Connection, schema: Schema, tables: Tables, reads: Reads) -> None:
        self._connection = connection
        self._schema = schema
        self._tables = tables
        self._reads = reads

    def finish(self, department_id: str | None = None) -> bool:
        """Remove what is left of one deleted department or of all; True where there was anything.

        :raises StoreUnavailable: not all in time; what is left stays remembered.
        """
        reminders = [r for r in self._reminders() if department_id in (None, r["department_id"]["S"])]
        for reminder in reminders:
            self._remove_events(reminder["department_id"]["S"])
            self._remove_history(reminder["department_id"]["S"])
            key = {"history": reminder["history"], "seq": reminder["seq"]}
            self._connection.call("delete_item", TableName=self._schema.changes.name, Key=key)
        return bool(reminders)

    def _reminders(self) -> list[Json]:
        pages = self._connection.pages(
            "query",
            TableName=self._schema.changes.name,
            KeyConditionExpression="history = :history",
            ExpressionAttributeValues={":history": text(DELETIONS_HISTORY)},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def _remove_events(self, department_id: str) -> None:
        """Those in the index, and those that the index may not show yet."""
        recent = self._reads.recently_changed_ids(department_id)
        self._remove(department_id, recent)
        self._remove(department_id, (e.id for e in self._reads.indexed_events(department_id) if e.id not in recent))

    def _remove(self, department_id: str, event_ids: Iterable[str]) -> None:
        remaining = iter(event_ids)
        while some := list(islice(remaining, ROWS_AT_A_TIME)):
            if self._tables.events_key_has_department():
                keys = [{"id": text(event_id), "department_id": text(department_id)} for event_id in some]
                self._delete(self._schema.events.name, keys)
            else:
                for event_id in some:
                    self._remove_unless_moved(department_id, event_id)

    def _remove_unless_moved(self, department_id: str, event_id: str) -> None:
        """With ``id`` alone as the key, an event that has moved stands under the same key, and lives."""
        try:
            self._connection.call(
                "delete_item",
                TableName=self._schema.events.name,
                Key={"id": text(event_id)},
                ConditionExpression="department_id = :department",
                ExpressionAttributeValues={":department": text(department_id)},
            )
        except StoreUnavailable as error:
            if error_code(error.__cause__) != "ConditionalCheckFailedException":
                raise

    def _remove_history(self, department_id: str) -> None:
        """All rows; the head stays and says that the history has ended."""
        pages = self._connection.pages(
            "query",
            TableName=self._schema.changes.name,
            KeyConditionExpression="history = :history AND seq > :head",
            ExpressionAttributeValues={":history": text(department_id), ":head": number(HEAD_SEQ)},
            ProjectionExpression="seq",
            ConsistentRead=True,
        )
        for page in pages:
            keys = [change_key(department_id, int(item["seq"]["N"])) for item in page["Items"]]
            self._delete(self._schema.changes.name, keys)

    def _delete(self, table: str, keys: list[Json]) -> None:
        if keys:
            self._connection.write_batch(table, [{"DeleteRequest": {"Key": key}} for key in keys])
