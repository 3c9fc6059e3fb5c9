"""The systemd unit: taken as it stands, next to nothing exposed, in step with gunicorn's own settings."""

from __future__ import annotations

import runpy
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from deploy.hosting_files import ROOT, UNIT, need, unit_values

EXPOSURE = 12
"""Tenths: the most that ``systemd-analyze security`` may find; 100 is a service without any protection."""


@pytest.fixture(scope="module")
def gunicorn_settings() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What ``systemd-analyze`` says."""
    program = need("systemd-analyze", "systemd units are checked with it (Debian: apt install systemd)")
    command = [program, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit for port 8000, with a server where the code would lie."""
    server = tmp_path / ".venv" / "bin" / "gunicorn"
    server.parent.mkdir(parents=True)
    server.touch(mode=0o755)
    unit = tmp_path / "calendar@8000.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/dallyeok", str(tmp_path)), encoding="utf-8")
    return unit


def test_systemd_takes_every_line_of_it(unit: Path) -> None:
    checked = analyzed("verify", unit)
    told = [line for line in checked.stderr.splitlines() if unit.name in line or str(unit) in line]
    assert (checked.returncode, told) == (0, [])


def test_it_leaves_next_to_nothing_exposed(unit: Path) -> None:
    checked = analyzed("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit)
    assert checked.returncode == 0, checked.stdout


def test_it_waits_longer_than_gunicorn_and_kills_no_worker_that_is_finishing(gunicorn_settings: dict[str, Any]) -> None:
    assert int(unit_values("TimeoutStopSec")[0]) > gunicorn_settings["graceful_timeout"] + 1
    assert unit_values("KillMode") == ["mixed"]
    assert unit_values("KillSignal") == ["SIGTERM"]


def test_it_admits_ten_thousand_sockets(gunicorn_settings: dict[str, Any]) -> None:
    assert gunicorn_settings["worker_connections"] >= 10_000
    assert int(unit_values("LimitNOFILE")[0]) > 2 * gunicorn_settings["worker_connections"]


def test_its_port_is_its_name() -> None:
    (command,) = unit_values("ExecStart", instance="8002")
    assert shlex.split(command)[-1] == "127.0.0.1:8002"
    assert unit_values("SocketBindAllow") == ["ipv4:tcp:5000-8999"]
