"""The layout of ``deploy/``: two workers and a real Redis behind a real nginx, with the configuration file as it stands."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import trustme
from functional.behind_one_proxy import (
    began_session,
    check_sessions_of_the_gone_end_at_once,
    open_sockets,
    persistent_post,
    polling_address,
)
from functional.redis_server import redis_server, required_program
from functional.serving import BIN, ROOT, Server, environment, free_port, serving
from functional.subscriber import Subscriber
from functional.talking import create_department, create_event

CONFIGURATION = ROOT / "deploy" / "nginx" / "several-workers.conf"
TLS_CONFIGURATION = ROOT / "deploy" / "nginx" / "tls.conf"


class Fronted(Server):
    """What clients see: the proxy's port."""


def replaced(text: str, *replacements: tuple[str, object]) -> str:
    """``text`` with other ports and places; what is to be replaced must be there."""
    for shown, used in replacements:
        assert shown in text
        text = text.replace(shown, str(used))
    return text


@contextmanager
def nginx(folder: Path, ports: list[int], tls: str = "") -> Iterator[int]:
    """nginx with the project's file, in which only ports and places are replaced; its port."""
    program = required_program("nginx")
    folder.mkdir(exist_ok=True)
    port = free_port()
    places = (f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = replaced(
        CONFIGURATION.read_text(encoding="utf-8"),
        ("www-data;", f"{getpass.getuser()};"),
        *((f"127.0.0.1:{shown}", f"127.0.0.1:{used}") for shown, used in zip((8001, 8002), ports, strict=True)),
        *((rf"~^{shown}\.", rf"~^{used}\.") for shown, used in zip((8001, 8002), ports, strict=True)),
        ("listen 80;", f"listen 127.0.0.1:{port}; {tls}"),
        ("/var/log/nginx", folder),
        ("http {", "\n".join(["http {", *places])),
    )
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
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2, allow_redirects=False)
                break
            except requests.RequestException:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def installation(folder: Path) -> Iterator[tuple[Fronted, list[Server]]]:
    """The proxy, and the workers behind it."""
    with ExitStack() as stack:
        queue = stack.enter_context(redis_server(folder / "redis"))
        settings = {
            "EMBEDDED_PATH": str(folder / "shared.sqlite3"),
            "MESSAGE_QUEUE": queue.url,
            "SECRET_KEY": "the same for all of them",
            "TRUSTED_PROXIES": "1",
            "TRUSTED_HOSTS": "calendar.example.com",
        }
        workers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            workers.append(stack.enter_context(serving("gunicorn-eventlet", folder / name, settings)))
        port = stack.enter_context(nginx(folder / "nginx", [worker.port for worker in workers]))
        first = workers[0]
        yield Fronted(first.kind, first.process, port, first.log_path), workers


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fronted, list[Server]]]:
    with installation(tmp_path_factory.mktemp("fronted")) as found:
        yield found


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[tuple[Fronted, list[Server]]]:
    """One whose workers may be killed."""
    with installation(tmp_path) as found:
        yield found


def from_address(host: str) -> requests.Session:
    """A client that connects from this address of this machine."""

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options, source_address=(host, 0))

    session = requests.Session()
    session.mount("http://", Adapter())
    return session


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
    doomed: tuple[Fronted, list[Server]],
) -> None:
    server, workers = doomed
    department = create_department(server)["id"]
    with ExitStack() as stack:
        watchers = [stack.enter_context(closing(Subscriber(server.url, department))) for _ in range(6)]
        watchers += [stack.enter_context(closing(Subscriber(server.url, department, "polling"))) for _ in range(2)]
        for watcher in watchers:
            watcher.wait_for_join()
        assert all(open_sockets(worker) > 0 for worker in workers)
        create_event(server, department)
        workers[0].kill()
        for number in range(10):
            persistent_post(server, department, f"{number}")
        events = requests.get(f"{server.url}/api/events/{department}", timeout=10).json()["events"]
        for watcher in watchers:
            watcher.wait_for(events, 20)


def test_a_session_whose_worker_is_gone_ends_at_once_and_the_next_is_served(
    doomed: tuple[Fronted, list[Server]],
) -> None:
    server, workers = doomed
    sessions = [began_session(server) for _ in range(6)]
    workers[0].kill()
    gone = {sid: workers[0].port for sid in sessions if sid.startswith(f"{workers[0].port}.")}
    check_sessions_of_the_gone_end_at_once(server, gone)
    for sid in set(sessions) - set(gone):
        assert requests.post(f"{polling_address(server)}&sid={sid}", data="40", timeout=10).status_code == 200


def test_a_client_that_begins_with_polling_can_upgrade(fronted: tuple[Fronted, list[Server]]) -> None:
    server, _ = fronted
    department = create_department(server)["id"]
    for _ in range(4):
        client = socketio.Client(reconnection=False)
        client.connect(server.url, wait_timeout=10)
        try:
            assert client.transport() == "websocket"
            assert client.call("join_department", {"department_id": department}, timeout=10)["success"] is True
        finally:
            client.disconnect()


