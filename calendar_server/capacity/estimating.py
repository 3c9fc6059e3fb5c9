"""A month of an installation on DynamoDB: what its tables serve, and what they store."""

from __future__ import annotations

from dataclasses import dataclass

from calendar_server.capacity.operations import (
    CHANGE_BYTES,
    EVENT_BYTES,
    FOLLOW_ONE,
    FOLLOWED_CHANGE,
    JOIN,
    LIST_CHECK,
    LIST_HELD,
    READY,
    RECEIPT_BYTES,
    REFUSED_WRITE,
    UPKEEP,
    WRITE,
    Load,
    first_list,
)
from calendar_server.capacity.rules import STORED_OVERHEAD_BYTES
from calendar_server.domain.changes import CHANGES_KEPT
from calendar_server.domain.receipts import KEPT_SECONDS

DAYS = 365 / 12
HOURS = DAYS * 24
SECONDS = HOURS * 3600
OPENINGS_A_DAY = 20
"""How often a viewer opens the page or comes back after a cut: the list of departments, and a join and a list each."""
STARTS_A_DAY = 1
"""How often a process begins without anything in memory."""
READINESS_SECONDS = 10
LIST_CHECK_SECONDS = 60
REQUESTS_OF_AN_OPENING = 10
LOG_LINE_BYTES = 350
"""One request as JSON."""
GB = 1024**3


@dataclass(frozen=True, slots=True)
class Use:
    """What an installation is used for.

    ``writes_per_day`` are of all together. ``hours_per_day``: how long the viewers watch. ``peak_factor``: how many times
    the average of writes and openings the busiest second brings.
    """

    departments: int
    writes_per_day: int
    viewers: int
    processes: int = 1
    events_per_department: int = 500
    departments_per_viewer: int = 1
    hours_per_day: float = 24.0
    peak_factor: float = 10.0

    @property
    def watched_seconds(self) -> float:
        """Of a month."""
        return SECONDS * self.hours_per_day / 24

    @property
    def seen(self) -> int:
        """How many departments one viewer watches."""
        return min(self.departments, self.departments_per_viewer)

    @property
    def followed(self) -> int:
        """Histories that all processes together look at each second, as many as viewers can be spread over: each process
        looks at those of its own viewers, and at the list of departments if it has any.
        """
        return min(self.departments * self.processes, self.viewers * self.seen) + min(self.processes, self.viewers)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a month, spread over so many ``seconds`` of it; the busiest of them has ``peak`` times the average.

    ``rests``: while nobody watches there is nothing of it.
    """

    name: str
    load: Load
    seconds: float
    peak: float
    rests: bool = False

    @property
    def per_second(self) -> Load:
        """On average."""
        return self.load.times(1 / self.seconds)


def month(use: Use) -> tuple[Line, ...]:
    """The parts of a month of ``use``. Where it cannot be known, more is assumed rather than less."""
    writes, watched = use.writes_per_day * DAYS, use.watched_seconds
    others = use.processes - 1
    upkeep = UPKEEP.times(SECONDS / 60) + READY.times(SECONDS / READINESS_SECONDS)
    opening = LIST_HELD + (JOIN + LIST_HELD).times(use.seen)
    starts = use.departments * use.processes * STARTS_A_DAY * DAYS

    def bursts(name: str, load: Load) -> Line:
        return Line(name, load, SECONDS, use.peak_factor)

    return (
        bursts("writes", WRITE.times(writes)),
        bursts("refused", REFUSED_WRITE.times(writes * others / use.processes)),
        bursts("announcing", FOLLOWED_CHANGE.times(writes * min(others, use.viewers))),
        Line("following", FOLLOW_ONE.times(use.followed * watched), watched, 1, rests=True),
        Line("checking", LIST_CHECK.times(use.viewers * watched / LIST_CHECK_SECONDS), watched, 1, rests=True),
        bursts("openings", opening.times(use.viewers * OPENINGS_A_DAY * DAYS)),
        bursts("starts", first_list(use.events_per_department).times(starts)),
        Line("upkeep", upkeep.times(use.processes), SECONDS, 1),
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """Gigabytes (of 1024³ bytes) in the tables, and in the indexes beside them, which PITR does not charge."""

    tables_gb: float
    indexes_gb: float

    @property
    def total_gb(self) -> float:
        return self.tables_gb + self.indexes_gb


def stored(use: Use) -> Stored:
    """Events stand in their table and in its index; the last 90 days' changes and 7 days' receipts beside them."""
    events = use.departments * use.events_per_department * (EVENT_BYTES + STORED_OVERHEAD_BYTES)
    changes = use.writes_per_day * CHANGES_KEPT.days * (CHANGE_BYTES + STORED_OVERHEAD_BYTES)
    receipts = use.writes_per_day * KEPT_SECONDS / 86400 * (RECEIPT_BYTES + STORED_OVERHEAD_BYTES)
    return Stored((events + changes + receipts) / GB, events / GB)


def logged_gb(use: Use) -> float:
    """What the month's requests write to the log; a load balancer's probes are requests too."""
    probes = use.processes * SECONDS / READINESS_SECONDS
    openings = use.viewers * OPENINGS_A_DAY * DAYS * REQUESTS_OF_AN_OPENING
    return (use.writes_per_day * DAYS + openings + probes) * LOG_LINE_BYTES / GB
