"""Starts the real server as its users do, in a process of its own on a free port of this machine."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
KINDS = ("gunicorn-eventlet", "gunicorn-gevent", "flask-run")
START_SECONDS = 30
STOP_SECONDS = 10
OWN_PORTS = (20_000, 32_000)


class Server:
    """A running server: where it is reached, and what it has written."""

    def __init__(self, kind: str, process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
        self.kind = kind
        self.process = process
        self.port = port
        self.log_path = log_path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.kind} ended with {self.process.returncode}:\n{self.log}")
            try:
                if requests.get(self.url + "/healthz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError(f"{self.kind} is not ready after {START_SECONDS} s:\n{self.log}")

    def wait_for_log(self, text: str) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while text not in self.log:
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{self.log}"
            time.sleep(0.02)

    def terminate(self) -> float:
        """SIGTERM; how many seconds the server took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=STOP_SECONDS)
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL to the server and its workers: the process group that was started for them, nothing else."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=STOP_SECONDS)


def free_port() -> int:
    """A port that nobody has, below those given to outgoing connections: none takes it before its server does."""
    while True:
        port = random.randrange(*OWN_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def command_for(kind: str, port: int) -> list[str]:
    """The users' own command lines, but for the port and where the code lies."""
    if kind == "flask-run":
        return [str(BIN / "flask"), "--app", str(ROOT / "app"), "run", "--host=127.0.0.1", f"--port={port}"]
    worker_class = kind.removeprefix("gunicorn-")
    return [
        *(str(BIN / "gunicorn"), "--worker-class", worker_class, "-w", "1", "app:app"),
        *("--bind", f"127.0.0.1:{port}", "--pythonpath", str(ROOT)),
    ]


def environment(directory: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of this machine's configuration but where programs lie."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "EMBEDDED_PATH": str(directory / "calendar.sqlite3"),
        "STORE": "embedded",
        **settings,
    }


def spawn(kind: str, directory: Path, settings: Mapping[str, str] | None = None, port: int | None = None) -> Server:
    """Start a server of ``kind`` with ``directory`` as its working directory, and do not wait for it."""
    port = port or free_port()
    configuration = directory / "gunicorn.conf.py"
    if not configuration.exists():
        configuration.symlink_to(ROOT / "gunicorn.conf.py")
    log_path = directory / f"server-{port}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command_for(kind, port),
            cwd=directory,
            env=environment(directory, settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(kind, process, port, log_path)


@contextmanager
def serving(kind: str, directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that answers, stopped at the end of the block."""
    server = spawn(kind, directory, settings)
    try:
        server.wait_until_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()
