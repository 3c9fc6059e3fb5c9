"""Where the model runs: two processes on one store, inside the test or as a real server, with what can befall them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from doubles import TABLE_NAMES
from faults import Faults, answer
from flask import Flask
from functional.serving import Server, spawn

from calendar_server import api
from calendar_server.config import Settings
from calendar_server.services.calendar import Calendar
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from models import DynamoDBDatabase

Json = dict[str, Any]

PROCESSES = 2


@dataclass(frozen=True)
class Answer:
    """What a process answered."""

    status: int
    headers: Mapping[str, str]
    body: Json


class Servers(Protocol):
    """Processes 0 and 1 over one store. A server that stands alone takes the part of both."""

    def request(
        self, process: int, method: str, path: str, body: Json | None = None, headers: Json | None = None
    ) -> Answer:
        """One request to one of the processes."""
        ...

    def restart(self, process: int) -> None:
        """End it without notice and start it again."""
        ...

    def remove_rows(self, history: str, first: int, last: int) -> None:
        """The changes ``first`` to ``last`` have passed their time and are gone."""
        ...

    def let_index_lag(self, department_id: str) -> None:
        """From now on the index shows the department as it is now; nothing where the store has no index."""
        ...

    def let_index_catch_up(self) -> None:
        """The index shows everything again."""
        ...

    def lose_next_answer(self, process: int) -> None:
        """The store will make the process's next commit without answering; nothing where that cannot be."""
        ...

    def close(self) -> None: ...


class InProcess:
    """Two calendars of their own with the REST edge on each, over stores that ``open_store`` opens."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self.stores = [open_store() for _ in range(PROCESSES)]
        self._clients = [_rest_client(store) for store in self.stores]

    def request(
        self, process: int, method: str, path: str, body: Json | None = None, headers: Json | None = None
    ) -> Answer:
        response = self._clients[process].open(path, method=method, json=body, headers=headers)
        content = response.get_json() if response.data else {}
        return Answer(response.status_code, response.headers, content)

    def restart(self, process: int) -> None:
        self.stores[process].close()
        self.stores[process] = self._open_store()
        self._clients[process] = _rest_client(self.stores[process])

    def close(self) -> None:
        for store in self.stores:
            store.close()


def _rest_client(store: Store) -> Any:
    app = Flask("calendar_model", static_folder=None)
    api.register(app, Calendar(store))
    return app.test_client()


class OnEmbedded(InProcess):
    """Over one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(lambda: EmbeddedStore(path))

    def remove_rows(self, history: str, first: int, last: int) -> None:
        remove_embedded_rows(self._path, history, first, last)

    def let_index_lag(self, department_id: str) -> None:
        """SQLite's indexes do not lag."""

    def let_index_catch_up(self) -> None:
        """SQLite's indexes do not lag."""

    def lose_next_answer(self, process: int) -> None:
        """Nothing lies between the store and its file."""


def remove_embedded_rows(path: Path, history: str, first: int, last: int) -> None:
    db = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("DELETE FROM changes WHERE history = ? AND seq BETWEEN ? AND ?", (history, first, last))
    finally:
        db.close()


class OnDynamoDB(InProcess):
    """Over tables of their own in a DynamoDB double that the test has started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, endpoint: str | None = None) -> None:
        self._monkeypatch = monkeypatch
        self._settings: Settings = TABLE_NAMES.settings(endpoint)
        self._stale: dict[str, Json] = {}
        self._admin = DynamoDBDatabase(self._settings)
        self._admin.create_tables(report=lambda _line: None)
        super().__init__(self._opened)

    def _opened(self) -> DynamoDBDatabase:
        database = DynamoDBDatabase(self._settings)
        database.faults = Faults(database, self._monkeypatch)  # type: ignore[attr-defined]
        database.faults.always("Query", self._answer_of_stale_index)  # type: ignore[attr-defined]
        return database

    def remove_rows(self, history: str, first: int, last: int) -> None:
        for seq in range(first, last + 1):
            key = {"history": {"S": history}, "seq": {"N": str(seq)}}
            self._admin.connection.client.delete_item(TableName=self._settings.changes_table, Key=key)

    def let_index_lag(self, department_id: str) -> None:
        found = self._admin.connection.client.query(
            TableName=self._settings.events_table,
            IndexName=self._admin.schema.events.indexes[0].name,
            KeyConditionExpression="department_id = :department",
            ExpressionAttributeValues={":department": {"S": department_id}},
        )
        self._stale[department_id] = {name: found[name] for name in ("Items", "Count", "ScannedCount")}

    def let_index_catch_up(self) -> None:
        self._stale.clear()

    def lose_next_answer(self, process: int) -> None:
        self.stores[process].faults.lose_answers("TransactWriteItems", 1)  # type: ignore[attr-defined]

    def close(self) -> None:
        super().close()
        self._admin.close()

    def _answer_of_stale_index(self, parameters: Json) -> Any:
        if "IndexName" not in parameters:
            return None
        department_id = parameters["ExpressionAttributeValues"][":department"]["S"]
        stale = self._stale.get(department_id)
        return None if stale is None else answer(200, stale)


class RealServer:
    """One server as its users start it, which takes the part of both processes; a restart kills it."""

    def __init__(self, kind: str, directory: Path) -> None:
        self._directory = directory
        self._server: Server = spawn(kind, directory)
        self._server.wait_until_ready()
        self._session = requests.Session()

    def request(
        self, process: int, method: str, path: str, body: Json | None = None, headers: Json | None = None
    ) -> Answer:
        response = self._session.request(method, self._server.url + path, json=body, headers=headers, timeout=20)
        return Answer(response.status_code, response.headers, json.loads(response.content) if response.content else {})

    def restart(self, process: int) -> None:
        self._server.kill()
        self._server = spawn(self._server.kind, self._directory, port=self._server.port)
        self._server.wait_until_ready()

    def remove_rows(self, history: str, first: int, last: int) -> None:
        remove_embedded_rows(self._directory / "calendar.sqlite3", history, first, last)

    def let_index_lag(self, department_id: str) -> None:
        """It stands on the embedded store."""

    def let_index_catch_up(self) -> None:
        """It stands on the embedded store."""

    def lose_next_answer(self, process: int) -> None:
        """It stands on the embedded store."""

    def close(self) -> None:
        self._session.close()
        self._server.kill()
