"""Sixteen writers on one department: this server's write path beside the naive conditional transaction, in one run.

    python benchmarks/writing.py            # both stores
    python benchmarks/writing.py embedded   # or dynamodb

DynamoDB is a double (ministack) with 6 ms added to every request. The naive writer reads the department's counter,
then sends one conditional TransactWriteItems of counter, event and change, and starts again when somebody was faster.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()  # as the server runs: writers are greenlets

import sys  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import uuid  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from botocore.exceptions import ClientError  # noqa: E402
from doubles import FAKE_CREDENTIALS, made_database, ministack_server  # noqa: E402

from calendar_server.services.calendar import Calendar  # noqa: E402
from calendar_server.store.embedded import EmbeddedStore  # noqa: E402
from models import DynamoDBDatabase  # noqa: E402

WRITERS = 16
SECONDS = 6.0
LATENCY_SECONDS = 0.006
BODY = {"event_date": "2024-01-20", "title": "팀 회의", "description": "주간 회의", "time": "오후 2:00"}


class Result:
    """Commits a second, and how long each took."""

    def __init__(self, name: str, seconds: float, took: list[float]) -> None:
        self.name = name
        self.rate = len(took) / seconds
        ordered = sorted(took)
        self.p50, self.p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.50, 0.99))

    def __str__(self) -> str:
        return f"{self.name:<34} {self.rate:>8.0f} commits/s   p50 {self.p50:>8.1f} ms   p99 {self.p99:>8.1f} ms"


def measure(name: str, write: Callable[[], None]) -> Result:
    """``write`` by all writers at once, again and again."""
    took: list[float] = []
    began = time.perf_counter()

    def writer() -> None:
        while (start := time.perf_counter()) - began < SECONDS:
            write()
            took.append(time.perf_counter() - start)

    threads = [threading.Thread(target=writer) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Result(name, time.perf_counter() - began, took)


def editing(calendar: Calendar) -> Callable[[], None]:
    """A write through the server's own services, into one department."""
    department = calendar.editing.create_department({"name": f"부서 {uuid.uuid4()}"}).subject.id
    return lambda: void(calendar.editing.create_event(department, BODY))


def void(_value: Any) -> None:
    """Nothing."""


def naive(database: DynamoDBDatabase) -> Callable[[], None]:
    """Read the counter, then write on condition that it has not moved."""
    client, tables, history = database.connection.client, database.schema, str(uuid.uuid4())
    key = {"history": {"S": history}, "seq": {"N": "0"}}
    client.put_item(TableName=tables.changes.name, Item={**key, "last_seq": {"N": "0"}})

    def write() -> None:
        while True:
            head = client.get_item(TableName=tables.changes.name, Key=key, ConsistentRead=True)["Item"]
            seen = head["last_seq"]
            event = {"id": {"S": str(uuid.uuid4())}, "department_id": {"S": history}}
            event |= {name: {"S": value} for name, value in BODY.items()}
            row = {"history": {"S": history}, "seq": {"N": str(int(seen["N"]) + 1)}, "subject": {"S": str(event)}}
            counter = {
                "TableName": tables.changes.name,
                "Key": key,
                "UpdateExpression": "SET last_seq = :next",
                "ConditionExpression": "last_seq = :seen",
                "ExpressionAttributeValues": {":seen": seen, ":next": row["seq"]},
            }
            try:
                client.transact_write_items(
                    TransactItems=[
                        {"Update": counter},
                        {"Put": {"TableName": tables.events.name, "Item": event}},
                        {"Put": {"TableName": tables.changes.name, "Item": row}},
                    ]
                )
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise

    return write


def on_dynamodb(folder: Path) -> None:
    """Both ways, one after the other, twice."""
    with ministack_server(folder) as endpoint:
        database = made_database(endpoint)
        delay = lambda **_context: time.sleep(LATENCY_SECONDS)  # noqa: E731
        database.connection.client.meta.events.register("before-send.dynamodb", delay)
        for _ in range(2):
            plain = measure("naive, DynamoDB double + 6 ms", naive(database))
            grouped = measure("this server, DynamoDB double + 6 ms", editing(Calendar(database)))
            print(plain, grouped, sep="\n")
            print(f"  ratio: {grouped.rate / plain.rate:.1f} times the commits, p99 1/{plain.p99 / grouped.p99:.0f}\n")


def on_embedded(folder: Path) -> None:
    """Durable commits inside the process; one writer beside sixteen."""
    store = EmbeddedStore(folder / "calendar.sqlite3")
    write = editing(Calendar(store))
    print(measure("this server, embedded store", write))
    store.close()


def main() -> None:
    """Run what the command line names, by default both."""
    import os

    os.environ.update(FAKE_CREDENTIALS)
    wanted = sys.argv[1:] or ["dynamodb", "embedded"]
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            {"dynamodb": on_dynamodb, "embedded": on_embedded}[name](Path(folder))


if __name__ == "__main__":
    main()
