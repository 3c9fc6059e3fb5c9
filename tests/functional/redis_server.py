"""A real Redis or Valkey of its own for a test: on a free port of this machine, keeping nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from functional.serving import free_port


def required_program(*names: str) -> str:
    """Where the first of these programs is; the test is skipped without any, except in continuous integration."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if found:
            return found
    reason = f"needs {' or '.join(names)} (Debian, Ubuntu: apt install {names[0]})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Redis:
    """``start`` and ``stop`` as often as wanted, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self._program = required_program("redis-server", "valkey-server")
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "dir": str(self._folder),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([self._program, *arguments], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        with redis.Redis.from_url(self.url) as client:
            while True:
                with suppress(redis.RedisError):
                    if client.ping():
                        return
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)


@contextmanager
def redis_server(folder: Path) -> Iterator[Redis]:
    """A running one."""
    folder.mkdir(exist_ok=True)
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