def test_the_figures_are_kept_from_outside(fronted: tuple[Fronted, list[Server]]) -> None:
    server, workers = fronted
    for path in ("/metrics", "/metrics/", "/metrics/all", "//metrics"):
        assert requests.get(server.url + path, timeout=10).status_code == 404, path
    assert requests.get(workers[0].url + "/metrics", timeout=10).status_code == 200


def test_clients_that_look_alike_are_spread_over_the_workers(fronted: tuple[Fronted, list[Server]]) -> None:
    server, workers = fronted
    before = [open_sockets(worker) for worker in workers]
    with ExitStack() as stack:
        for _ in range(12):
            client = socketio.Client(reconnection=False)
            client.connect(server.url, transports=["polling"], wait_timeout=10)
            stack.callback(client.disconnect)
        assert all(open_sockets(worker) - number >= 4 for worker, number in zip(workers, before, strict=True))


def test_a_polling_session_stays_with_its_worker_whatever_address_and_program_it_shows(
    fronted: tuple[Fronted, list[Server]],
) -> None:
    server, workers = fronted
    path = polling_address(server)
    for first in range(4):
        sid = began_session(server)
        assert sid.partition(".")[0] in {str(worker.port) for worker in workers}
        for number in range(2, 6):
            client = from_address(f"127.0.0.{number}")
            client.headers["User-Agent"] = f"program {first} {number}"
            assert client.post(f"{path}&sid={sid}", data="40" if number == 2 else "3", timeout=10).status_code == 200
        assert client.get(f"{path}&sid={sid}", timeout=10).text.startswith("40")


@pytest.mark.parametrize("sid", ["22.x", "8001", "127.0.0.1:22", "%0d%0a8001.x", "."])
def test_no_session_id_leads_to_anything_but_a_worker(fronted: tuple[Fronted, list[Server]], sid: str) -> None:
    server, _ = fronted
    answer = requests.get(f"{polling_address(server)}&sid={sid}", timeout=10)
    assert answer.status_code == 400
    assert "X-Request-ID" in answer.headers


def test_what_nginx_itself_answers_has_the_servers_form(doomed: tuple[Fronted, list[Server]]) -> None:
    server, workers = doomed
    large = requests.post(f"{server.url}/api/departments", data=b"x" * 2_200_000, timeout=10)
    assert (large.status_code, large.json()["error"]) == (413, "body_too_large")
    for worker in workers:
        worker.kill()
    away = requests.get(f"{server.url}/api/departments", timeout=10)
    assert (away.status_code, away.json()["error"], away.headers["Retry-After"]) == (503, "store_unavailable", "2")
    assert away.headers["Content-Type"] == "application/json"


def test_with_tls_plain_http_leads_there_and_sockets_work(
    fronted: tuple[Fronted, list[Server]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, workers = fronted
    folder = tmp_path / "tls"
    folder.mkdir()
    authority = trustme.CA()
    certificate = authority.issue_cert("calendar.example.com", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "fullchain.pem")
    challenges = folder / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("proof")
    port = free_port()
    text = replaced(
        TLS_CONFIGURATION.read_text(encoding="utf-8"),
        ("listen      443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/letsencrypt/live/calendar.example.com", folder),
        ("/var/www/html", folder),
    )
    (folder / "tls.conf").write_text(text, encoding="utf-8")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "authority.pem"))
    with nginx(folder, [worker.port for worker in workers], "include tls.conf;") as plain:
        named = {"Host": "calendar.example.com"}
        there = requests.get(f"http://127.0.0.1:{plain}/api/x?y=z", headers=named, timeout=10, allow_redirects=False)
        assert (there.status_code, there.headers["Location"]) == (301, "https://calendar.example.com/api/x?y=z")
        proof = requests.get(f"http://127.0.0.1:{plain}/.well-known/acme-challenge/token", headers=named, timeout=10)
        assert proof.text == "proof"
        served = requests.get(f"https://127.0.0.1:{port}/api/departments", headers=named, timeout=10)
        assert served.status_code == 200
        assert "max-age" in served.headers["Strict-Transport-Security"]
        client = socketio.Client(
            reconnection=False, websocket_extra_options={"sslopt": {"ca_certs": str(folder / "authority.pem")}}
        )
        client.connect(f"https://127.0.0.1:{port}", wait_timeout=10)
        assert client.transport() == "websocket"
        client.disconnect()


def test_the_script_starts_workers_and_stops_them_with_itself(tmp_path: Path) -> None:
    first = free_port()
    ports = [first, first + 1]
    command = [str(ROOT / "deploy" / "nginx" / "start-workers.sh"), "2", str(first)]
    log = tmp_path / "workers.log"
    variables = environment(tmp_path, {"PATH": f"{BIN}:{os.environ['PATH']}"})
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=output, start_new_session=True)
    try:
        for port in ports:
            Server("gunicorn-eventlet", process, port, log).wait_until_ready()
        process.terminate()
        process.wait(timeout=10)
        for port in ports:
            with pytest.raises(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
