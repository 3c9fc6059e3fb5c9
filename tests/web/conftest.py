"""The page on a Flask application beside the REST edge, as users have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app import create_app
from calendar_server.config import Settings
from calendar_server.store.embedded import EmbeddedStore


@pytest.fixture
def client(tmp_path) -> Iterator[FlaskClient]:
    store = EmbeddedStore(tmp_path / "calendar.sqlite3")
    yield create_app(Settings.load(), store).test_client()
    store.close()
