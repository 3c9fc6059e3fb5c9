"""Capacity units of the operations of which a month consists, by AWS's rules.

A test makes each operation and holds these figures to what it counts; docs/capacity.md has all of them. They are those of
an ordinary event (300 to 700 bytes stored) and of a process that holds what it has read before.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Units:
    """Read and write request units."""

    read: float = 0.0
    write: float = 0.0

    def times(self, count: float) -> Units:
        """The units of so many."""
        return Units(self.read * count, self.write * count)

    def __add__(self, other: Units) -> Units:
        return Units(self.read + other.read, self.write + other.write)


LIST_HELD = Units(read=1)
LIST_FIRST_100 = Units(read=8.5)
"""A list of 100 events that the process does not hold; mostly half a unit per 4 KB of events."""
JOIN = Units(read=2)
WRITE_IDEMPOTENT = Units(write=11)
"""One event created or changed under an Idempotency-Key, as both ready-made clients do it."""
FOLLOW_ONE = Units(read=1)
"""One look at where one history stands."""
FOLLOWED_CHANGE = Units(read=2)
"""What another process reads to announce one change."""
READY = Units(read=0.5)
UPKEEP = Units(read=1.5)

MEASURED = {
    "list_warm": LIST_HELD,
    "list_cold": LIST_FIRST_100,
    "join": JOIN,
    "create_named": WRITE_IDEMPOTENT,
    "update_named": WRITE_IDEMPOTENT,
    "follow": FOLLOW_ONE.times(11),
    "ready": READY,
    "upkeep": UPKEEP,
}
"""Under the names of the measurement."""
