"""Counts the capacity units of every call to DynamoDB: by AWS's rules from the items' sizes, and as the double says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from calendar_server.capacity.rules import Item, index_write_units, item_size, read_units, write_units
from models import DynamoDBDatabase

Json = dict[str, Any]
READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


@dataclass
class Units:
    """``read`` and ``write`` by the rules; ``said_read`` and ``said_write`` as the double says."""

    read: float = 0.0
    write: float = 0.0
    said_read: float = 0.0
    said_write: float = 0.0
    calls: list[str] = field(default_factory=list)


class Meter:
    """Listens to the calls of one database."""

    def __init__(self, database: DynamoDBDatabase, endpoint: str | None) -> None:
        self._schema = {table.name: table for table in database.schema.tables}
        self._looking = boto3.client("dynamodb", region_name="ap-northeast-2", endpoint_url=endpoint)
        self._before: list[tuple[tuple[str, Json], Item | None]] = []
        self._parameters: Json = {}
        self.units = Units()
        events = database.connection.client.meta.events
        for operation in (*READS, *WRITES):
            events.register(f"provide-client-params.dynamodb.{operation}", self._before_call)
            events.register(f"after-call.dynamodb.{operation}", self._after_call)

    @contextmanager
    def measuring(self) -> Iterator[Units]:
        """The units of the calls inside the block."""
        units = self.units = Units()
        yield units
        self.units = Units()

    def _before_call(self, params: Json, model: Any, **_: Any) -> Json:
        self._parameters = dict(params)
        if model.name in WRITES:
            targets = self._targets(model.name, params)
            self._before = list(zip(targets, self._items(targets), strict=True))
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def _after_call(self, parsed: Json, model: Any, **_: Any) -> None:
        self.units.calls.append(model.name)
        said = parsed.get("ConsumedCapacity") or []
        total = sum(each.get("CapacityUnits", 0.0) for each in (said if isinstance(said, list) else [said]))
        if model.name in WRITES:
            self.units.said_write += total
            self.units.write += self._written(transactional=model.name == "TransactWriteItems")
        else:
            self.units.said_read += total
            self.units.read += self._read(model.name, self._parameters)

    def _targets(self, operation: str, params: Json) -> list[tuple[str, Json]]:
        if operation == "TransactWriteItems":
            parts = [part for action in params["TransactItems"] for part in action.values()]
            return [(part["TableName"], self._key(part)) for part in parts]
        if operation == "BatchWriteItem":
            return [
                (table, self._key({"TableName": table, **part}))
                for table, requests in params["RequestItems"].items()
                for request in requests
                for part in request.values()
            ]
        return [(params["TableName"], self._key(params))]

    def _key(self, part: Json) -> Json:
        return part.get("Key") or self._key_of(part["TableName"], part["Item"])

    def _item(self, table: str, key: Json) -> Item | None:
        return self._looking.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    def _items(self, targets: list[tuple[str, Json]]) -> list[Item | None]:
        """As they are now, in one request."""
        wanted: Json = {}
        for table, key in targets:
            wanted.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
        found = self._looking.batch_get_item(RequestItems=wanted)["Responses"]
        stored = {(table, str(_sorted(self._key_of(table, item)))): item for table in found for item in found[table]}
        return [stored.get((table, str(_sorted(key)))) for table, key in targets]

    def _key_of(self, table: str, item: Json) -> Json:
        return {key.name: item[key.name] for key in self._schema[table].keys}

    def _written(self, *, transactional: bool) -> float:
        total = 0.0
        afterwards = self._items([target for target, _before in self._before])
        for ((table, _key), before), after in zip(self._before, afterwards, strict=True):
            total += write_units(item_size(before), item_size(after), transactional=transactional)
            for index in self._schema[table].indexes:
                total += index_write_units(before, after, tuple(each.name for each in index.keys))
        return total

    def _read(self, operation: str, params: Json) -> float:
        strong = "strong" if params.get("ConsistentRead") else "eventual"
        if operation in ("Query", "Scan"):
            return read_units(sum(map(item_size, self._looked_at(operation, params))), strong)
        if operation == "GetItem":
            return read_units(item_size(self._item(params["TableName"], params["Key"])), strong)
        if operation == "BatchGetItem":
            wanted = [(table, key) for table, of in params["RequestItems"].items() for key in of["Keys"]]
            return sum(read_units(item_size(self._item(table, key)), "strong") for table, key in wanted)
        gets = [get["Get"] for get in params["TransactItems"]]
        return sum(read_units(item_size(self._item(get["TableName"], get["Key"])), "transactional") for get in gets)

    def _looked_at(self, operation: str, params: Json) -> list[Item]:
        """All items that a query or scan goes through: what it filters out or leaves away counts too."""
        whole = {name: value for name, value in params.items() if name not in ("ProjectionExpression", "Select")}
        call = self._looking.query if operation == "Query" else self._looking.scan
        return list(call(**whole)["Items"])


def _sorted(key: Json) -> list[tuple[str, Any]]:
    return sorted(key.items())
