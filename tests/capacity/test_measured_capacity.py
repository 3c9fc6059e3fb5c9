"""The capacity of each operation, counted again: the pages and the estimate say what the server really asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from doubles import FAKE_CREDENTIALS, made_database, ministack_server
from moto import mock_aws

from benchmarks.capacity import Measured, measured, pages
from calendar_server.capacity.operations import FOLLOWED_CHANGE, MEASURED, Units

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


def test_the_pages_show_what_is_measured(both: tuple[list[Measured], list[Measured]]) -> None:
    for path, text in pages(*both).items():
        assert path.read_text(encoding="utf-8") == text, AGAIN


def test_the_server_asks_the_same_of_both_doubles(both: tuple[list[Measured], list[Measured]]) -> None:
    moto, ministack = ({each.name: (each.units.read, each.units.write) for each in found} for found in both)
    assert moto == ministack


def test_the_estimate_reckons_with_what_is_measured(both: tuple[list[Measured], list[Measured]]) -> None:
    found = {each.name: Units(each.units.read, each.units.write) for each in both[0]}
    assert {name: found[name] for name in MEASURED} == MEASURED
    one_change_more = (found["list_behind"].read - found["list_warm"].read) / 4
    assert FOLLOWED_CHANGE.read == found["head"].read + one_change_more


def test_a_transaction_takes_twice_what_its_items_take(both: tuple[list[Measured], list[Measured]]) -> None:
    create = next(each for each in both[1] if each.name == "create")
    assert create.units.calls == ["TransactWriteItems"]
    assert create.units.write == 2 * 3 + 1, "head, event and change doubled; the index follows by itself"
    assert create.units.said_write == 2 * 3, "ministack counts each item of a transaction as 2, and no index"


def test_every_page_names_the_file_of_prices_and_the_command() -> None:
    for name in ("capacity.md", "capacity.ko.md"):
        text = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
        assert "deploy/aws/prices.json" in text
        assert "flask estimate" in text
