"""The file of prices: every price dated, with its source, and meant to be edited."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

NAMES = (
    "per_million_read_request_units",
    "per_million_write_request_units",
    "per_read_capacity_unit_hour",
    "per_write_capacity_unit_hour",
    "free_capacity_units",
    "storage_per_gb_month",
    "storage_free_gb",
    "pitr_per_gb_month",
    "per_alarm_month",
    "free_alarms",
    "logs_per_gb",
    "logs_free_gb",
)

NOT_JSON = "올바른 JSON이 아닙니다({reason}) / is no JSON ({reason})"
NO_OBJECT = "{field}: JSON 객체({{...}})여야 합니다 / must be a JSON object"
MISSING = "{field}: 항목이 없습니다 / is missing"
NO_PRICE = "{field}: 0 이상의 숫자여야 합니다(지금 {found}) / must be a number, 0 or more, and is {found}"
NO_TEXT = "{field}: 비어 있지 않은 문자열이어야 합니다(지금 {found}) / must be a text that is not empty, and is {found}"
NO_CURRENCY = (
    "{field}: USD처럼 세 글자 통화 코드여야 합니다(지금 {found}) / must be a currency code like USD, and is {found}"
)
NO_DATE = (
    "{field}: 2026-10-01처럼 오늘까지의 날짜여야 합니다(지금 {found}) / "
    "must be a date like 2026-10-01, not later than today, and is {found}"
)


class PricesUnreadable(ValueError):
    """The file is no file of prices; the text says which field is wrong with it, and what is."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price, or an amount that is free; ``checked_on``: when it was compared with ``source``."""

    value: float
    source: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Prices:
    """Table class Standard, in ``currency`` for ``region``; ``known`` has a price for each of :data:`NAMES`."""

    region: str
    currency: str
    known: dict[str, Price]

    def __getitem__(self, name: str) -> float:
        return self.known[name].value

    @property
    def checked_on(self) -> date:
        """When the price that was looked at longest ago was."""
        return min(price.checked_on for price in self.known.values())

    @property
    def sources(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(price.source for price in self.known.values()))


def read_prices(path: Path) -> Prices:
    """:raises PricesUnreadable: :raises OSError:"""
    try:
        found = orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))  # which some editors put there
    except ValueError as error:
        raise PricesUnreadable(NOT_JSON.format(reason=error)) from error
    if not isinstance(found, dict):
        raise PricesUnreadable(NO_OBJECT.format(field=path.name))
    prices = _part(found, "prices")
    known = {name: _price(_part(prices, name), name) for name in NAMES}
    return Prices(_text(found, "region"), _currency(found), known)


def _price(found: dict[str, Any], name: str) -> Price:
    return Price(_number(found, name), _text(found, "source", name), _date(found, name))


def _present(found: dict[str, Any], field: str, within: str = "") -> Any:
    if field not in found:
        raise PricesUnreadable(MISSING.format(field=_named(field, within)))
    return found[field]


def _part(found: dict[str, Any], field: str) -> dict[str, Any]:
    part = _present(found, field)
    if not isinstance(part, dict):
        raise PricesUnreadable(NO_OBJECT.format(field=field))
    return part


def _number(found: dict[str, Any], name: str) -> float:
    value = _present(found, "value", name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise PricesUnreadable(NO_PRICE.format(field=_named("value", name), found=_written(value)))
    return float(value)


def _text(found: dict[str, Any], field: str, within: str = "") -> str:
    value = _present(found, field, within)
    if not isinstance(value, str) or not value.strip():
        raise PricesUnreadable(NO_TEXT.format(field=_named(field, within), found=_written(value)))
    return value


def _currency(found: dict[str, Any]) -> str:
    value = _present(found, "currency")
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise PricesUnreadable(NO_CURRENCY.format(field="currency", found=_written(value)))
    return value


def _date(found: dict[str, Any], name: str) -> date:
    value = _present(found, "checked_on", name)
    try:
        checked_on = date.fromisoformat(value)
    except (TypeError, ValueError):
        checked_on = date.max
    if checked_on > datetime.now(UTC).date():
        raise PricesUnreadable(NO_DATE.format(field=_named("checked_on", name), found=_written(value)))
    return checked_on


def _named(field: str, within: str) -> str:
    return f"{within}.{field}" if within else field


def _written(value: Any) -> str:
    return orjson.dumps(value).decode()
