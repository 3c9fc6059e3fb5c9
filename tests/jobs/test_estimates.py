"""``flask estimate``: what it prints, and what it says to bad input."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from calendar_server.jobs.estimates import estimate as command

FILE = Path(__file__).parents[2] / "deploy" / "aws" / "prices.json"
SMALL = ["--departments", "10", "--writes-per-day", "1000", "--viewers", "100"]
MONTH = 365 / 12 * 24 * 3600
READ_PRICE = "per_million_read_request_units"


def run(*arguments: str, prices: Path = FILE) -> Result:
    return CliRunner().invoke(command, [*arguments, "--prices", str(prices)])


def figures(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def edited(folder: Path, **changes: object) -> Path:
    """The file of prices with other fields in it: ``prices`` are put over those that it has, None takes one out."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    prices = changes.pop("prices", {})
    assert isinstance(prices, dict)
    for name, change in prices.items():
        content["prices"][name] = change and {**content["prices"][name], **change}
    content |= changes
    for part in (content, content["prices"]):
        for name in [name for name, value in part.items() if value is None]:
            del part[name]
    path = folder / "prices.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_text_has_every_part_the_totals_the_sources_and_the_warning() -> None:
    result = run(*SMALL)
    assert result.exit_code == 0
    cost = figures(*SMALL)["cost"]
    totals = f"{cost['on_demand']['total']:>16,.2f} {cost['provisioned']['total']:>16,.2f}  합계 / total"
    assert totals in result.stdout
    assert f"{round(11 * MONTH):>16,} {0:>16}  변경 따라가기" in result.stdout
    assert "730시간" in result.stdout
    assert "AmazonDynamoDB/current/ap-northeast-2" in result.stdout
    assert "반드시 직접 확인" in result.stdout


def test_json_has_the_same_parts_by_table_and_index() -> None:
    found = figures(*SMALL, "--processes", "2", "--hours-per-day", "10", "--peak-factor", "5")
    assert found["use"]["hours_per_day"] == 10
    assert found["units"]["read"] == pytest.approx(sum(line["units"]["read"] for line in found["lines"]))
    by_place = next(line["by_place"] for line in found["lines"] if line["name"] == "writes")
    assert by_place["department-date-index"]["write"] == pytest.approx(1000 * 365 / 12)
    assert set(found["capacities"]) >= set(by_place)
    assert found["prices"]["known"]["pitr_per_gb_month"]["source"].startswith("https://")


def test_prices_can_be_edited_and_old_ones_are_noticed(tmp_path: Path) -> None:
    result = run(
        *SMALL, prices=edited(tmp_path, prices={"per_million_write_request_units": {"value": 680}}, currency="KRW")
    )
    assert "KRW" in result.stdout
    assert f"{13 * 1000 * 365 / 12 * 680 / 1e6:,.2f}" in result.stdout
    assert "days ago" not in result.stderr
    result = run(*SMALL, prices=edited(tmp_path, prices={READ_PRICE: {"checked_on": "2020-01-01"}}))
    assert "days ago" in result.stderr


def test_an_editor_may_have_put_a_byte_order_mark_in_front(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert run(*SMALL, prices=path).exit_code == 0


def test_the_prices_that_come_with_it_are_not_dated_later_than_today() -> None:
    assert run(*SMALL).exit_code == 0


TOMORROW = str(datetime.now(UTC).date() + timedelta(days=1))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"prices": {READ_PRICE: None}}, READ_PRICE),
        ({"prices": {READ_PRICE: {"value": -1}}}, f"{READ_PRICE}.value"),
        ({"prices": {READ_PRICE: {"value": "0.1"}}}, f"{READ_PRICE}.value"),
        ({"prices": {READ_PRICE: {"value": True}}}, f"{READ_PRICE}.value"),
        ({"prices": {READ_PRICE: {"source": " "}}}, f"{READ_PRICE}.source"),
        ({"prices": {READ_PRICE: {"checked_on": "gestern"}}}, f"{READ_PRICE}.checked_on"),
        ({"prices": {READ_PRICE: {"checked_on": 20260612}}}, f"{READ_PRICE}.checked_on"),
        ({"prices": {READ_PRICE: {"checked_on": TOMORROW}}}, f"{READ_PRICE}.checked_on"),
        ({"currency": "$"}, "currency"),
        ({"currency": None}, "currency"),
        ({"region": 2}, "region"),
    ],
)
def test_a_field_with_a_mistake_is_named_in_both_languages(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    path = edited(tmp_path, **changes)
    result = run(*SMALL, prices=path)
    assert result.exit_code == 1
    assert str(path) in result.stderr
    assert f" {named}: " in result.stderr
    assert " / " in result.stderr.partition(named)[2]


@pytest.mark.parametrize(
    ("content", "said"),
    [("not json", "no JSON"), ("[]", "JSON object"), ('{"prices": []}', "prices: "), ("{}", "prices: ")],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(content, encoding="utf-8")
    result = run(*SMALL, prices=path)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_missing_file_or_a_folder_gives_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        result = run(*SMALL, prices=path)
        assert result.exit_code == 1
        assert str(path) in result.stderr
        assert "요금 파일을 읽을 수 없습니다" in result.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--departments", "0"),
        ("--departments", "-1"),
        ("--departments", "열"),
        ("--writes-per-day", "1.5"),
        ("--viewers", "-1"),
        ("--viewers", "9" * 400),
        ("--processes", "0"),
        ("--events-per-department", "many"),
        ("--departments-per-viewer", "0"),
        ("--hours-per-day", "25"),
        ("--hours-per-day", "0"),
        ("--hours-per-day", "nan"),
        ("--peak-factor", "0.5"),
    ],
)
def test_an_option_with_a_mistake_is_named_in_both_languages(option: str, value: str) -> None:
    result = run(*SMALL, option, value)
    assert result.exit_code == 2
    assert f"'{option}'" in result.stderr
    assert "사이의" in result.stderr
    assert "must be" in result.stderr


def test_nobody_who_writes_or_watches_is_no_mistake() -> None:
    found = figures("--departments", "1", "--writes-per-day", "0", "--viewers", "0")
    assert found["units"]["write"] == 0
    assert {line["name"] for line in found["lines"] if line["units"]["read"]} == {"starts", "upkeep"}
