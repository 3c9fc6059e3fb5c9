"""A month of an installation on DynamoDB: request units, storage, and what they cost on demand."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from calendar_server.capacity.operations import (
    FOLLOW_ONE,
    FOLLOWED_CHANGE,
    JOIN,
    LIST_FIRST_100,
    LIST_HELD,
    READY,
    UPKEEP,
    WRITE_IDEMPOTENT,
    Units,
)
from calendar_server.capacity.prices import Prices
from calendar_server.capacity.rules import STORED_OVERHEAD_BYTES
from calendar_server.domain.changes import CHANGES_KEPT
from calendar_server.domain.receipts import KEPT_SECONDS

DAYS = 365 / 12
SECONDS = DAYS * 24 * 3600
OPENINGS_A_DAY = 20
"""How often a viewer opens a calendar or comes back after a cut: a join, and a list from memory."""
STARTS_A_DAY = 1
"""How often a process begins without anything in memory."""
READINESS_SECONDS = 10
EVENT_BYTES, CHANGE_BYTES, RECEIPT_BYTES = 600, 900, 1_300
EVENTS_OF_FIRST_LIST = 100
GB = 1024**3


@dataclass(frozen=True, slots=True)
class Use:
    """What an installation is used for. ``writes_per_day`` are of all together; every department is watched all day where
    there are as many viewers.
    """

    departments: int
    writes_per_day: int
    viewers: int
    processes: int = 1
    events_per_department: int = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a month."""

    name: str
    units: Units


@dataclass(frozen=True, slots=True)
class Estimate:
    """A month: units by part, stored gigabytes, and dollars."""

    use: Use
    lines: tuple[Line, ...]
    units: Units
    stored_gb: float
    read_cost: float
    write_cost: float
    storage_cost: float

    @property
    def cost(self) -> float:
        """All of it, in the currency of the prices."""
        return self.read_cost + self.write_cost + self.storage_cost

    def as_json(self) -> dict[str, object]:
        """All figures under their names."""
        return {**asdict(self), "cost": self.cost}


def estimate(use: Use, prices: Prices) -> Estimate:
    """A month of ``use``."""
    lines = _lines(use)
    units = sum((line.units for line in lines), Units())
    stored = _stored_bytes(use) / GB
    return Estimate(
        use,
        lines,
        units,
        stored,
        read_cost=units.read / 1e6 * prices.per_million_read_request_units,
        write_cost=units.write / 1e6 * prices.per_million_write_request_units,
        storage_cost=max(0.0, stored - prices.storage_free_gb) * prices.storage_per_gb_month,
    )


def _lines(use: Use) -> tuple[Line, ...]:
    followed = min(use.departments, use.viewers) + 1
    writes, processes = use.writes_per_day * DAYS, use.processes
    first_list = LIST_FIRST_100.times(use.events_per_department / EVENTS_OF_FIRST_LIST)
    return (
        Line("writes", WRITE_IDEMPOTENT.times(writes)),
        Line("announcing", FOLLOWED_CHANGE.times(writes * (processes - 1))),
        Line("following", FOLLOW_ONE.times(followed * processes * SECONDS)),
        Line("viewers", (JOIN + LIST_HELD).times(use.viewers * OPENINGS_A_DAY * DAYS)),
        Line("starts", first_list.times(use.departments * processes * STARTS_A_DAY * DAYS)),
        Line("upkeep", UPKEEP.times(processes * SECONDS / 60) + READY.times(processes * SECONDS / READINESS_SECONDS)),
    )


def _stored_bytes(use: Use) -> float:
    """Events stand in their table and in its index; the last 90 days' changes and 7 days' receipts beside them."""
    events = use.departments * use.events_per_department * 2 * (EVENT_BYTES + STORED_OVERHEAD_BYTES)
    changes = use.writes_per_day * CHANGES_KEPT.days * (CHANGE_BYTES + STORED_OVERHEAD_BYTES)
    receipts = use.writes_per_day * KEPT_SECONDS / 86400 * (RECEIPT_BYTES + STORED_OVERHEAD_BYTES)
    return events + changes + receipts
