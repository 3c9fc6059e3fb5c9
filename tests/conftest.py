"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from collected_calls import collecting as collecting  # a fixture for every test

from calendar_server.store.embedded import EmbeddedStore

ROOT = Path(__file__).parent

pytest.register_assert_rewrite("model_client", "model_histories", "functional.persistent_writer")


@pytest.fixture
def embedded_store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """An empty embedded store in a file of its own."""
    store = EmbeddedStore(tmp_path / "calendar.sqlite3")
    yield store
    store.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run last what compares the calls that all other tests have made, and let two processes share the work.

    With ``--dist loadgroup``, files that start servers and browsers go to whichever process is free; all other tests stay
    together in one, because calls to DynamoDB are collected there.
    """
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    for item in items:
        room = item.path.relative_to(ROOT).parts[0]
        group = str(item.path) if room in ("functional", "web") else "one process"
        item.add_marker(pytest.mark.xdist_group(group))
