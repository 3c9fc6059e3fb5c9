"""The migration as its own process: killed at any point and run again, it ends in the same state."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.domain.events import CalendarEvent
from calendar_server.store.embedded import EmbeddedStore

PROGRAM = Path(__file__).resolve().parents[2] / "migrate_to_dynamodb.py"
DEPARTMENTS, EVENTS = 6, 4_000

pytestmark = pytest.mark.functional


def start(folder: Path, store: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "STORE": "embedded", "EMBEDDED_PATH": store}
    command = [sys.executable, str(PROGRAM)]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finished(folder: Path, store: str) -> str:
    process = start(folder, store)
    output = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 0, output
    return output


def content(path: Path) -> list[CalendarEvent]:
    """All events; each department's history must count them without a gap."""
    with closing(EmbeddedStore(path)) as store:
        events: list[CalendarEvent] = []
        departments = store.list_departments().departments
        assert store.head(DEPARTMENTS_HISTORY).last_seq == len(departments) == DEPARTMENTS
        for department in departments:
            snapshot = store.snapshot(department.id)
            assert snapshot.head.last_seq == len(snapshot.events)
            events.extend(snapshot.events)
    return events


def test_killed_at_any_point_and_run_again_ends_in_the_same_state(tmp_path: Path) -> None:
    moment = "2024-01-15T10:30:00.000Z"
    departments = [{"id": number, "name": f"{number}팀", "created_at": moment} for number in range(DEPARTMENTS)]
    events = [
        {"department_id": n % DEPARTMENTS, "date": "2024-1-5", "title": f"회의 {n // 2}", "created_at": moment}
        for n in range(EVENTS)
    ]
    (tmp_path / "departments.json").write_text(json.dumps(departments), encoding="utf-8")
    (tmp_path / "events.json").write_text(json.dumps(events), encoding="utf-8")
    began = time.monotonic()
    finished(tmp_path, "whole.sqlite3")
    whole_seconds = time.monotonic() - began
    expected = content(tmp_path / "whole.sqlite3")
    assert len(expected) == EVENTS

    for round_number in range(4):
        name = f"killed-{round_number}.sqlite3"
        process = start(tmp_path, name)
        time.sleep(random.uniform(0.4, 0.95) * whole_seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
        finished(tmp_path, name)
        assert content(tmp_path / name) == expected
        assert "이미 있는 이벤트 4000개, 새로 쓴 것 없음" in finished(tmp_path, name)


def test_a_console_without_emoji_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "departments.json").write_text('["개발팀"]', encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "STORE": "embedded", "PYTHONIOENCODING": "cp949"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "부서 '개발팀' 마이그레이션 완료" in done.stdout.decode("cp949")
