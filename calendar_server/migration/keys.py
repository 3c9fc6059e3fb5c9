"""What the keys around an event mean: its department, its day, or its id.

The keys are read from the outermost inwards. A key names the department where there is one of this id or name, else
the day where it reads as one; the key that belongs to a single event is its id where it is neither. Keys that mean
nothing (``{"rows": [...]}``) are passed over where the event itself says to which department it belongs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calendar_server.domain.dates import read_date
from calendar_server.migration.directory import DepartmentDirectory, Unresolved
from calendar_server.migration.identity import id_text
from calendar_server.migration.records import RawRecord

_DATE_LIKE = re.compile(r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}\D{0,2}|\d{8}", re.ASCII)


@dataclass(slots=True)
class Surroundings:
    """What the keys say; None where they say nothing of it."""

    department: str | None = None
    date: str | None = None
    own_id: str | None = None


def read_keys(raw: RawRecord, values: Mapping[str, Any], directory: DepartmentDirectory) -> Surroundings:
    """The meaning of ``raw.keys``, given what the record says of itself."""
    around = Surroundings()
    unclear: list[str] = []
    shared = raw.keys[:-1] if raw.keyed else raw.keys
    for key in shared:
        if not _fits_department(key, around, directory) and not _fits_date(key, around):
            unclear.append(key)
    if raw.keyed:
        _read_own_key(raw.keys[-1], values, around, directory)
    if around.department is None and unclear and not values.get("department_id"):
        around.department = id_text(unclear[0])
    return around


def _read_own_key(key: str, values: Mapping[str, Any], around: Surroundings, directory: DepartmentDirectory) -> None:
    """A key of one event alone: only what the event lacks is looked for in it, since it may as well be an id."""
    if not values.get("department_id") and _fits_department(key, around, directory):
        return
    if values.get("event_date") or not _fits_date(key, around):
        around.own_id = key


def _fits_department(key: str, around: Surroundings, directory: DepartmentDirectory) -> bool:
    reference = id_text(key)
    if around.department is not None or reference is None:
        return False
    found = directory.resolve(reference)
    if isinstance(found, Unresolved) and found.code == "unknown_department":
        return False
    around.department = reference
    return True


def _fits_date(key: str, around: Surroundings) -> bool:
    """A day that does not exist counts too: the event's rules then say so."""
    if around.date is not None or not (read_date(key) or _DATE_LIKE.fullmatch(key.strip())):
        return False
    around.date = read_date(key) or key
    return True
