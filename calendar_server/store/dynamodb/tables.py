"""The tables themselves: which are there, what they lack, and making what is missing.

Nothing here changes an item or removes anything. See
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html and API_UpdateTable.html.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from calendar_server.config import BillingMode
from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.store.dynamodb.connection import (
    CREATE_TABLES_COMMAND,
    TABLE_MISSING,
    Connection,
    Json,
    error_code,
)
from calendar_server.store.dynamodb.items import HEAD_SEQ, change_key
from calendar_server.store.dynamodb.schema import DEPARTMENT_DATE_INDEX, EXPIRES_AT, Index, Schema, Table, Throughput
from calendar_server.store.dynamodb.wholeness import require_whole

Report = Callable[[str], None]

CREATION_WAIT_SECONDS = 900
LONGEST_POLL_SECONDS = 5.0

INDEX_MISSING = (
    "'{table}' 테이블에 '{index}' 인덱스가 없습니다. 다음 명령으로 추가하세요: " + CREATE_TABLES_COMMAND + " / "
    "Table '{table}' lacks the index '{index}': add it with the command above."
)
INDEX_UNFIT = (
    "'{table}' 테이블의 '{index}' 인덱스는 키나 프로젝션이 다릅니다(필요한 키: {keys}, 프로젝션: ALL). "
    "인덱스를 삭제한 뒤 create_tables()로 다시 만드세요. / Index '{index}' of table '{table}' must have the keys {keys} "
    "and project ALL attributes: delete the index, then create_tables() makes it anew."
)
KEYS_UNFIT = (
    "'{table}' 테이블의 키가 다릅니다(필요한 키: {keys}). {variable}로 다른 테이블을 지정하세요. / "
    "Table '{table}' must have the key {keys}: name another table in {variable}."
)
NOT_ACTIVE = (
    "'{table}' 테이블이 아직 준비되지 않았습니다(상태 {status}). 잠시 기다려 주세요. / "
    "Table '{table}' is not ready yet (status {status}): please wait."
)


class Tables:
    """What DescribeTable says of the schema's tables; remembered once all is well."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._events: Json | None = None
        self._ready = False

    def check(self) -> None:
        """Return if all tables and indexes are there and fit.

        :raises StoreUnusable: with a sentence for each that is missing or unfit, and what to do.
        """
        if not self._ready:
            problems = [problem for table in self._schema.tables for problem in self._problems(table)]
            if problems:
                raise StoreUnusable(problems)
            self._ready = True
        key = change_key(DEPARTMENTS_HISTORY, HEAD_SEQ)
        require_whole(self._connection.call("get_item", TableName=self._schema.changes.name, Key=key).get("Item"))

    def events_index_is_usable(self) -> bool:
        """False where the index is missing, still being filled, or does not hold whole items."""
        if self._events is None:
            description = self._described_events()
            if not _index_is_usable(description):
                return False
            self._events = description
        return True

    def events_key_has_department(self) -> bool:
        """True for the key (id, department_id); False for a table made by hand with id alone."""
        return len(self._described_events()["KeySchema"]) == 2

    def create(self, billing: BillingMode, report: Report) -> None:
        """Make missing tables, indexes and expiry settings; wait until all are active. What exists is left as it is.

        :raises StoreUnusable: credentials, region or permissions are missing, or a table has other keys.
        :raises StoreUnavailable: not all became active in time.
        """
        for table in self._schema.tables:
            description = self.describe(table.name)
            if description is None:
                self._create_table(table, billing)
                self._wait_until_active(table)
                report(f"✓ 테이블 '{table.name}' 생성 완료 / created")
            else:
                self._wait_until_active(table)
                self._add_missing_indexes(table, report)
                report(f"✓ 테이블 '{table.name}' 준비됨 / ready")
            if table.expires:
                self._enable_expiry(table)
        self._events = None
        self.check()

    def describe(self, name: str) -> Json | None:
        """The table's description; None where there is no such table."""
        try:
            description: Json = self._connection.call("describe_table", TableName=name)["Table"]
        except StoreUnusable as error:
            if error_code(error.__cause__) == "ResourceNotFoundException":
                return None
            raise
        return description

    def _described_events(self) -> Json:
        description = self._events or self.describe(self._schema.events.name)
        if description is None:
            raise StoreUnusable([TABLE_MISSING.format(table=self._schema.events.name)])
        return description

    def _problems(self, table: Table) -> list[str]:
        description = self.describe(table.name)
        if description is None:
            return [TABLE_MISSING.format(table=table.name)]
        if not self._keys_fit(table, description):
            keys = _named(key.name for key in table.keys)
            return [KEYS_UNFIT.format(table=table.name, keys=keys, variable=table.variable)]
        if description["TableStatus"] not in ("ACTIVE", "UPDATING"):
            return [NOT_ACTIVE.format(table=table.name, status=description["TableStatus"])]
        return [problem for index in table.indexes if (problem := _index_problem(table, index, description))]

    def _keys_fit(self, table: Table, description: Json) -> bool:
        """The events table may also have been made by hand with ``id`` alone as its key."""
        found = [key["AttributeName"] for key in description["KeySchema"]]
        wanted = [key.name for key in table.keys]
        return found == wanted or (table is self._schema.events and found == ["id"])

    def _create_table(self, table: Table, billing: BillingMode) -> None:
        parameters: dict[str, Any] = {
            "TableName": table.name,
            "AttributeDefinitions": _definitions(table.attributes),
            "KeySchema": _key_schema(table),
            "BillingMode": "PAY_PER_REQUEST" if billing == "on-demand" else "PROVISIONED",
            **_throughput(table.throughput, billing),
        }
        if table.indexes:
            parameters["GlobalSecondaryIndexes"] = [_index_definition(index, billing) for index in table.indexes]
        try:
            self._connection.call("create_table", **parameters)
        except StoreUnavailable as error:
            if error_code(error.__cause__) != "ResourceInUseException":  # another process creates it at this moment
                raise

    def _add_missing_indexes(self, table: Table, report: Report) -> None:
        """One UpdateTable each: DynamoDB builds one index at a time."""
        for index in table.indexes:
            description = self.describe(table.name)
            if description is None or index.name in _indexes(description):
                continue
            billing: BillingMode = "on-demand" if _is_on_demand(description) else "provisioned"
            self._connection.call(
                "update_table",
                TableName=table.name,
                AttributeDefinitions=_definitions({key.name: key.type for key in index.keys}),
                GlobalSecondaryIndexUpdates=[{"Create": _index_definition(index, billing)}],
            )
            self._wait_until_active(table)
            report(f"✓ 인덱스 '{index.name}' 추가 완료 / index added to '{table.name}'")

    def _wait_until_active(self, table: Table) -> None:
        deadline = time.monotonic() + CREATION_WAIT_SECONDS
        pause = 0.1
        while time.monotonic() < deadline:
            description = self.describe(table.name)
            if description is not None and _is_active(description):
                return
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
        raise StoreUnavailable(NOT_ACTIVE.format(table=table.name, status="?"))

    def _enable_expiry(self, table: Table) -> None:
        answer = self._connection.call("describe_time_to_live", TableName=table.name)
        if answer["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
            return
        self._connection.call(
            "update_time_to_live",
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT},
        )


