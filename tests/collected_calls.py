"""Every call that a test makes to DynamoDB through the product's connection, as IAM sees it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest

from calendar_server.config import Settings
from calendar_server.store.dynamodb.connection import Connection
from calendar_server.store.dynamodb.patience import Patient
from calendar_server.store.dynamodb.schema import Schema

Json = dict[str, Any]

SETTING_UP = frozenset({"CreateTable", "UpdateTable", "DescribeTimeToLive", "UpdateTimeToLive"})
"""What ``create_tables()`` calls and a server never does: the stack makes the tables."""

# A transaction needs the permissions of what is in it.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_ACTIONS_IN_TRANSACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """``operation`` of the API and the IAM ``action`` that it needs on ``table`` (its variable) or on its ``index``.

    A call that names no table (a listing, a statement in PartiQL) has none here either.
    """

    operation: str
    action: str
    table: str
    index: str = ""


COLLECTED: set[Call] = set()


def collect(operation: str, parameters: Json, settings: Settings) -> None:
    """Add what ``operation`` with ``parameters`` asks of the tables that ``settings`` name, or of no table."""
    variables = {"": "", **{table.name: table.variable for table in Schema.named_by(settings).tables}}
    for action, table, index in _needed(operation, parameters):
        if table in variables:
            COLLECTED.add(Call(operation, action, variables[table], index))


def _needed(operation: str, parameters: Json) -> Iterator[tuple[str, str, str]]:
    if operation in ("TransactGetItems", "TransactWriteItems"):
        for item in parameters["TransactItems"]:
            for kind, part in item.items():
                yield _ACTIONS_IN_TRANSACTIONS[kind], part["TableName"], ""
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table in parameters["RequestItems"]:
            yield operation, table, ""
    else:
        yield operation, parameters.get("TableName", ""), parameters.get("IndexName", "")


_CARRIERS = ("collected_calls", "botocore", "boto3", Connection.__module__, Patient.__module__)
"""They pass on what others call."""


def _made_by_the_product() -> bool:
    """Whether the code that called boto3, directly or by way of a connection, is the product's and not a test's."""
    frame = sys._getframe(1)
    while frame.f_back and _room(frame) in _CARRIERS:
        frame = frame.f_back
    return _room(frame).partition(".")[0] in ("calendar_server", "models")


def _room(frame: FrameType) -> str:
    module = str(frame.f_globals["__name__"])
    return module if module.startswith("calendar_server") else module.partition(".")[0]


@pytest.fixture(scope="session", autouse=True)
def collecting() -> Iterator[None]:
    """Listen to every client that the product builds in this process."""
    build = Connection._build

    def listening(self: Connection) -> Any:
        client = build(self)

        def heard(params: Json, model: Any, **_: Any) -> None:
            if _made_by_the_product():
                collect(model.name, params, self._settings)

        client.meta.events.register("provide-client-params.dynamodb", heard)
        return client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_build", listening)
        yield
