"""The socket edge alone, on an embedded store, without a web server."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.test import Client

from calendar_server import realtime
from calendar_server.services.editing import Editing
from calendar_server.services.reading import Reading
from calendar_server.store.embedded import EmbeddedStore


@pytest.fixture
def app() -> Flask:
    return Flask("realtime-under-test")


@pytest.fixture
def socketio(app: Flask, embedded_store: EmbeddedStore) -> SocketIO:
    """A Socket.IO server that answers clients, with nobody connected."""
    opened = realtime.open_socketio(app)
    opened.server.eio.ping_interval = 3600  # nobody pings after the test has ended
    realtime.register(opened, Reading(embedded_store))
    return opened


@pytest.fixture
def editing(embedded_store: EmbeddedStore) -> Editing:
    return Editing(embedded_store)


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
def poller(app: Flask, socketio: SocketIO) -> Any:
    """Makes connected clients."""
    return lambda **headers: Poller(app, **headers).connected()
