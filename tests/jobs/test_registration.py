"""Commands are found by ``flask``, and loading the application for one of them starts nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click
import pytest
from functional.serving import BIN, ROOT, environment, serving

from calendar_server.jobs.registration import runs_a_command


@pytest.mark.parametrize(("name", "command"), [("run", False), ("flask", True)])
def test_only_a_command_that_serves_is_not_one(name: str, command: bool) -> None:
    with click.Context(click.Command(name), info_name=name):
        assert runs_a_command() is command


def test_outside_of_flask_nothing_is_a_command() -> None:
    assert runs_a_command() is False


def test_a_command_writes_no_line_of_the_server(tmp_path: Path) -> None:
    command = [str(BIN / "flask"), "--app", str(ROOT / "app"), "backup", "a.backup"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path, {}), capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith("✓ a.backup")
    assert "INFO" not in ran.stderr
    assert (tmp_path / "a.backup").is_file()


def test_a_server_that_flask_runs_looks_after_its_store(tmp_path: Path) -> None:
    with serving("flask-run", tmp_path) as server:
        server.wait_for_log(f"embedded (SQLite), {tmp_path / 'calendar.sqlite3'}")
