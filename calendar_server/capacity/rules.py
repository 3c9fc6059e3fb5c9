"""AWS's rules for sizes and capacity units.

Developer guide, "DynamoDB item sizes and formats" (CapacityUnitCalculations) and "DynamoDB read and write operations"
(read-write-operations); for indexes "Using global secondary indexes", "Provisioned throughput considerations".
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, Literal

Item = Mapping[str, Mapping[str, Any]]
Consistency = Literal["eventual", "strong", "transactional"]

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
STORED_OVERHEAD_BYTES = 100
"""Added to each stored item, in tables and in indexes, for billing storage."""

_READ_FACTORS = {"eventual": 0.5, "strong": 1.0, "transactional": 2.0}


def item_size(item: Item | None) -> int:
    """Bytes of names and values; 0 where there is no item."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return ceil(len(content.strip("-").replace(".", "").strip("0")) / 2) + 1
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    raise ValueError(f"no attribute of this server has the type {kind}")


def read_units(size: int, consistency: Consistency) -> float:
    """For one item, or for all that a query or scan has looked at together; nothing found costs as much as 4 KB."""
    return max(1, ceil(size / READ_UNIT_BYTES)) * _READ_FACTORS[consistency]


def write_units(before: int, after: int, *, transactional: bool = False) -> float:
    """For one item of ``before`` bytes that has ``after`` bytes then (0: there is none); the larger counts."""
    return max(1, ceil(max(before, after) / WRITE_UNIT_BYTES)) * (2.0 if transactional else 1.0)


def index_write_units(before: Item | None, after: Item | None, keys: tuple[str, ...]) -> float:
    """For an index with ``keys`` that holds whole items. An entry whose key changes is removed and written anew. An index
    follows after a transaction is complete and is no part of it, so nothing doubles here.
    """
    if before == after:
        return 0.0
    old, new = (_indexed(item, keys) for item in (before, after))
    if old and new and all(old[key] == new[key] for key in keys):
        return write_units(item_size(old), item_size(new))
    return sum(write_units(0, item_size(entry)) for entry in (old, new) if entry)


def _indexed(item: Item | None, keys: tuple[str, ...]) -> Item | None:
    """The item where it has all keys of the index, and so an entry in it."""
    return item if item and all(key in item for key in keys) else None
