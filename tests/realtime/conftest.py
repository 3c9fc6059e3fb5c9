"""The socket edge alone, on an embedded store, without a web server."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from realtime.stage import Scene
from werkzeug.test import Client

from calendar_server import realtime
from calendar_server.realtime import announcing
from calendar_server.realtime.announcing import Announcer
from calendar_server.services.calendar import Calendar
from calendar_server.services.editing import Editing
from calendar_server.store.embedded import EmbeddedStore


@pytest.fixture
def app() -> Flask:
    return Flask("realtime-under-test")


@pytest.fixture
def socketio(app: Flask) -> SocketIO:
    """A Socket.IO server with nobody connected."""
    opened = realtime.open_socketio(app)
    opened.server.eio.ping_interval = 3600  # nobody pings after the test has ended
    return opened


@pytest.fixture
def announcer(socketio: SocketIO, monkeypatch: pytest.MonkeyPatch) -> Announcer:
    """One whose background tasks never begin, so that none outlives the test."""
    quiet = Announcer(socketio)
    monkeypatch.setattr(quiet, "start", lambda: None)
    return quiet


@pytest.fixture
def calendar(embedded_store: EmbeddedStore, socketio: SocketIO, announcer: Announcer) -> Calendar:
    """The services, with a Socket.IO server that answers clients."""
    services = Calendar(embedded_store, announcer.announce)
    announcer.serve(services)
    realtime.register(socketio, services, announcer, None)
    return services


@pytest.fixture
def editing(calendar: Calendar) -> Editing:
    return calendar.editing


@pytest.fixture
def scene(embedded_store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An announcer on a stage, and another process's services over the same file."""
    other_store = EmbeddedStore(embedded_store.path)
    made = Scene(embedded_store, other_store)
    monkeypatch.setattr(announcing, "time", SimpleNamespace(monotonic=lambda: made.stage.now))
    yield made
    other_store.close()


class Poller:
    """A client that polls, over WSGI calls instead of a network."""

    def __init__(self, app: Flask, **headers: str) -> None:
        self.http = Client(app)
        self.headers = headers
        self.session_id = self.get("").partition('"sid":"')[2].partition('"')[0]

    @property
    def path(self) -> str:
        session = f"&sid={self.session_id}" if hasattr(self, "session_id") else ""
        return f"/socket.io/?EIO=4&transport=polling{session}"

    def get(self, _what: str = "") -> str:
        return self.http.get(self.path, headers=self.headers).text

    def post(self, body: str | bytes) -> int:
        return self.http.post(self.path, data=body, headers=self.headers).status_code

    def connected(self) -> Poller:
        assert self.post("40") == 200
        assert self.get().startswith("40")
        return self

    def ask(self, text: str) -> str:
        """What comes back after sending one packet."""
        assert self.post(text) == 200
        return self.get()


@pytest.fixture
def poller(app: Flask, calendar: Calendar) -> Any:
    """Makes connected clients."""
    return lambda **headers: Poller(app, **headers).connected()
