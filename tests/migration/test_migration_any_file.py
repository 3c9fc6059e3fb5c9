"""Whatever a JSON file holds, each of its records is taken, repeated or refused with a reason; none gets lost."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import migrate_to_dynamodb
from calendar_server.migration.planning import make_plan
from calendar_server.migration.reading import read_file
from calendar_server.migration.report import Outcome, write_report

KEYS = [
    "id",
    "name",
    "title",
    "date",
    "events",
    "departments",
    "data",
    "개발팀",
    "1",
    "2024-1-5",
    "department",
    "time",
    "",
]
PLAIN = [None, True, 1, 1.5, 10**30, math.inf, math.nan, "", "a", "개발팀", "2024-1-5", "\ud800", "x" * 300, "http://["]
VALUES = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(departments=VALUES, events=VALUES)
def test_every_record_is_accounted_for(departments: Any, events: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, value in (("departments.json", departments), ("events.json", events)):
            (Path(folder) / name).write_text(json.dumps(value), encoding="utf-8")
            files.append(read_file(Path(folder) / name))
        plan = make_plan(files, (), "2025-01-01T00:00:00.000Z")
        taken = len(plan.departments) + len(plan.events) + plan.repeated.total()
        assert taken + len(plan.rejected) == sum(len(file.records) for file in files)
        assert all(rejected.problems for rejected in plan.rejected)
        write_report(Path(folder) / "report.json", Outcome(files=files, plan=plan), migrate_to_dynamodb._reasons)
