"""The systemd unit: taken as it stands, next to nothing exposed, in step with gunicorn's own settings."""

from __future__ import annotations

import json
import os
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from deploy.hosted import BIN
from deploy.hosting_files import DEPLOY, ROOT, UNIT, need, unit_environment, unit_values

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


def test_its_files_are_the_data_alone_and_its_words_go_to_the_journal() -> None:
    assert unit_values("ProtectSystem") == ["strict"]
    assert unit_values("StateDirectory") == ["dallyeok"]
    assert unit_environment()["EMBEDDED_PATH"].startswith("/var/lib/dallyeok/")
    assert unit_values("ReadWritePaths") == []
    assert unit_values("StandardOutput") + unit_values("StandardError") == ["journal", "journal"]


def test_its_port_is_its_name() -> None:
    (command,) = unit_values("ExecStart", instance="8002")
    assert shlex.split(command)[-1] == "127.0.0.1:8002"
    assert unit_values("SocketBindAllow") == ["ipv4:tcp:5000-8999"]


class TestCommandsAsTheServer:
    @pytest.fixture
    def script(self, tmp_path: Path) -> Path:
        """``as-server.sh`` in a folder of code, with ``runuser`` for those who may not change the user."""
        program = tmp_path / "code" / "deploy" / "systemd" / "as-server.sh"
        program.parent.mkdir(parents=True)
        text = (DEPLOY / "systemd" / "as-server.sh").read_text(encoding="utf-8")
        program.write_text(text.replace("/etc/dallyeok", str(tmp_path)), encoding="utf-8")
        server = tmp_path / "code" / ".venv" / "bin"
        server.mkdir(parents=True)
        (server / "dotenv").symlink_to(BIN / "dotenv")
        (server / "runuser").write_text('#!/bin/sh\nBECAME="$1 $2" && export BECAME && shift 3 && exec "$@"\n')
        (server / "runuser").chmod(0o755)
        return program

    def told(self, script: Path, *command: str) -> subprocess.CompletedProcess[str]:
        bash = shutil.which("bash")
        assert bash is not None
        call = [bash, str(script), *command]
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return subprocess.run(call, env=environ, capture_output=True, text=True, timeout=30, check=False)

    def test_they_get_the_settings_the_user_and_the_folder_of_the_unit(self, script: Path, tmp_path: Path) -> None:
        shutil.copy(DEPLOY / "systemd" / "calendar.env.example", tmp_path / "calendar.env")
        program = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"
        folder, environ = json.loads(self.told(script, str(BIN / "python"), "-c", program).stdout)
        expected = {name: value for name, value in unit_environment().items() if name != "PYTHONUNBUFFERED"}
        assert {name: environ.get(name) for name in expected} == expected
        assert (folder, environ["BECAME"]) == (str(tmp_path / "code"), f"-u {unit_values('User')[0]}")

    def test_without_the_settings_nothing_is_run(self, script: Path) -> None:
        refused = self.told(script, "echo", "run")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "sudo" in refused.stderr
