"""Reads a store back and compares it with the files, field by field.

An object above version 1 was edited after it was copied, which is what a calendar is for: it is mentioned, whatever it
holds and wherever it was moved. At version 1 it must be what the file says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from calendar_server.domain.changes import Subject
from calendar_server.migration.holdings import Holdings
from calendar_server.migration.planning import Plan
from calendar_server.migration.records import Entry


@dataclass(frozen=True, slots=True)
class Finding:
    """An object that is not as its file says: ``missing``, ``different`` in ``fields``, or ``edited`` since."""

    entry: Entry[Any]
    kind: Literal["missing", "different", "edited"]
    fields: tuple[str, ...] = ()
    version: int = 1


@dataclass(slots=True)
class Verification:
    """How many of the planned objects are in the store, and which are not as planned."""

    departments: int = 0
    events: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def failures(self) -> list[Finding]:
        """What ought not to be."""
        return [finding for finding in self.findings if finding.kind != "edited"]

    @property
    def edited(self) -> list[Finding]:
        """What people have changed since it was copied."""
        return [finding for finding in self.findings if finding.kind == "edited"]


def verify(plan: Plan, holdings: Holdings) -> Verification:
    """Compare ``plan`` with what is stored.

    :raises StoreUnavailable: the store did not answer.
    """
    result = Verification()
    result.departments = _compare(plan.departments, holdings.departments(), result.findings)
    stored = {department.id for department in holdings.departments()}
    for entry, department in plan.adopted:
        if department.id in stored:
            result.departments += 1
        else:
            result.findings.append(Finding(entry, "missing"))
    result.events = _compare(plan.events, holdings.events(), result.findings)
    return result


def _compare(entries: Sequence[Entry[Any]], stored: Any, findings: list[Finding]) -> int:
    """How many of ``entries`` are among ``stored``; whatever is wrong with them joins ``findings``."""
    awaited = {own_id: entry for entry in reversed(entries) for own_id in entry.ids}
    found: set[str] = set()
    for subject in stored:
        entry = awaited.get(subject.id)
        if entry is None or entry.subject.id in found:
            continue
        found.add(entry.subject.id)
        if (finding := _finding(entry, subject)) is not None:
            findings.append(finding)
    findings += [Finding(entry, "missing") for entry in entries if entry.subject.id not in found]
    return len(found)


def _finding(entry: Entry[Any], stored: Subject) -> Finding | None:
    names = [f.name for f in fields(stored) if f.name not in ("id", "version") and f.name not in entry.assumed]
    differing = tuple(name for name in names if getattr(stored, name) != getattr(entry.subject, name))
    if stored.version > entry.subject.version:
        return Finding(entry, "edited", differing, stored.version) if differing else None
    return Finding(entry, "different", differing, stored.version) if differing else None
