"""Counts the capacity units of every call to DynamoDB: by AWS's rules from the items' sizes, and as the double says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from calendar_server.capacity.operations import Load, Place, Units
from calendar_server.capacity.rules import Consistency, Item, index_write_units, item_size, read_units, write_units
from calendar_server.store.dynamodb.schema import DEPARTMENT_DATE_INDEX, NAME_INDEX, Schema
from models import DynamoDBDatabase

Json = dict[str, Any]
READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


@dataclass
class Counted:
    """``load`` by the rules; ``said_read`` and ``said_write`` as the double says."""

    load: Load = field(default_factory=Load)
    said_read: float = 0.0
    said_write: float = 0.0
    calls: list[str] = field(default_factory=list)

    def add(self, place: Place, *, read: float = 0.0, write: float = 0.0) -> None:
        """Units that ``place`` has served."""
        self.load += Load({place: Units(read, write)})


@dataclass(frozen=True)
class Measured:
    """One operation and its units."""

    name: str
    counted: Counted


@dataclass
class _Write:
    """One item that is to be written. ``attempted``: its bytes if it is a Put's, which counts also where it is refused."""

    table: str
    key: Json
    attempted: int
    before: Item | None = None


class Meter:
    """Listens to the calls of one database."""

    def __init__(self, database: DynamoDBDatabase, endpoint: str | None) -> None:
        self._schema = {table.name: table for table in database.schema.tables}
        self._places = _places(database.schema)
        self._looking = boto3.client("dynamodb", region_name="ap-northeast-2", endpoint_url=endpoint)
        self._writes: list[_Write] = []
        self._parameters: Json = {}
        self.counted = Counted()
        events = database.connection.client.meta.events
        for operation in (*READS, *WRITES):
            events.register(f"provide-client-params.dynamodb.{operation}", self._before_call)
            events.register(f"after-call.dynamodb.{operation}", self._after_call)

    @contextmanager
    def measuring(self) -> Iterator[Counted]:
        """The units of the calls inside the block."""
        counted = self.counted = Counted()
        yield counted
        self.counted = Counted()

    def _before_call(self, params: Json, model: Any, **_: Any) -> Json:
        self._parameters = dict(params)
        if model.name in WRITES:
            self._writes = self._targets(model.name, params)
            for write, before in zip(self._writes, self._items(self._writes), strict=True):
                write.before = before
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def _after_call(self, parsed: Json, model: Any, **_: Any) -> None:
        self.counted.calls.append(model.name)
        said = parsed.get("ConsumedCapacity") or []
        total = sum(each.get("CapacityUnits", 0.0) for each in (said if isinstance(said, list) else [said]))
        if model.name in WRITES:
            self.counted.said_write += total
            self._count_written(transactional=model.name == "TransactWriteItems", refused="Error" in parsed)
        else:
            self.counted.said_read += total
            self._count_read(model.name, self._parameters)

    def _targets(self, operation: str, params: Json) -> list[_Write]:
        if operation == "TransactWriteItems":
            return [self._write(part) for action in params["TransactItems"] for part in action.values()]
        if operation == "BatchWriteItem":
            return [
                self._write({"TableName": table, **part})
                for table, requests in params["RequestItems"].items()
                for request in requests
                for part in request.values()
            ]
        return [self._write(params)]

    def _write(self, part: Json) -> _Write:
        key = part.get("Key") or self._key_of(part["TableName"], part["Item"])
        return _Write(part["TableName"], key, item_size(part.get("Item")))

    def _item(self, table: str, key: Json) -> Item | None:
        return self._looking.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    def _items(self, writes: list[_Write]) -> list[Item | None]:
        """As they are now, in one request."""
        wanted: Json = {}
        for write in writes:
            wanted.setdefault(write.table, {"Keys": [], "ConsistentRead": True})["Keys"].append(write.key)
        found = self._looking.batch_get_item(RequestItems=wanted)["Responses"]
        stored = {(table, str(_sorted(self._key_of(table, item)))): item for table in found for item in found[table]}
        return [stored.get((write.table, str(_sorted(write.key)))) for write in writes]

    def _key_of(self, table: str, item: Json) -> Json:
        return {key.name: item[key.name] for key in self._schema[table].keys}

    def _count_written(self, *, transactional: bool, refused: bool) -> None:
        """A refused write takes what the larger of the stored and the attempted item takes, but changes no index."""
        for write, after in zip(self._writes, self._items(self._writes), strict=True):
            size = max(item_size(after), write.attempted if refused else 0)
            units = write_units(item_size(write.before), size, transactional=transactional)
            self.counted.add(self._places[write.table], write=units)
            for index in self._schema[write.table].indexes:
                units = index_write_units(write.before, after, tuple(each.name for each in index.keys))
                self.counted.add(self._places[index.name], write=units)

    def _count_read(self, operation: str, params: Json) -> None:
        strong: Consistency = "strong" if params.get("ConsistentRead") else "eventual"
        if operation in ("Query", "Scan"):
            units = read_units(sum(map(item_size, self._looked_at(operation, params))), strong)
            self.counted.add(self._places[params.get("IndexName", params["TableName"])], read=units)
        elif operation == "GetItem":
            self._count_item(params["TableName"], params["Key"], strong)
        elif operation == "BatchGetItem":
            for table, of in params["RequestItems"].items():
                for key in of["Keys"]:
                    self._count_item(table, key, "strong" if of.get("ConsistentRead") else "eventual")
        else:
            for get in (each["Get"] for each in params["TransactItems"]):
                self._count_item(get["TableName"], get["Key"], "transactional")

    def _count_item(self, table: str, key: Json, consistency: Consistency) -> None:
        self.counted.add(self._places[table], read=read_units(item_size(self._item(table, key)), consistency))

    def _looked_at(self, operation: str, params: Json) -> list[Item]:
        """All items that a query or scan goes through: what it filters out or leaves away counts too."""
        whole = {name: value for name, value in params.items() if name not in ("ProjectionExpression", "Select")}
        call = self._looking.query if operation == "Query" else self._looking.scan
        return list(call(**whole)["Items"])


def _sorted(key: Json) -> list[tuple[str, Any]]:
    return sorted(key.items())


def _places(schema: Schema) -> dict[str, Place]:
    """By the names of tables and indexes."""
    return {
        schema.departments.name: "departments",
        schema.events.name: "events",
        schema.changes.name: "changes",
        schema.records.name: "records",
        NAME_INDEX: "name-index",
        DEPARTMENT_DATE_INDEX: "department-date-index",
    }
