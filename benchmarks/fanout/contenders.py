"""The servers that are compared, each started for itself on a free port of the loopback address."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(ROOT), str(ROOT / "tests")]

from doubles import free_port, wait_for_port  # noqa: E402

NAMES = ("eventlet", "gevent", "eventlet-stock", "gevent-stock", "node", "bare")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A running contender; ``process_id`` is that of the process which serves."""

    port: int
    process_id: int

    def cpu_seconds(self) -> float:
        """User and system time that its threads have used, in ticks of 10 ms."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory_bytes(self) -> int:
        """What of it is in memory (RSS)."""
        return int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1]) * PAGE_BYTES


@contextmanager
def running(contender: str, folder: Path) -> Iterator[Server]:
    """``contender`` with its data and log in ``folder``: one of :data:`NAMES`, or ``NAME@CHECKOUT`` for this project's
    server as it stands in another directory.
    """
    name, _, checkout = contender.partition("@")
    port = free_port()
    command, settings = _command(name, port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=checkout or ROOT,
            env={**os.environ, **settings, "EMBEDDED_PATH": str(folder / "calendar.sqlite3")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield _started(process, port, is_gunicorn=name not in ("node", "bare"))
    except (OSError, AssertionError):
        print((folder / "log").read_text(errors="replace")[-1000:], file=sys.stderr)
        raise
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nothing of it is kept
        process.wait()


def _command(name: str, port: int) -> tuple[list[str], dict[str, str]]:
    if name == "node":
        return ["node", str(HERE / "peer" / "server.mjs"), str(port)], {"NODE_ENV": "production"}
    if name == "bare":
        return [sys.executable, str(HERE / "bare.py"), str(port)], {}
    driver, _, fan_out = name.partition("-")
    command = [str(Path(sys.executable).parent / "gunicorn"), "--worker-class", driver, "-w", "1", "app:app"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    command += ["--worker-connections", "20000", "--keep-alive", "75"]
    settings = {"STORE": "embedded", "FLASK_ENV": "development", "LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
    return command, {**settings, "FANOUT": fan_out}


def _started(process: subprocess.Popen[bytes], port: int, *, is_gunicorn: bool) -> Server:
    wait_for_port(port, process)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()
    if not is_gunicorn:
        return Server(port, process.pid)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return Server(port, int(children[0]))
