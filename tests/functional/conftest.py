"""Servers for the functional tests: one of each kind for the whole run, fresh ones where a test stops or breaks them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from functional.serving import KINDS, Server, serving

DEVELOPMENT = {"LOG_LEVEL": "DEBUG"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a functional test."""
    for item in items:
        if "tests/functional/" in str(item.path):
            item.add_marker(pytest.mark.functional)


@pytest.fixture(scope="session", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with an empty embedded store, of each kind in turn."""
    with serving(request.param, tmp_path_factory.mktemp(request.param), DEVELOPMENT) as running:
        yield running
