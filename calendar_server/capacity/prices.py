"""The file of prices: dated, with its source, and meant to be edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

_NUMBERS = (
    "per_million_read_request_units",
    "per_million_write_request_units",
    "storage_free_gb",
    "storage_per_gb_month",
)


class PricesUnreadable(ValueError):
    """The file is no file of prices; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Prices:
    """On demand, table class Standard, in ``currency`` for ``region``; ``checked_on`` is when they were compared."""

    region: str
    currency: str
    source: str
    checked_on: date
    per_million_read_request_units: float
    per_million_write_request_units: float
    storage_free_gb: float
    storage_per_gb_month: float


def read_prices(path: Path) -> Prices:
    """:raises PricesUnreadable: :raises OSError:"""
    try:
        found: Any = orjson.loads(path.read_bytes())
        read, write, free, stored = (_price(found, name) for name in _NUMBERS)
        region, currency, source = (str(found[name]) for name in ("region", "currency", "source"))
        return Prices(region, currency, source, date.fromisoformat(found["checked_on"]), read, write, free, stored)
    except (KeyError, TypeError, ValueError) as error:
        raise PricesUnreadable(f"{path}: {error}") from error


def _price(found: Any, name: str) -> float:
    value = found[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} = {value!r}")
    return float(value)
