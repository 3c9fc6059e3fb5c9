"""``flask estimate``: what a month on DynamoDB takes and costs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from calendar_server.capacity.estimating import Estimate, Use
from calendar_server.capacity.estimating import estimate as estimated
from calendar_server.capacity.prices import Prices, PricesUnreadable, read_prices

PRICES = Path("deploy/aws/prices.json")
OLD_DAYS = 180
COUNT = click.IntRange(min=0)

PARTS = {
    "writes": "이벤트 쓰기 / writes",
    "announcing": "다른 프로세스로 알림 / announcing in other processes",
    "following": "변경 따라가기 / following the histories",
    "viewers": "보는 사람 / viewers",
    "starts": "프로세스 시작 / starts",
    "upkeep": "정리와 상태 확인 / upkeep and readiness",
}


@click.command()
@click.option("--departments", type=COUNT, required=True, help="부서 수 / departments")
@click.option(
    "--writes-per-day", type=COUNT, required=True, help="하루에 쓰는 이벤트 수(전체) / event writes a day, all together"
)
@click.option("--viewers", type=COUNT, required=True, help="동시에 보는 사람 수 / people who watch")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="서버 프로세스 수 / server processes"
)
@click.option(
    "--events-per-department",
    type=COUNT,
    default=500,
    show_default=True,
    help="부서마다 이벤트 수 / events in each department",
)
@click.option(
    "--prices",
    type=click.Path(dir_okay=False, path_type=Path),
    default=PRICES,
    show_default=True,
    help="요금 파일 / file of prices",
)
@click.option("--json", "as_json", is_flag=True, help="JSON 으로 출력 / print JSON")
def estimate(
    departments: int,
    writes_per_day: int,
    viewers: int,
    processes: int,
    events_per_department: int,
    prices: Path,
    as_json: bool,
) -> None:
    """DynamoDB 한 달 사용량과 요금을 어림합니다(온디맨드).

    Estimate a month's request units, storage and cost on DynamoDB (on demand).
    """
    try:
        found = read_prices(prices)
    except (OSError, PricesUnreadable) as error:
        raise click.ClickException(f"요금 파일을 읽을 수 없습니다 / the prices cannot be read: {error}") from error
    month = estimated(Use(departments, writes_per_day, viewers, processes, events_per_department), found)
    click.echo(_json(month, found) if as_json else "\n".join(_lines(month, found)))
    _warn_of_old_prices(found)


def _json(month: Estimate, prices: Prices) -> str:
    return orjson.dumps({**month.as_json(), "prices": prices}, option=orjson.OPT_INDENT_2).decode()


def _lines(month: Estimate, prices: Prices) -> list[str]:
    parts = [_line(PARTS[line.name], line.units.read, line.units.write) for line in month.lines]
    money = prices.currency
    return [
        _line("한 달 / a month", "읽기 / read", "쓰기 / write"),
        *parts,
        _line("합계 / total", month.units.read, month.units.write),
        f"저장 / stored: {month.stored_gb:,.3f} GB",
        f"요금 / cost: {month.cost:,.2f} {money}"
        f" (읽기 / read {month.read_cost:,.2f}, 쓰기 / write {month.write_cost:,.2f}, 저장 / stored {month.storage_cost:,.2f})",
        f"요금 기준 / prices: {prices.region}, {prices.checked_on}, {prices.source}",
        "백업(PITR), 데이터 전송, CloudWatch, 서버는 들어 있지 않습니다. 요금은 반드시 직접 확인하세요. / "
        "Without backups (PITR), data transfer, CloudWatch and servers. Check the prices yourself.",
    ]


def _line(name: str, read: float | str, write: float | str) -> str:
    texts = [value if isinstance(value, str) else f"{value:,.0f}" for value in (read, write)]
    return f"{texts[0]:>16} {texts[1]:>16}  {name}"


def _warn_of_old_prices(prices: Prices) -> None:
    age = (datetime.now(UTC).date() - prices.checked_on).days
    if age > OLD_DAYS:
        click.echo(f"요금을 확인한 지 {age}일 지났습니다. / The prices were checked {age} days ago.", err=True)
