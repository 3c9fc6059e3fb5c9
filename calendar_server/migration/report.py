"""A migration's outcome as a JSON document, for those who read it with a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calendar_server.errors import Problem
from calendar_server.migration.planning import Plan
from calendar_server.migration.reading import SourceFile
from calendar_server.migration.records import Entry, Ignored, Rejected
from calendar_server.migration.verifying import Finding, Verification

Reason = Callable[[Problem], Mapping[str, str]]
"""Words a problem: ``reason`` in Korean and ``reason_en`` in English."""


@dataclass(slots=True)
class Outcome:
    """What has become of a run so far. ``failure`` says why it stopped early."""

    store: str = ""
    dry_run: bool = False
    files: Sequence[SourceFile] = ()
    plan: Plan = field(default_factory=Plan)
    written: dict[str, int] = field(default_factory=lambda: {"departments": 0, "events": 0})
    existing: dict[str, int] = field(default_factory=lambda: {"departments": 0, "events": 0})
    verification: Verification | None = None
    failure: str | None = None
    exit_code: int = 0


def write_report(path: Path, outcome: Outcome, reason: Reason) -> None:
    """Write ``outcome`` to ``path``.

    :raises OSError: it cannot be written.
    """
    text = json.dumps(report_json(outcome, reason), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def report_json(outcome: Outcome, reason: Reason) -> dict[str, Any]:
    """The report as a value."""
    plan = outcome.plan
    return {
        "exit_code": outcome.exit_code,
        "failure": outcome.failure,
        "dry_run": outcome.dry_run,
        "store": outcome.store,
        "sources": [_source(file) for file in outcome.files],
        "departments": {**_counts(outcome, "departments"), "joined": _joined(plan)},
        "events": _counts(outcome, "events"),
        "repeated": {"departments": plan.repeated["department"], "events": plan.repeated["event"]},
        "invalid": [_rejected(rejected, reason) for rejected in plan.rejected],
        "ignored_fields": {f"{kind}s": dict(counts) for kind, counts in plan.ignored_fields.items()},
        "ignored": [_ignored(ignored) for ignored in plan.ignored],
        "unreadable_timestamps": dict(plan.unreadable_timestamps),
        "verification": _verification(outcome.verification),
    }


def _source(file: SourceFile) -> dict[str, Any]:
    return {
        "file": file.name,
        "encoding": file.encoding,
        "records": len(file.records),
        "ignored_keys": dict(file.ignored),
    }


def _counts(outcome: Outcome, kind: str) -> dict[str, int]:
    return {"written": outcome.written[kind], "already_there": outcome.existing[kind]}


def _joined(plan: Plan) -> list[dict[str, str]]:
    """Departments of the files whose events went into a department that the store held already."""
    return [
        {"file": entry.origin.file, "record": entry.origin.place, "name": entry.subject.name, "into": department.id}
        for entry, department in plan.adopted
    ]


def _ignored(ignored: Ignored) -> dict[str, Any]:
    origin = ignored.origin
    return {"kind": ignored.kind, "file": origin.file, "record": origin.place, "fields": dict(ignored.fields)}


def _rejected(rejected: Rejected, reason: Reason) -> dict[str, Any]:
    return {
        "kind": rejected.kind,
        "file": rejected.origin.file,
        "record": rejected.origin.place,
        "label": rejected.label,
        "problems": [{"field": p.field, "code": p.code, **reason(p)} for p in rejected.problems],
    }


def _verification(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None:
        return None
    return {
        "ok": not verification.failures,
        "departments": verification.departments,
        "events": verification.events,
        "failures": [_finding(finding) for finding in verification.failures],
        "edited_since": [_finding(finding) for finding in verification.edited],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    entry: Entry[Any] = finding.entry
    return {
        "kind": finding.kind,
        "file": entry.origin.file,
        "record": entry.origin.place,
        "id": entry.subject.id,
        "fields": list(finding.fields),
        "version": finding.version,
    }
