"""What is sent again to DynamoDB is counted, and errors without an answer are no mistakes of ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from prometheus_client import REGISTRY

from calendar_server.config import Settings
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, cause_of


def retries(cause: str) -> float:
    return REGISTRY.get_sample_value("dallyeok_store_retries_total", {"cause": cause}) or 0.0


class Client:
    """Fails every call with ``error``."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_item(self, **_parameters: Any) -> Any:
        raise self.error

    def close(self) -> None:
        pass


def refused(code: str, reasons: tuple[str, ...] = (), attempts: int = 0) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": attempts},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "GetItem")


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="http://d"), ConnectionClosedError(endpoint_url="http://d")]
)
def test_no_answer_is_the_store_being_away(error: Exception) -> None:
    connection = Connection(Settings(store="dynamodb", aws_region="ap-northeast-2"))
    connection._client = Client(error)
    before = retries("no_answer")
    with pytest.raises(StoreUnavailable):
        connection.call("get_item", TableName="t")
    assert retries("no_answer") == before + 3


def test_throttled_requests_are_counted_as_such() -> None:
    connection = Connection(Settings(store="dynamodb", aws_region="ap-northeast-2"))
    connection._client = Client(refused("ProvisionedThroughputExceededException", attempts=3))
    before = retries("throttled")
    with pytest.raises(StoreUnavailable):
        connection.call("get_item", TableName="t")
    assert retries("throttled") == before + 3


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ReadTimeoutError(endpoint_url="x"), "no_answer"),
        (refused("ThrottlingException"), "throttled"),
        (refused("TransactionCanceledException", ("None", "ThrottlingError")), "throttled"),
        (refused("TransactionCanceledException", ("None", "TransactionConflict")), "conflict"),
        (refused("InternalServerError"), "failed"),
    ],
)
def test_causes(error: Any, cause: str) -> None:
    assert cause_of(error) == cause