def _definitions(attributes: dict[str, Any]) -> list[Json]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()]


def _key_schema(owner: Table | Index) -> list[Json]:
    roles = ("HASH", "RANGE")
    return [{"AttributeName": key.name, "KeyType": role} for key, role in zip(owner.keys, roles, strict=False)]


def _throughput(throughput: Throughput, billing: BillingMode) -> Json:
    if billing == "on-demand":
        return {}
    units = {"ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units}
    return {"ProvisionedThroughput": units}


def _index_definition(index: Index, billing: BillingMode) -> Json:
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index),
        "Projection": {"ProjectionType": "ALL"},
        **_throughput(index.throughput, billing),
    }


def _indexes(description: Json) -> dict[str, Json]:
    return {index["IndexName"]: index for index in description.get("GlobalSecondaryIndexes") or []}


def _index_problem(table: Table, index: Index, description: Json) -> str | None:
    found = _indexes(description).get(index.name)
    if found is None:
        return INDEX_MISSING.format(table=table.name, index=index.name)
    keys = [key["AttributeName"] for key in found["KeySchema"]]
    if keys != [key.name for key in index.keys] or found["Projection"]["ProjectionType"] != "ALL":
        return INDEX_UNFIT.format(table=table.name, index=index.name, keys=_named(key.name for key in index.keys))
    return None


def _index_is_usable(events: Json) -> bool:
    found = _indexes(events).get(DEPARTMENT_DATE_INDEX)
    return (
        found is not None
        and found.get("IndexStatus", "ACTIVE") == "ACTIVE"
        and not found.get("Backfilling")
        and found["Projection"]["ProjectionType"] == "ALL"
        and found["KeySchema"][0]["AttributeName"] == "department_id"
    )


def _is_active(description: Json) -> bool:
    statuses = [description["TableStatus"]]
    statuses += [index.get("IndexStatus", "ACTIVE") for index in _indexes(description).values()]
    return all(status == "ACTIVE" for status in statuses)


def _is_on_demand(description: Json) -> bool:
    return bool((description.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST")


def _named(names: Any) -> str:
    return "(" + ", ".join(names) + ")"
