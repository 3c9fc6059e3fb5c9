"""The layout of ``deploy/``: two workers and a real Redis behind a real nginx, with the configuration file as it stands."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests
import socketio
from functional.redis_server import redis_server, required_program
from functional.serving import ROOT, Server, free_port, serving
from functional.subscriber import Subscriber
from functional.talking import create_department, create_event
from prometheus_client.parser import text_string_to_metric_families

CONFIGURATION = ROOT / "deploy" / "nginx" / "several-workers.conf"


class Fronted(Server):
    """What clients see: the proxy's port."""


@contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[int]:
    """nginx with the project's file, in which only ports and places are replaced."""
    program = required_program("nginx")
    folder.mkdir()
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for shown, used in zip((8001, 8002), ports, strict=True):
        assert f"127.0.0.1:{shown}" in text
        text = text.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{used}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/log/nginx", str(folder))
    text = re.sub(r"user +www-data;.*", "", text)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {", "http {\n" + places, 1)
    configuration = folder / "nginx.conf"
    configuration.write_text(text, encoding="utf-8")
    command = [program, "-c", str(configuration), "-e", str(folder / "error.log")]
    directives = f"daemon off; pid {folder}/nginx.pid;"
    checked = subprocess.run([*command, "-g", directives, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([*command, "-g", directives])
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
                break
            except requests.RequestException:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def fronted(tmp_path: Path) -> Iterator[tuple[Fronted, list[Server]]]:
    with ExitStack() as stack:
        queue = stack.enter_context(redis_server(tmp_path / "redis"))
        settings = {
            "EMBEDDED_PATH": str(tmp_path / "shared.sqlite3"),
            "MESSAGE_QUEUE": queue.url,
            "SECRET_KEY": "the same for all of them",
            "TRUSTED_PROXIES": "1",
        }
        workers = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            workers.append(stack.enter_context(serving("gunicorn-eventlet", tmp_path / name, settings)))
        port = stack.enter_context(nginx(tmp_path / "nginx", [worker.port for worker in workers]))
        first = workers[0]
        yield Fronted(first.kind, first.process, port, first.log_path), workers


def open_sockets(worker: Server) -> float:
    text = requests.get(worker.url + "/metrics", timeout=10).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "dallyeok_sockets"
    )


def test_watchers_on_every_worker_hear_of_every_change(fronted: tuple[Fronted, list[Server]]) -> None:
    server, workers = fronted
    department = create_department(server)["id"]
    with ExitStack() as stack:
        watchers = [stack.enter_context(closing(Subscriber(server.url, department))) for _ in range(6)]
        watchers += [stack.enter_context(closing(Subscriber(server.url, department, "polling"))) for _ in range(2)]
        for watcher in watchers:
            watcher.wait_for_join()
        assert all(open_sockets(worker) > 0 for worker in workers)
        for number in range(30):
            create_event(server, department, f"회의 {number}")
        events = requests.get(f"{server.url}/api/events/{department}", timeout=10).json()["events"]
        assert len(events) == 30
        for watcher in watchers:
            watcher.wait_for(events, 5)
            assert [seq for seq, _, _ in watcher.applied] == list(range(1, 31))


def test_when_a_worker_goes_its_clients_come_back_to_another_and_miss_nothing(
    fronted: tuple[Fronted, list[Server]],
) -> None:
    server, workers = fronted
    department = create_department(server)["id"]
    with ExitStack() as stack:
        watchers = [stack.enter_context(closing(Subscriber(server.url, department))) for _ in range(6)]
        for watcher in watchers:
            watcher.wait_for_join()
        create_event(server, department)
        workers[0].kill()
        for _ in range(10):
            create_event(server, department)
        events = requests.get(f"{server.url}/api/events/{department}", timeout=10).json()["events"]
        for watcher in watchers:
            watcher.wait_for(events, 20)


def test_a_client_that_begins_with_polling_can_upgrade(fronted: tuple[Fronted, list[Server]]) -> None:
    server, _ = fronted
    department = create_department(server)["id"]
    for number in range(4):
        client = socketio.Client(reconnection=False)
        client.connect(server.url, headers={"User-Agent": f"program {number}"}, wait_timeout=10)
        try:
            assert client.transport() == "websocket"
            assert client.call("join_department", {"department_id": department}, timeout=10)["success"] is True
        finally:
            client.disconnect()


def test_the_figures_are_kept_from_outside(fronted: tuple[Fronted, list[Server]]) -> None:
    server, workers = fronted
    assert requests.get(server.url + "/metrics", timeout=10).status_code == 404
    assert requests.get(workers[0].url + "/metrics", timeout=10).status_code == 200
