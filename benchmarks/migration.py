"""How fast events are migrated into a fresh embedded store, and with how much memory: ``python benchmarks/migration.py``.

Prints events per second over the whole run of the program (start, reading, writing, verification) and its peak memory for
5,000 and for 50,000 events. The target on two cores is 3,000 events/s. Files are read whole, so memory grows with
them; what a batch needs on top does not.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "migrate_to_dynamodb.py"
DEPARTMENTS = 20
TARGET_EVENTS_PER_SECOND = 3_000


def write_source(folder: Path, count: int) -> int:
    """``count`` events in 20 departments, as an earlier version kept them; returns the file's size in bytes."""
    departments = [{"id": number, "name": f"{number}팀", "description": ""} for number in range(DEPARTMENTS)]
    events = [
        {
            "id": number,
            "department_id": number % DEPARTMENTS,
            "date": f"2024-{number % 12 + 1}-{number % 28 + 1}",
            "title": f"회의 {number}",
            "description": "분기 계획을 검토합니다. " * 4,
            "time": f"오후 {number % 11 + 1}:30",
            "url": f"https://example.com/meetings/{number}",
            "created_at": "2024-01-15T10:30:00.000Z",
        }
        for number in range(count)
    ]
    (folder / "departments.json").write_text(json.dumps(departments, ensure_ascii=False), encoding="utf-8")
    return (folder / "events.json").write_bytes(json.dumps(events, ensure_ascii=False).encode())


def measure(count: int) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of migrating ``count`` events."""
    with tempfile.TemporaryDirectory() as folder:
        size = write_source(Path(folder), count)
        environment = {"PATH": os.environ["PATH"], "STORE": "embedded", "EMBEDDED_PATH": f"{folder}/calendar.sqlite3"}
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the migration failed"
    peak = _mebibytes(usage)
    print(
        f"{count:>7,} events ({size / 2**20:.1f} MiB): {seconds:5.1f} s, {count / seconds:7,.0f} events/s, peak {peak:.0f} MiB"
    )
    return seconds, peak


def _mebibytes(usage: resource.struct_rusage) -> float:
    """``ru_maxrss`` is in KiB on Linux and in bytes on macOS."""
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> int:
    """0 where the target is met."""
    _seconds, small_peak = measure(5_000)
    seconds, peak = measure(50_000)
    print(
        f"45,000 more events took {peak - small_peak:.0f} MiB more, {(peak - small_peak) * 2**20 / 45_000:,.0f} bytes each"
    )
    return 0 if 50_000 / seconds >= TARGET_EVENTS_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
