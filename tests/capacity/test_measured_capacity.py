"""The capacity of each operation, counted again: the pages and the estimate say what the server really asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import FAKE_CREDENTIALS, made_database, ministack_server
from moto import mock_aws

from benchmarks.capacity import Scene, measured
from benchmarks.capacity_pages import pages
from benchmarks.metering import Measured
from calendar_server.capacity.operations import CHANGE_BYTES, EVENT_BYTES, MEASURED, RECEIPT_BYTES
from calendar_server.capacity.rules import item_size

AGAIN = "run: python -m benchmarks.capacity"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Measured], list[Measured]]:
    """All operations on moto and on ministack."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in FAKE_CREDENTIALS.items():
            environment.setenv(name, value)
        with mock_aws():
            database = made_database()
            moto = measured(database)
            database.close()
        with ministack_server(tmp_path_factory.mktemp("ministack")) as endpoint:
            database = made_database(endpoint)
            ministack = measured(database, endpoint)
            database.close()
    return moto, ministack


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene with one event that a client has created."""
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        scene = Scene(made_database(), None)
        scene.created_by_client(scene.warm)
        yield scene
        scene.database.close()


def test_the_pages_show_what_is_measured(both: tuple[list[Measured], list[Measured]]) -> None:
    for path, text in pages(*both).items():
        assert path.read_text(encoding="utf-8") == text, AGAIN


def test_the_server_asks_the_same_of_both_doubles(both: tuple[list[Measured], list[Measured]]) -> None:
    moto, ministack = ({each.name: each.counted.load for each in found} for found in both)
    assert moto == ministack


def test_the_estimate_reckons_with_what_is_measured(both: tuple[list[Measured], list[Measured]]) -> None:
    found = {each.name: each.counted.load for each in both[0]}
    assert {name: found[name] for name in MEASURED} == MEASURED


def test_the_estimate_stores_what_is_stored(aged: Scene) -> None:
    """Within a few bytes: titles and numbers differ."""

    def largest(table: str) -> int:
        items = [item for page in aged.database.connection.pages("scan", TableName=table) for item in page["Items"]]
        return max(map(item_size, items))

    schema = aged.database.schema
    sizes = [largest(table.name) for table in (schema.events, schema.changes, schema.records)]
    assert sizes == pytest.approx([EVENT_BYTES, CHANGE_BYTES, RECEIPT_BYTES], rel=0.02)


def test_a_transaction_takes_twice_what_its_items_take(both: tuple[list[Measured], list[Measured]]) -> None:
    create = next(each.counted for each in both[1] if each.name == "create")
    assert create.calls == ["TransactWriteItems"]
    assert create.load.total.write == 2 * 3 + 1, "head, event and change doubled; the index follows by itself"
    assert create.said_write == 2 * 3, "ministack counts each item of a transaction as 2, and no index"


def test_a_refused_transaction_is_charged_but_for_the_index(both: tuple[list[Measured], list[Measured]]) -> None:
    """As large as what it would have written: the receipt, of more than 1 KB, takes four units also where there is none."""
    behind = next(each.counted for each in both[0] if each.name == "create_behind")
    assert behind.calls.count("TransactWriteItems") == 2
    assert behind.load.total.write == (4 * 2 + 4) + (4 * 2 + 4 + 1), "the second time with the index"


def test_every_page_names_the_file_of_prices_and_the_command() -> None:
    for name in ("capacity.md", "capacity.ko.md"):
        text = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
        assert "deploy/aws/prices.json" in text
        assert "flask estimate" in text
