"""Backups, restores and new epochs of tables whose capacity is used up: they wait, and end well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup.whole_stores import content, fill
from botocore.awsrequest import AWSResponse

from calendar_server.errors import StoreUnavailable
from calendar_server.store.contract import Store
from calendar_server.store.dynamodb import patience
from calendar_server.store.dynamodb.patience import Patient

Opening = Callable[[str], Store]
THROTTLED = (
    b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}'
)


class Raw:
    """The body of an answer that nobody sent."""

    def stream(self, *_arguments: object, **_options: object) -> list[bytes]:
        return [THROTTLED]


def throttle(
    store: Any,
    refused: Callable[[int], bool],
    operations: tuple[str, ...] = ("Scan", "Query", "BatchWriteItem"),
) -> list[str]:
    """Refuse the ``operations`` of whose number ``refused`` says so; those that were asked for."""
    asked: list[str] = []

    def answer(request: Any, **_: object) -> AWSResponse | None:
        operation = request.headers["X-Amz-Target"].decode().split(".")[-1]
        if operation not in operations:
            return None
        asked.append(operation)
        headers = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 400, headers, Raw()) if refused(len(asked)) else None

    store.connection.client.meta.events.register_first("before-send.dynamodb.*", answer)
    return asked


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pauses between attempts, here and in botocore."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_a_job_whose_requests_are_refused_longer_than_a_clients_waits_and_goes_on(
    opening: Opening, tmp_path: Path
) -> None:
    source, target = opening("moto"), opening("moto")
    fill(source)
    before = content(source, tmp_path)
    for store in (source, target):
        asked = throttle(store, lambda number: number % 11 < 8)
        with pytest.raises(StoreUnavailable, match="slow down"):
            store.list_departments()
        asked.clear()
    with source.extract(tmp_path) as extract:
        target.replace(extract)
    throttle_no_more(source, target)
    assert content(target, tmp_path) == before


def test_new_epochs_wait_for_reads_and_writes(opening: Opening, tmp_path: Path) -> None:
    store: Any = opening("moto")
    fill(store)
    department = store.list_departments().departments[0]
    epoch = store.snapshot(department.id).head.epoch
    asked = throttle(store, lambda number: number % 11 < 8, ("GetItem", "Scan", "Query", "UpdateItem"))
    histories = store.renew_epochs()
    throttle_no_more(store)
    assert {"GetItem", "Scan", "Query", "UpdateItem"} <= set(asked)
    assert histories == len(store.list_departments().departments) + 1
    assert store.snapshot(department.id).head.epoch != epoch


def throttle_no_more(*stores: Any) -> None:
    for store in stores:
        store.connection.close()


def test_patience_ends_with_what_dynamodb_said(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)
    store: Any = opening("moto")
    throttle(store, lambda _number: True)
    with pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceededException: slow down"):
        Patient(store.connection).call("scan", TableName=store.schema.events.name)


def test_what_waiting_does_not_mend_is_raised_at_once(opening: Opening) -> None:
    store: Any = opening("moto")
    with pytest.raises(StoreUnavailable, match="ValidationException"):
        Patient(store.connection).call("get_item", TableName=store.schema.events.name, Key={"no": {"S": "key"}})
