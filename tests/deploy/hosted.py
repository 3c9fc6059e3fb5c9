"""Servers that are started by the commands and variables of the deployment files, and the proxies in front of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from deploy.hosting_files import ROOT, need
from functional.serial_tls import read_or_write_at_a_time
from functional.serving import Server

NAME = "calendar.example.com"
SECRET_KEY = "0123456789abcdef0123456789abcdef"
STOP_SECONDS = 8
"""How long the server may take to end after SIGTERM, on a busy machine too; every host kills it after 10 seconds only."""
BIN = Path(sys.executable).parent


class Fronted(Server):
    """A server as its users reach it: over the proxy in front of it."""

    def __init__(self, behind: Server, url: str) -> None:
        super().__init__(behind.kind, behind.process, behind.port, behind.log_path)
        self._url = url

    @property
    def url(self) -> str:
        return self._url


class Certificates:
    """A certificate for the installation's name, and whom to trust for it."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.authority, self.chain, self.key = (folder / f"{name}.pem" for name in ("authority", "chain", "key"))
        authority.cert_pem.write_to_path(str(self.authority))
        issued = authority.issue_cert(NAME, "127.0.0.1")
        issued.private_key_pem.write_to_path(str(self.key))
        for pem in issued.cert_chain_pems:
            pem.write_to_path(str(self.chain), append=True)


def trust(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    """Make the clients of this process find the installation's name on this machine, and believe its certificate."""
    read_or_write_at_a_time(monkeypatch)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1" if host == NAME else host, *rest, **more)
    )
    for variable in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(certificates.authority))


def code_in(folder: Path, names: Sequence[str]) -> Path:
    """A folder that holds the files ``names`` of the repository and nothing else of it."""
    folder.mkdir()
    for name in names:
        place = folder / name.rstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(ROOT / name)
    return folder


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """Nothing of this machine's configuration but where programs lie."""
    return {"HOME": "/nonexistent", "LANG": "C.UTF-8", **environ, "PATH": f"{BIN}:{os.environ['PATH']}"}


def on_port(command: list[str], port: int) -> list[str]:
    """``command`` with its port replaced, listening on this machine only."""
    return [re.sub(r":(?:8000$|\$PORT\b)", f":{port}", word) for word in on_this_machine(command)]


def on_this_machine(command: list[str]) -> list[str]:
    """``command`` listening on this machine only; a container's port is in its variables."""
    return [word.replace("0.0.0.0", "127.0.0.1") for word in command]


@contextmanager
def started(command: Sequence[str], environ: Mapping[str, str], folder: Path, port: int) -> Iterator[Server]:
    """The server that ``command`` starts in ``folder`` with no other variables than ``environ``."""
    log_path = folder.parent / f"server-{port}.log"
    inherited = surroundings(environ)
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=inherited,
            executable=shutil.which(Path(command[0]).name, path=inherited["PATH"]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server("gunicorn", process, port, log_path)
    try:
        server.wait_until_ready()
        yield server
    finally:
        if process.poll() is None:
            server.kill()


@contextmanager
def nginx(text: str, folder: Path, port: int) -> Iterator[None]:
    """nginx with the configuration ``text``, which has passed ``nginx -t``, listening on ``port``."""
    program = need("nginx", "the proxy's configuration is tested with nginx itself (Debian: apt install nginx-light)")
    folder.mkdir(exist_ok=True)
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(text.replace("http {\n", "http {\n" + temporary, 1), encoding="utf-8")
    globals_ = "daemon off;"
    if "pid  " not in text:
        globals_ += f" pid {folder}/nginx.pid;"
    if os.geteuid() == 0:
        globals_ += " user root;"  # the test's folder is nobody else's
    command = [program, "-p", str(folder), "-c", str(configuration), "-e", "stderr", "-g", globals_]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr, checked.stderr
    with running(command, folder, port):
        yield


@contextmanager
def running(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """A proxy that listens on ``port``, ended with the block."""
    with (folder / "proxy.log").open("ab") as log:
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_listening(process, port, folder / "proxy.log")
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}: {log.read_text(encoding='utf-8')}")
