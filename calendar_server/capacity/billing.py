"""What a month costs: on demand, and with provisioned capacity and auto scaling as the CloudFormation template has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from calendar_server.capacity.estimating import HOURS, Line, Stored, Use, logged_gb, month, stored
from calendar_server.capacity.operations import Load, Place, Units
from calendar_server.capacity.prices import Prices

TARGET_UTILIZATION = 0.7
"""The share of what is provisioned that auto scaling lets be used."""

MINIMUM: Mapping[Place, int] = {
    "departments": 10,
    "name-index": 5,
    "events": 10,
    "department-date-index": 10,
    "changes": 10,
    "records": 10,
}
"""Read units, and as many write units, below which the template's auto scaling never goes; nothing reads the name index."""

ALARMS = 23
"""The template's, on demand; each looks at one metric."""
ALARMS_OF_PROVISIONED = 11
SCALED, ALARMS_OF_SCALED = 11, 4
"""How many capacities auto scaling follows, and how many alarms it makes for each: two for what is consumed, two for what
is provisioned.
"""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Units a second of one table or index, in the hours in which viewers watch: used on average and at the peak, and
    provided by auto scaling for the average. ``resting``: provided in the other hours.
    """

    average: Units
    peak: Units
    provisioned: Units
    resting: Units


@dataclass(frozen=True, slots=True)
class Cost:
    """A month's, in the currency of the prices."""

    read: float
    write: float
    storage: float
    pitr: float
    alarms: float
    logs: float

    @property
    def total(self) -> float:
        return self.read + self.write + self.storage + self.pitr + self.alarms + self.logs


@dataclass(frozen=True, slots=True)
class Estimate:
    """A month of ``use``: what is served, by part and by place; what is stored; and what it costs either way."""

    use: Use
    lines: tuple[Line, ...]
    units: Units
    capacities: Mapping[Place, Capacity]
    stored: Stored
    logged_gb: float
    on_demand: Cost
    provisioned: Cost


def estimate(use: Use, prices: Prices) -> Estimate:
    """A month of ``use`` at ``prices``."""
    lines = month(use)
    units = sum((line.load for line in lines), Load()).total
    capacities = _capacities(lines)
    bytes_stored, logged = stored(use), logged_gb(use)
    on_demand = _cost(
        prices,
        units.read / 1e6 * prices["per_million_read_request_units"],
        units.write / 1e6 * prices["per_million_write_request_units"],
        (bytes_stored, logged, ALARMS),
    )
    hours = _unit_hours(capacities.values(), use, prices["free_capacity_units"])
    provisioned = _cost(
        prices,
        hours.read * prices["per_read_capacity_unit_hour"],
        hours.write * prices["per_write_capacity_unit_hour"],
        (bytes_stored, logged, ALARMS + ALARMS_OF_PROVISIONED + SCALED * ALARMS_OF_SCALED),
    )
    return Estimate(use, lines, units, capacities, bytes_stored, logged, on_demand, provisioned)


def _cost(prices: Prices, read: float, write: float, others: tuple[Stored, float, int]) -> Cost:
    bytes_stored, logged, alarms = others
    return Cost(
        read,
        write,
        storage=_beyond(bytes_stored.total_gb, prices["storage_free_gb"]) * prices["storage_per_gb_month"],
        pitr=bytes_stored.tables_gb * prices["pitr_per_gb_month"],
        alarms=_beyond(alarms, prices["free_alarms"]) * prices["per_alarm_month"],
        logs=_beyond(logged, prices["logs_free_gb"]) * prices["logs_per_gb"],
    )


def _beyond(amount: float, free: float) -> float:
    return max(0.0, amount - free)


def _capacities(lines: Iterable[Line]) -> dict[Place, Capacity]:
    average, peak, resting = Load(), Load(), Load()
    for line in lines:
        average += line.per_second
        peak += line.per_second.times(line.peak)
        resting += Load() if line.rests else line.per_second
    return {
        place: Capacity(
            average.places.get(place, Units()),
            peak.places.get(place, Units()),
            _provisioned(place, average),
            _provisioned(place, resting),
        )
        for place in MINIMUM
    }


def _provisioned(place: Place, average: Load) -> Units:
    used, least = average.places.get(place, Units()), MINIMUM[place]
    return Units(*(max(least, ceil(each / TARGET_UTILIZATION)) for each in (used.read, used.write)))


def _unit_hours(capacities: Iterable[Capacity], use: Use, free: float) -> Units:
    """Of read and of write units that are charged in a month."""
    watched, resting = Units(), Units()
    for each in capacities:
        watched += each.provisioned
        resting += each.resting
    hours = use.hours_per_day / 24 * HOURS
    return _charged(watched, free).times(hours) + _charged(resting, free).times(HOURS - hours)


def _charged(provisioned: Units, free: float) -> Units:
    return Units(_beyond(provisioned.read, free), _beyond(provisioned.write, free))
