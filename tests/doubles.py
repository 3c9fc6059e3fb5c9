"""DynamoDB doubles for tests: moto inside the process, and ministack as a server of its own on the loopback address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from functional.serving import free_port as free_port
from moto.dynamodb.responses import DynamoHandler

from calendar_server.config import Settings
from models import DynamoDBDatabase

FAKE_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Return as soon as something accepts connections on ``port``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the process ended with {process.returncode} instead of listening")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def ministack_server(folder: Path, services: str = "dynamodb") -> Iterator[str]:
    """The address of a ministack that lives as long as the block and doubles ``services``, divided by commas."""
    port = free_port()
    environment = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": services}
    with (folder / "ministack.log").open("wb") as log:
        command = [sys.executable, "-W", "ignore", "-m", "ministack"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def answer_one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto's transactions atomic: it undoes a cancelled one by restoring a copy of the tables, and with it whatever
    other threads have written since (moto 5.2).
    """
    turn = threading.RLock()
    unguarded = DynamoHandler.call_action

    def guarded(handler: DynamoHandler) -> Any:
        with turn:
            return unguarded(handler)

    monkeypatch.setattr(DynamoHandler, "call_action", guarded)


@dataclass
class TableNames:
    """Settings whose tables nobody else uses, so that tests can share one server."""

    count: int = 0

    def settings(self, endpoint: str | None = None) -> Settings:
        self.count += 1
        prefix = f"t{os.getpid()}-{self.count}-"
        return Settings(
            store="dynamodb",
            aws_region="ap-northeast-2",
            dynamodb_endpoint_url=endpoint,
            departments_table=f"{prefix}departments",
            events_table=f"{prefix}events",
            changes_table=f"{prefix}changes",
            records_table=f"{prefix}records",
        )


TABLE_NAMES = TableNames()


def made_database(endpoint: str | None = None) -> DynamoDBDatabase:
    """A database whose tables have been made, in a running double."""
    database = DynamoDBDatabase(TABLE_NAMES.settings(endpoint))
    database.create_tables(report=lambda _line: None)
    return database
