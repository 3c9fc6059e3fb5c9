"""Makes tables that AWS has brought back to an earlier second fit to be served: ``Store.renew_epochs``.

AWS restores each table by itself, and a restore may hold some but not all of the changes of a recent transaction
(developer guide, "DynamoDB transactions: how it works"). The histories decide: objects are brought to where their last
changes say, and heads to the last number that is there. Then every history begins a new epoch, so that nobody goes on
from a cursor of the time that has been undone. All of it may be done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, new_epoch
from calendar_server.domain.clock import timestamp
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json, error_code
from calendar_server.store.dynamodb.items import HEAD_SEQ, assignments, change_key, number, text
from calendar_server.store.dynamodb.patience import Patient
from calendar_server.store.dynamodb.planning import DELETIONS_HISTORY
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.dynamodb.tables import Tables
from calendar_server.store.records import record_of

TORN = timedelta(minutes=10)
"""Changes so much older than a history's last one are taken to have reached every table."""


class Renewal:
    """Renews the epochs of all histories, waiting for capacity where a client of the server may not."""

    def __init__(self, connection: Connection, schema: Schema, tables: Tables, reads: Reads) -> None:
        self._connection = Patient(connection)
        self._schema = schema
        self._tables = tables
        self._reads = reads.through(self._connection)

    def carry_out(self) -> int:
        """How many histories there are. :raises StoreUnavailable: also where somebody writes meanwhile."""
        self._settle(DEPARTMENTS_HISTORY)
        departments = self._reads.departments().departments
        for department in departments:
            self._settle(department.id)
            self._renew(department.id)
        self._renew(DEPARTMENTS_HISTORY)
        return len(departments) + 1

    def _settle(self, history: str) -> None:
        """Bring the objects to where the history's last changes say."""
        settled: set[str] = set()
        for change in self._last_changes(history):
            if change.subject.id not in settled:
                settled.add(change.subject.id)
                self._end(change) if change.is_removal else self._bring_up(change)

    def _last_changes(self, history: str) -> Iterator[Change]:
        oldest = ""
        for change in self._reads.newest_first(history, None, ""):
            oldest = oldest or timestamp(datetime.fromisoformat(change.at) - TORN)
            if change.at < oldest:
                return
            yield change

    def _bring_up(self, change: Change) -> None:
        """Unless the object is there, at this version or a later one."""
        values = record_of(change.subject)
        target = self._target(change)
        update = assignments({name: value for name, value in values.items() if name not in target["Key"]})
        update["ConditionExpression"] = (
            "attribute_not_exists(id) OR attribute_not_exists(#version) OR #version < :version"
        )
        self._unless_refused("update_item", **target, **update)

    def _end(self, change: Change) -> None:
        target = self._target(change)
        if isinstance(change.subject, CalendarEvent):
            condition: Json = {
                "ConditionExpression": "department_id = :department",
                "ExpressionAttributeValues": {":department": text(change.subject.department_id)},
            }
            self._unless_refused("delete_item", **target, **condition)
            return
        self._connection.call("delete_item", **target)
        reminder = {**change_key(DELETIONS_HISTORY, change.seq), "department_id": text(change.subject.id)}
        self._connection.call("put_item", TableName=self._schema.changes.name, Item=reminder)
        self._update_head(
            change.subject.id, {"UpdateExpression": "SET ended = :ended", **_values(ended={"BOOL": True})}
        )

    def _target(self, change: Change) -> Json:
        key = {"id": text(change.subject.id)}
        if not isinstance(change.subject, CalendarEvent):
            return {"TableName": self._schema.departments.name, "Key": key}
        if self._tables.events_key_has_department():
            key["department_id"] = text(change.subject.department_id)
        return {"TableName": self._schema.events.name, "Key": key}

    def _renew(self, history: str) -> None:
        head = self._reads.head(history)
        newest = next(self._reads.newest_first(history, None, ""), None)
        last = max(head.last_seq, newest.seq if newest else 0)
        update = assignments({"last_seq": last, "epoch": new_epoch()})
        update["ConditionExpression"] = "attribute_not_exists(history) OR last_seq = :seen"
        update["ExpressionAttributeValues"][":seen"] = number(head.last_seq)
        self._update_head(history, update)

    def _update_head(self, history: str, update: Json) -> None:
        table = self._schema.changes.name
        self._connection.call("update_item", TableName=table, Key=change_key(history, HEAD_SEQ), **update)

    def _unless_refused(self, operation: str, **parameters: Any) -> None:
        try:
            self._connection.call(operation, **parameters)
        except StoreUnavailable as error:
            if error_code(error.__cause__) != "ConditionalCheckFailedException":
                raise


def _values(**values: Json) -> Json:
    return {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}}
