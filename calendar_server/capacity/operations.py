"""Capacity units of the operations of which a month consists, by AWS's rules, and by the table or index that serves them.

A test makes each operation and holds these figures to what it counts; docs/capacity.md has all of them. They are those of
an ordinary event (some 420 bytes stored) and, but for :func:`first_list`, of a process that holds what it has read before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from calendar_server.capacity.rules import READ_UNIT_BYTES

Place = Literal["departments", "name-index", "events", "department-date-index", "changes", "records"]
"""A table, as :class:`~calendar_server.store.dynamodb.schema.Schema` names it, or an index."""

EVENT_BYTES, CHANGE_BYTES, RECEIPT_BYTES = 425, 690, 1_040
"""Stored sizes of an ordinary event, of the change that it is written with, and of the answer kept for its repetition."""


@dataclass(frozen=True, slots=True)
class Units:
    """Read and write units."""

    read: float = 0.0
    write: float = 0.0

    def times(self, count: float) -> Units:
        """The units of so many."""
        return Units(self.read * count, self.write * count)

    def __add__(self, other: Units) -> Units:
        return Units(self.read + other.read, self.write + other.write)


@dataclass(frozen=True, slots=True)
class Load:
    """Units by place."""

    places: Mapping[Place, Units] = field(default_factory=dict)

    @property
    def total(self) -> Units:
        """Those of all places together."""
        return sum(self.places.values(), Units())

    def times(self, count: float) -> Load:
        """The load of so many."""
        return Load({place: units.times(count) for place, units in self.places.items()})

    def __add__(self, other: Load) -> Load:
        places = dict(self.places)
        for place, units in other.places.items():
            places[place] = places.get(place, Units()) + units
        return Load(places)


def _changes_read(units: float) -> Load:
    return Load({"changes": Units(read=units)})


LIST_HELD = _changes_read(1)
"""A list that the process holds, of events or of departments: its history's head says that it is still true."""
JOIN = _changes_read(2)
LIST_CHECK = _changes_read(1)
"""Both ready-made clients ask once a minute whether the list of departments has changed."""
WRITE = Load(
    {
        "events": Units(read=1, write=2),
        "department-date-index": Units(write=1),
        "changes": Units(write=4),
        "records": Units(write=6),
    }
)
"""A creation as both ready-made clients send it, with an id and an Idempotency-Key: the dearest write of one event."""
REFUSED_WRITE = Load({"events": Units(read=1, write=2), "changes": Units(read=5, write=4), "records": Units(write=6)})
"""What is lost where another process has written to the department since: the transaction is refused, and charged, the
change is fetched, and the write is made anew.
"""
FOLLOW_ONE = _changes_read(1)
"""One look at where one history stands."""
FOLLOWED_CHANGE = _changes_read(3)
"""What another process reads to announce one change."""
READY = _changes_read(0.5)
UPKEEP = _changes_read(1.5)


def first_list(events: int) -> Load:
    """A list of so many events that the process does not hold: three heads, the last 25 changes, and the index, which is
    read eventually consistently.
    """
    entries = max(1, ceil(events * EVENT_BYTES / READ_UNIT_BYTES)) * 0.5
    return Load({"changes": Units(read=7), "department-date-index": Units(read=entries)})


MEASURED = {
    "list_warm": LIST_HELD,
    "departments_warm": LIST_HELD,
    "list_cold": first_list(100),
    "join": JOIN,
    "list_check": LIST_CHECK,
    "create_client": WRITE,
    "create_behind": WRITE + REFUSED_WRITE,
    "follow": FOLLOW_ONE.times(11),
    "announce": FOLLOWED_CHANGE,
    "ready": READY,
    "upkeep": UPKEEP,
}
"""Under the names of the measurement."""
