"""The tables that a run ends with: ratios to the reference first, then the figures themselves. Medians over the rounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

REFERENCE = "node"
RATIOS = {
    "cpu_us_per_delivery": "CPU per delivery",
    "p99_ms": "p99",
    "cpu_us_per_connect": "CPU per connect",
    "memory_kib_per_connection": "memory per connection",
    "idle_cpu_ms_per_second": "idle CPU",
}
TITLES = {
    "cpu_us_per_delivery": "CPU/delivery us",
    "deliveries_per_second": "deliveries/s",
    "writes_per_second": "writes/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "client_cpu_us_per_delivery": "clients' CPU us",
    "connects_per_second": "connects/s",
    "cpu_us_per_connect": "CPU/connect us",
    "memory_kib_per_connection": "KiB/connection",
    "idle_cpu_ms_per_second": "idle CPU ms/s",
    "pings_per_socket": "pings/socket",
}


@dataclass(frozen=True)
class Row:
    """One figure of one contender in one round."""

    scenario: str
    phase: str
    contender: str
    round: int
    figure: str
    value: float


Key = tuple[str, str, str]  # scenario, phase, figure
Rounds = dict[str, dict[int, float]]  # by contender and round


def tables(rows: list[Row], contenders: list[str]) -> str:
    """Markdown."""
    found: defaultdict[Key, Rounds] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        found[row.scenario, row.phase, row.figure][row.contender][row.round] = row.value
    parts = [_ratios(found, contenders)] if REFERENCE in contenders else []
    phases = dict.fromkeys((scenario, phase) for scenario, phase, _figure in found)
    return "\n".join([*parts, *(_figures(found, scenario, phase, contenders) for scenario, phase in phases)])


def _ratios(found: Mapping[Key, Rounds], contenders: list[str]) -> str:
    """Every contender as a share of the reference in the same round: the machine's speed varies between rounds."""
    others = [name for name in contenders if name != REFERENCE]
    lines = [_line(f"share of {REFERENCE}", *others), _rule(others)]
    for (scenario, phase, figure), values in found.items():
        if figure in RATIOS:
            shares = (_shares(values.get(name, {}), values.get(REFERENCE, {})) for name in others)
            lines.append(_line(f"{scenario}, {phase}: {RATIOS[figure]}", *map(_median, shares)))
    return "\n".join([*lines, ""])


def _shares(values: Mapping[int, float], reference: Mapping[int, float]) -> list[float]:
    return [value / reference[number] for number, value in values.items() if reference.get(number)]


def _figures(found: Mapping[Key, Rounds], scenario: str, phase: str, contenders: list[str]) -> str:
    figures = [key[2] for key in found if key[:2] == (scenario, phase)]
    lines = [_line(f"{scenario}, {phase}", *(TITLES[figure] for figure in figures)), _rule(figures)]
    for name in contenders:
        values = [list(found[scenario, phase, figure].get(name, {}).values()) for figure in figures]
        lines.append(_line(name, *map(_median, values)))
    return "\n".join([*lines, ""])


def _line(first: str, *rest: str) -> str:
    return " | ".join([f"| {first:<46}", *(f"{each:>15}" for each in rest)]) + " |"


def _rule(columns: list[str]) -> str:
    return "|---" + "|--:" * len(columns) + "|"


def _median(values: list[float]) -> str:
    if not values:
        return "-"
    value = median(values)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
