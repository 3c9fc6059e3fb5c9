"""``flask estimate``: what a month on DynamoDB takes and costs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from calendar_server.capacity.billing import Cost, Estimate
from calendar_server.capacity.billing import estimate as estimated
from calendar_server.capacity.estimating import Use
from calendar_server.capacity.operations import Units
from calendar_server.capacity.prices import Prices, PricesUnreadable, read_prices

PRICES = Path("deploy/aws/prices.json")
OLD_DAYS = 180

PARTS = {
    "writes": "이벤트 쓰기 / writes",
    "refused": "다른 프로세스와 겹쳐 다시 쓰기 / writes refused and made anew",
    "announcing": "다른 프로세스로 알림 / announcing in other processes",
    "following": "변경 따라가기(1초마다) / following the histories, each second",
    "checking": "부서 목록 확인(1분마다) / clients' look at the list, each minute",
    "openings": "달력 열기 / opening calendars",
    "starts": "프로세스 시작 / starts of processes",
    "upkeep": "정리와 상태 확인 / upkeep and readiness",
}
COSTS = {
    "read": "읽기 / read",
    "write": "쓰기 / write",
    "storage": "저장 / storage",
    "pitr": "특정 시점 복구(PITR) / point-in-time recovery",
    "alarms": "CloudWatch 경보 / alarms",
    "logs": "로그 수집 / log ingestion",
}


class Number(click.ParamType[float]):
    """A number between two bounds; says in both languages what is wrong with any other. ``whole``: no fractions."""

    name = "number"

    def __init__(self, least: float, most: float, *, whole: bool = True) -> None:
        self._least, self._most, self._whole = least, most, whole

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """:raises click.BadParameter: names the option."""
        try:
            number: float = int(value) if self._whole else float(value)
        except ValueError:
            number = float("nan")
        if not self._least <= number <= self._most:
            bounds = f"{self._least:,g}~{self._most:,.0f}"
            korean, english = ("정수", "a whole number") if self._whole else ("숫자", "a number")
            self.fail(
                f"{value!r}: {bounds} 사이의 {korean}를 입력하세요. / must be {english} within {bounds}.", param, ctx
            )
        return number


MOST = 1_000_000_000
COUNT, AT_LEAST_ONE = Number(0, MOST), Number(1, MOST)


@click.command()
@click.option("--departments", type=AT_LEAST_ONE, required=True, help="부서 수 / departments")
@click.option(
    "--writes-per-day", type=COUNT, required=True, help="하루에 쓰는 이벤트 수(전체) / event writes a day, all together"
)
@click.option("--viewers", type=COUNT, required=True, help="동시에 보는 사람 수 / people who watch at the same time")
@click.option(
    "--processes", type=AT_LEAST_ONE, default=1, show_default=True, help="서버 프로세스 수 / server processes"
)
@click.option(
    "--events-per-department",
    type=COUNT,
    default=500,
    show_default=True,
    help="부서마다 이벤트 수 / events in each department",
)
@click.option(
    "--departments-per-viewer",
    type=AT_LEAST_ONE,
    default=1,
    show_default=True,
    help="한 사람이 함께 보는 부서 수 / departments that one person watches",
)
@click.option(
    "--hours-per-day",
    type=Number(0.1, 24, whole=False),
    default=24,
    show_default=True,
    help="하루에 보는 시간 / hours a day in which they watch",
)
@click.option(
    "--peak-factor",
    type=Number(1, 10_000, whole=False),
    default=10,
    show_default=True,
    help="가장 바쁜 1초가 평균의 몇 배인지(쓰기, 열기) / the busiest second in times of the average (writes, openings)",
)
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    default=PRICES,
    show_default=True,
    help="요금 파일 / file of prices",
)
@click.option("--json", "as_json", is_flag=True, help="JSON으로 출력 / print JSON")
def estimate(prices: Path, as_json: bool, **use: Any) -> None:
    """DynamoDB의 한 달 예상 사용량과 요금을 계산합니다(온디맨드와 프로비저닝).

    Estimate a month's capacity, storage and cost on DynamoDB, on demand and provisioned.
    """
    try:
        found = read_prices(prices)
    except OSError as error:
        raise click.ClickException(_unreadable(prices, str(error.strerror))) from error
    except PricesUnreadable as error:
        raise click.ClickException(_unreadable(prices, str(error))) from error
    month = estimated(Use(**use), found)
    click.echo(_json(month, found) if as_json else "\n".join(_text(month, found)))
    _warn_of_old_prices(found)


def _unreadable(path: Path, reason: str) -> str:
    return f"--prices {path}: 요금 파일을 읽을 수 없습니다 / the prices cannot be read. {reason}"


def _json(month: Estimate, prices: Prices) -> str:
    lines = [{"name": line.name, "units": line.load.total, "by_place": line.load.places} for line in month.lines]
    costs = {
        way: {**asdict(cost), "total": cost.total}
        for way, cost in (("on_demand", month.on_demand), ("provisioned", month.provisioned))
    }
    figures = {
        "use": month.use,
        "lines": lines,
        "units": month.units,
        "capacities": month.capacities,
        "stored": {**asdict(month.stored), "total_gb": month.stored.total_gb},
        "logged_gb": month.logged_gb,
        "cost": costs,
        "prices": prices,
    }
    return orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode()


def _text(month: Estimate, prices: Prices) -> list[str]:
    use = month.use
    return [
        "한 달(365/12일 = 730시간) 요청 단위 / Request units of a month (365/12 days = 730 hours)",
        f"{'RRU':>16} {'WRU':>16}",
        *(_units(PARTS[line.name], line.load.total) for line in month.lines),
        _units("합계 / total", month.units),
        "",
        f"초당 단위(보는 시간 하루 {use.hours_per_day:g}시간의 평균, 순간 최대 {use.peak_factor:g}배) / "
        f"Units a second (average of {use.hours_per_day:g} hours a day, peaks of {use.peak_factor:g} times)",
        *_capacities(month),
        "",
        f"저장 / stored: {month.stored.total_gb:,.3f} GB (인덱스 / indexes {month.stored.indexes_gb:,.3f} GB), "
        f"로그 / log: {month.logged_gb:,.3f} GB",
        "",
        *_costs(month, prices),
    ]


def _units(name: str, units: Units) -> str:
    return f"{units.read:>16,.0f} {units.write:>16,.0f}  {name}"


def _capacities(month: Estimate) -> list[str]:
    """Read and write, each on average, at its peak, and as auto scaling would provide it on average."""
    head = ("RCU", "peak", "provisioned", "WCU", "peak", "provisioned")
    rows = [" ".join(f"{word:>11}" for word in head)]
    for place, each in month.capacities.items():
        used = [f"{value:>11,.2f}" for value in (each.average.read, each.peak.read)]
        written = [f"{value:>11,.2f}" for value in (each.average.write, each.peak.write)]
        provisioned = [f"{value:>11,.0f}" for value in (each.provisioned.read, each.provisioned.write)]
        rows.append(" ".join((*used, provisioned[0], *written, provisioned[1])) + f"  {place}")
    return rows


def _costs(month: Estimate, prices: Prices) -> list[str]:
    def row(name: str, on_demand: float, provisioned: float) -> str:
        return f"{on_demand:>16,.2f} {provisioned:>16,.2f}  {name}"

    def pair(field: str) -> tuple[float, float]:
        costs: tuple[Cost, Cost] = (month.on_demand, month.provisioned)
        return getattr(costs[0], field), getattr(costs[1], field)

    money = prices.currency
    return [
        f"한 달 요금({money}), 온디맨드와 프로비저닝(Auto Scaling) / "
        f"Cost of a month ({money}), on demand and provisioned (auto scaling)",
        f"{'on demand':>16} {'provisioned':>16}",
        *(row(name, *pair(field)) for field, name in COSTS.items()),
        row("합계 / total", *pair("total")),
        f"요금 기준 / prices: {prices.region}, {prices.checked_on} 이후 확인 / checked since",
        *(f"  {source}" for source in prices.sources),
        "데이터 전송, 대시보드, 사용자 지정 지표, 알림, 서버, 세금은 들어 있지 않습니다. 요금은 반드시 직접 확인하세요. / "
        "Without data transfer, dashboards, custom metrics, notifications, servers and taxes. Check the prices yourself.",
    ]


def _warn_of_old_prices(prices: Prices) -> None:
    age = (datetime.now(UTC).date() - prices.checked_on).days
    if age > OLD_DAYS:
        click.echo(f"요금을 확인한 지 {age}일 지났습니다. / The prices were checked {age} days ago.", err=True)
