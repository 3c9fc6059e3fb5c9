"""``flask estimate``: a month by hand, the file of prices, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from calendar_server.capacity.estimating import Use, estimate
from calendar_server.capacity.prices import Prices, PricesUnreadable, read_prices
from calendar_server.jobs.estimates import estimate as command

FILE = Path(__file__).parents[2] / "deploy" / "aws" / "prices.json"
SMALL = ["--departments", "10", "--writes-per-day", "1000", "--viewers", "100"]
MONTH = 365 / 12 * 24 * 3600


def run(*arguments: str, prices: Path = FILE) -> Result:
    return CliRunner().invoke(command, [*arguments, "--prices", str(prices)])


def figures(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


@pytest.fixture
def prices() -> Prices:
    return read_prices(FILE)


def test_a_month_by_hand(prices: Prices) -> None:
    month = estimate(Use(departments=10, writes_per_day=1000, viewers=100), prices)
    parts = {line.name: line.units for line in month.lines}
    assert parts["writes"].write == pytest.approx(11 * 1000 * 365 / 12)
    assert parts["following"].read == pytest.approx(11 * MONTH)
    assert parts["viewers"].read == pytest.approx(100 * 20 * 3 * 365 / 12)
    assert parts["announcing"].read == 0
    assert month.read_cost == pytest.approx(month.units.read * 0.1355 / 1e6)
    assert month.write_cost == pytest.approx(month.units.write * 0.68 / 1e6)
    assert month.storage_cost == 0
    assert month.cost == pytest.approx(month.read_cost + month.write_cost)


def test_following_grows_with_processes_and_not_beyond_the_departments() -> None:
    def following(*more: str) -> float:
        lines = figures(*SMALL, *more)["lines"]
        return float(next(line["units"]["read"] for line in lines if line["name"] == "following"))

    assert following("--processes", "4") == pytest.approx(4 * following())
    assert following("--viewers", "5000") == following()
    assert following("--viewers", "1") == pytest.approx(2 * MONTH)


def test_storage_beyond_the_free_part_costs(prices: Prices) -> None:
    month = estimate(Use(departments=1000, writes_per_day=0, viewers=0, events_per_department=50_000), prices)
    assert month.stored_gb == pytest.approx(1000 * 50_000 * 2 * 700 / 1024**3)
    assert month.storage_cost == pytest.approx((month.stored_gb - 25) * 0.27075)


def test_the_text_has_the_total_the_source_and_the_warning() -> None:
    result = run(*SMALL)
    assert result.exit_code == 0
    total = figures(*SMALL)["cost"]
    assert f"{total:,.2f} USD" in result.stdout
    assert "https://aws.amazon.com/dynamodb/pricing/on-demand/" in result.stdout
    assert "반드시 직접 확인" in result.stdout


def test_prices_can_be_edited_and_old_ones_are_noticed(tmp_path: Path) -> None:
    edited = {**json.loads(FILE.read_text()), "per_million_write_request_units": 680, "checked_on": "2020-01-01"}
    (tmp_path / "prices.json").write_text(json.dumps(edited))
    result = run(*SMALL, prices=tmp_path / "prices.json")
    assert "쓰기 / write 227." in result.stdout
    assert "days ago" in result.stderr


@pytest.mark.parametrize(
    "change", [{"per_million_read_request_units": "0.1"}, {"storage_per_gb_month": -1}, {"checked_on": "gestern"}]
)
def test_a_file_with_a_mistake_is_refused_with_its_name(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({**json.loads(FILE.read_text()), **change}))
    with pytest.raises(PricesUnreadable):
        read_prices(path)
    result = run(*SMALL, prices=path)
    assert result.exit_code == 1
    assert str(path) in result.stderr


def test_a_missing_file_gives_a_sentence(tmp_path: Path) -> None:
    result = run(*SMALL, prices=tmp_path / "none.json")
    assert result.exit_code == 1
    assert "none.json" in result.stderr
