"""The embedded store between processes: writing together, killed at any moment, short of disk."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from samples import department, event

from calendar_server.domain.changes import Edit
from calendar_server.store.embedded import EmbeddedStore

WRITER = Path(__file__).parent.parent / "writing_process.py"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calendar.sqlite3"


@pytest.fixture
def team(path: Path) -> str:
    """The id of a department in the file."""
    made = department()
    with closing(EmbeddedStore(path)) as store:
        store.commit([Edit(None, made)])
    return made.id


@contextmanager
def writer(
    path: Path, team: str, count: int, prepare: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A writing process, ready to write; killed at the end of the block where it still runs."""
    command = [sys.executable, str(WRITER), str(path), team, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_two_processes_write_at_once_without_loss_or_gaps(path: Path, team: str) -> None:
    with writer(path, team, 60) as one, writer(path, team, 60) as other, closing(EmbeddedStore(path)) as third:
        own = [event(team, str(number)) for number in range(60)]
        for made in own:
            third.commit([Edit(None, made)])
        acknowledged = {e.id for e in own}
        for process in (one, other):
            output, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
            acknowledged |= set(output.split())
        changes = third.changes_after(team, 0, 1000)
        assert [change.seq for change in changes] == list(range(1, 181))
        assert {e.id for e in third.snapshot(team).events} == acknowledged
        assert {change.subject.id for change in changes} == acknowledged


@pytest.mark.parametrize("acknowledged_before", [1, 23, 60])
def test_a_killed_process_loses_nothing_that_it_acknowledged(path: Path, team: str, acknowledged_before: int) -> None:
    with writer(path, team, 100_000) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(acknowledged_before)]
        process.kill()
        assert process.wait(10) == -signal.SIGKILL
        *complete, _cut_off = process.stdout.read().split("\n")
        acknowledged += complete
    with closing(EmbeddedStore(path)) as store:
        stored = {e.id for e in store.snapshot(team).events}
        assert set(acknowledged) <= stored
        assert len(stored) <= len(acknowledged) + 1
        assert [c.seq for c in store.changes_after(team, 0, 100_000)] == list(range(1, len(stored) + 1))
        assert store.commit([Edit(None, event(team))])[0].seq == len(stored) + 1


def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(path: Path, team: str) -> None:
    def allow_small_files_only() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    with writer(path, team, 100_000, allow_small_files_only) as process:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "StoreUnavailable" in errors.splitlines()[-1]
    with closing(EmbeddedStore(path)) as store:
        assert {e.id for e in store.snapshot(team).events} == set(output.split())
        assert store.head(team).last_seq == len(output.split())
        store.commit([Edit(None, event(team))])
