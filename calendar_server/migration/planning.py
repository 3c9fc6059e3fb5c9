"""Decides what is to be in the store, before anything is written.

Two events of one id and one content are one event; where they differ, the second cannot be taken. Departments of one
name: see :mod:`~calendar_server.migration.directory`. What was deleted from the store after a migration comes back with
the next: the files still hold it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import Problem
from calendar_server.migration.aliases import DEPARTMENT_ALIASES
from calendar_server.migration.converting import Converting
from calendar_server.migration.directory import DepartmentDirectory
from calendar_server.migration.reading import SourceFile
from calendar_server.migration.records import Entry, Ignored, Kind, RawRecord, Rejected


@dataclass(slots=True)
class Plan:
    """Entries that are to be in the store, and what was decided about the rest.

    ``repeated`` counts records that say what another says already.
    """

    departments: list[Entry[Department]] = field(default_factory=list)
    events: list[Entry[CalendarEvent]] = field(default_factory=list)
    adopted: Sequence[tuple[Entry[Department], Department]] = ()
    rejected: list[Rejected] = field(default_factory=list)
    repeated: Counter[Kind] = field(default_factory=Counter)
    ignored_fields: Mapping[Kind, Counter[str]] = field(default_factory=dict)
    ignored: Sequence[Ignored] = ()
    unreadable_timestamps: Counter[str] = field(default_factory=Counter)


def make_plan(files: Sequence[SourceFile], stored: Iterable[Department], moment: str) -> Plan:
    """What ``files`` come to beside the departments that are ``stored``; ``moment`` is the run's own timestamp."""
    plan = Plan()
    converting = Converting(moment)
    directory = DepartmentDirectory(stored)
    for raw in _records(files, "department"):
        _plan_department(plan, directory, raw, converting.department(raw))
    adopted = {entry.subject.id for entry, _department in directory.adopted}
    plan.departments = [entry for entry in plan.departments if entry.subject.id not in adopted]
    seen: dict[str, Entry[CalendarEvent]] = {}
    for raw in _records(files, "event"):
        _plan_event(plan, seen, converting.event(raw, directory))
    plan.events = list(seen.values())
    plan.adopted = tuple(directory.adopted)
    plan.ignored, plan.ignored_fields = converting.ignored, converting.ignored_fields
    plan.unreadable_timestamps = converting.unreadable_timestamps
    return plan


def _records(files: Sequence[SourceFile], kind: Kind) -> Iterable[RawRecord]:
    return (record for file in files for record in file.records if record.kind == kind)


def _plan_department(
    plan: Plan, directory: DepartmentDirectory, raw: RawRecord, converted: Entry[Department] | Rejected
) -> None:
    if isinstance(converted, Rejected):
        directory.add_rejected(converted, _references(raw))
        plan.rejected.append(converted)
        return
    outcome = directory.add(converted)
    if isinstance(outcome, Problem):
        plan.rejected.append(Rejected("department", converted.origin, converted.subject.name, [outcome]))
    elif outcome:
        plan.departments.append(converted)
    else:
        plan.repeated["department"] += 1


def _references(raw: RawRecord) -> list[object]:
    """Every id that events may use for a department that was rejected."""
    held = [raw.fields.get(name) for name in DEPARTMENT_ALIASES["id"]] if isinstance(raw.fields, Mapping) else []
    return [*held, *raw.keys[-1:]]


def _plan_event(plan: Plan, seen: dict[str, Entry[CalendarEvent]], converted: Entry[CalendarEvent] | Rejected) -> None:
    if isinstance(converted, Rejected):
        plan.rejected.append(converted)
        return
    first = seen.setdefault(converted.subject.id, converted)
    if first is converted:
        return
    if _is_same(first, converted):
        plan.repeated["event"] += 1
        return
    problem = Problem("id", "duplicate_id", {"value": converted.source_id, "other": str(first.origin)})
    plan.rejected.append(Rejected("event", converted.origin, converted.subject.title, [problem]))


def _is_same(one: Entry[CalendarEvent], other: Entry[CalendarEvent]) -> bool:
    """The same content; when it was written does not count."""
    retimed = replace(one.subject, created_at=other.subject.created_at, last_modified=other.subject.last_modified)
    return retimed == other.subject
