"""The way of a log line from a host to CloudWatch: journald's syslog socket, a file, the agent."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.hosting_files import DEPLOY, need, unit_values

FOLDER = DEPLOY / "cloudwatch"
FILE = "/var/log/dallyeok.log"
REQUEST = '{"time": "2026-01-01T00:00:00.000Z", "level": "INFO", "message": "GET /부서 503 1.0 ms", "status": 503}'


@pytest.fixture
def syslog(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket to an rsyslogd with the shipped rule, which writes to ``tmp_path / "calendar.log"``."""
    program = need("rsyslogd", "the rule for it is tested with it (Debian: apt install rsyslog)")
    address, configuration = tmp_path / "log", tmp_path / "rsyslog.conf"
    rule = (FOLDER / "rsyslog.conf").read_text(encoding="utf-8").replace(FILE, str(tmp_path / "calendar.log"))
    inputs = f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{address}")\n'
    configuration.write_text(f'{inputs}{rule}action(type="omfile" file="{tmp_path}/syslog")\n', encoding="utf-8")
    command = [program, "-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        deadline = time.monotonic() + 10
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(str(address))
            yield sender
        process.terminate()


def test_a_line_of_the_server_reaches_the_file_as_it_was_and_no_other_does(
    syslog: socket.socket, tmp_path: Path
) -> None:
    (identifier,) = unit_values("SyslogIdentifier")
    for tag, line in [("sshd", "somebody"), (identifier, "gunicorn"), (identifier, REQUEST), ("cron", "the last")]:
        syslog.send(f"<14>Jan  1 00:00:00 {tag}[7]: {line}".encode())
    others = tmp_path / "syslog"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not (others.exists() and "the last" in others.read_text()):
        time.sleep(0.02)
    assert (tmp_path / "calendar.log").read_text(encoding="utf-8").splitlines() == ["gunicorn", REQUEST]
    assert "gunicorn" not in others.read_text()


def test_the_rule_the_agent_and_the_rotation_mean_the_same_file() -> None:
    agent = json.loads((FOLDER / "agent.json").read_text(encoding="utf-8"))
    (collected,) = agent["logs"]["logs_collected"]["files"]["collect_list"]
    assert collected["file_path"] == FILE
    assert f'file="{FILE}"' in (FOLDER / "rsyslog.conf").read_text(encoding="utf-8")
    assert re.search(rf"^{FILE} {{$", (FOLDER / "logrotate.conf").read_text(encoding="utf-8"), re.MULTILINE)
