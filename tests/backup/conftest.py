"""Stores of each kind, as many as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from doubles import FAKE_CREDENTIALS, answer_one_request_at_a_time, made_database, ministack_server
from moto import mock_aws

from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore

Opening = Callable[[str], Store]


@pytest.fixture(autouse=True)
def fake_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from real AWS accounts."""
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack_server(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture
def opening(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    """Opens an empty store of a kind: embedded, moto or ministack."""
    with ExitStack() as stack:
        mocked: list[bool] = []

        def open_one(kind: str) -> Store:
            if kind == "embedded":
                path = tmp_path / f"calendar-{len(list(tmp_path.iterdir()))}.sqlite3"
                return stack.enter_context(closing(EmbeddedStore(path)))
            if kind == "ministack":
                return stack.enter_context(closing(made_database(request.getfixturevalue("ministack"))))
            if not mocked:
                mocked.append(True)
                answer_one_request_at_a_time(monkeypatch)
                stack.enter_context(mock_aws())
            return stack.enter_context(closing(made_database()))

        yield open_one


@pytest.fixture(params=["embedded", "moto", "ministack"])
def whole_store(request: pytest.FixtureRequest, opening: Opening) -> Store:
    """An empty store of each kind."""
    return opening(request.param)
