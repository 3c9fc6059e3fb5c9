"""GET of a department with 1,000 events: this server beside the same route in plain Flask, in one run.

    python benchmarks/reading.py

Both run under gunicorn's eventlet worker on the same embedded store. Requests a second are what four connections get
that ask one after the other; CPU is the server process's own, per request.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from doubles import free_port, wait_for_port  # noqa: E402

from calendar_server.services.calendar import Calendar  # noqa: E402
from calendar_server.store.embedded import EmbeddedStore  # noqa: E402

EVENTS = 1_000
CONNECTIONS = 4
SECONDS = 5.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def fill(path: Path) -> str:
    """A department with events; its id."""
    store = EmbeddedStore(path)
    editing = Calendar(store).editing
    department = editing.create_department({"name": "개발팀"}).subject.id
    for n in range(EVENTS):
        body = {"event_date": f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}", "title": f"회의 {n}", "time": "오후 2:00"}
        editing.create_event(department, {**body, "description": "주간 회의 안건과 자료를 정리합니다"})
    store.close()
    return str(department)


@contextmanager
def running(application: str, path: Path) -> Iterator[tuple[int, int]]:
    """The port and the worker's process id of ``application`` under gunicorn."""
    port = free_port()
    environment = {
        **os.environ,
        "EMBEDDED_PATH": str(path),
        "STORE": "embedded",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore",
    }
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    command = [
        gunicorn,
        "-k",
        "eventlet",
        "-w",
        "1",
        application,
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
    ]
    if application != "app:app":
        settings = path.with_name("plain.conf.py")
        settings.write_text("keepalive = 5\n")
        command += ["--config", str(settings), "--pythonpath", str(ROOT / "benchmarks")]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        answer = fetch(port, "/healthz")
        assert answer == 200, answer
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, int(children[0])
    finally:
        process.terminate()
        process.wait()


def fetch(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def receive(connection: socket.socket, buffer: bytearray) -> str:
    """Take one answer off the connection, as cheaply as Python can; its ETag."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].split()[1] in ("200", "304"), lines[0]
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    remaining = int(fields.get("content-length", 0)) - len(body)
    while remaining > 0:
        remaining -= connection.recv_into(buffer)
    return fields.get("etag", "")


def measure(port: int, process_id: int, path: str, headers: dict[str, str]) -> tuple[float, float, str]:
    """Requests a second, CPU microseconds a request, and the ETag of the answer."""
    counts, tags = [0] * CONNECTIONS, [""] * CONNECTIONS
    until = time.perf_counter() + SECONDS

    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()

    def client(index: int) -> None:
        buffer = bytearray(1 << 20)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < until:
                connection.sendall(request)
                tags[index] = receive(connection, buffer)
                counts[index] += 1

    used = cpu_seconds(process_id)
    threads = [threading.Thread(target=client, args=(index,)) for index in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(counts)
    return total / SECONDS, (cpu_seconds(process_id) - used) / total * 1e6, tags[0]


def main() -> None:
    """Twice each, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calendar.sqlite3"
        address = f"/api/events/{fill(path)}"
        for _ in range(2):
            with running("plain_flask:app", path) as (port, process_id):
                plain_rate, plain_cpu, _tag = measure(port, process_id, address, {})
            with running("app:app", path) as (port, process_id):
                rate, cpu, tag = measure(port, process_id, address, {})
                known_rate, known_cpu, _tag = measure(port, process_id, address, {"If-None-Match": tag})
            print(f"plain Flask      {plain_rate:>8.0f} requests/s   {plain_cpu:>8.0f} us CPU a request")
            print(f"this server      {rate:>8.0f} requests/s   {cpu:>8.0f} us CPU a request")
            print(f"this server, 304 {known_rate:>8.0f} requests/s   {known_cpu:>8.0f} us CPU a request")
            print(f"  ratio: {rate / plain_rate:.1f} times the requests, 1/{plain_cpu / cpu:.1f} of the CPU\n")


if __name__ == "__main__":
    main()
