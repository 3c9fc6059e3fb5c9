"""The REST edge on a bare Flask application over an empty embedded store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from calendar_server.api import register
from calendar_server.api.context import EXTENSION
from calendar_server.domain.changes import Change
from calendar_server.services.calendar import Calendar
from calendar_server.services.editing import announce_to_nobody
from calendar_server.services.write_queues import Announce
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore

Json = dict[str, Any]


class WatchedStore:
    """A store that counts the calls that pass through it, and raises ``failure`` instead while one is set."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failure: Exception | None = None
        self.failing: frozenset[str] | None = None
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not callable(method):
            return method

        def watched(*args: Any) -> Any:
            self.calls.append(name)
            if self.failure is not None and (self.failing is None or name in self.failing):
                raise self.failure
            return method(*args)

        return watched


def rest_app(store: Any, announce: Announce = announce_to_nobody) -> Flask:
    """A Flask application with nothing but the REST edge."""
    app = Flask("calendar_rest_test", static_folder=None)
    register(app, Calendar(store, announce))
    return app


@pytest.fixture
def watched_store(embedded_store: EmbeddedStore) -> WatchedStore:
    return WatchedStore(embedded_store)


@pytest.fixture
def announced() -> list[Change]:
    """What watchers were told of, in its order."""
    return []


@pytest.fixture
def app(watched_store: WatchedStore, announced: list[Change]) -> Flask:
    return rest_app(watched_store, announced.extend)


@pytest.fixture
def calendar(app: Flask) -> Calendar:
    """The services behind the application."""
    found: Calendar = app.extensions[EXTENSION]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_department(client: FlaskClient) -> Callable[..., Json]:
    def make(name: str = "개발팀", **fields: Any) -> Json:
        answer = client.post("/api/departments", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json["department"])

    return make


@pytest.fixture
def department(make_department: Callable[..., Json]) -> Json:
    return make_department()


@pytest.fixture
def make_event(client: FlaskClient, department: Json) -> Callable[..., Json]:
    def make(event_date: str = "2024-01-20", title: str = "팀 회의", **fields: Any) -> Json:
        body = {"event_date": event_date, "title": title, **fields}
        answer = client.post(f"/api/events/{department['id']}", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json["event"])

    return make


@pytest.fixture
def event(make_event: Callable[..., Json]) -> Json:
    return make_event(time="오후 2:00")
