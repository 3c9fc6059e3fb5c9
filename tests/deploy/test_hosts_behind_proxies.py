"""The server as each kind of host starts it, behind a real proxy with the configuration that is shipped for it.

Commands and variables are read out of the files; only ports, paths, names of machines and certificates are replaced.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from deploy.conversing import check_refusals, check_restart, converse
from deploy.hosted import (
    NAME,
    SECRET_KEY,
    STOP_SECONDS,
    Certificates,
    Fronted,
    code_in,
    nginx,
    on_this_machine,
    running,
    started,
    surroundings,
)
from deploy.hosting_files import (
    DEPLOY,
    compose,
    compose_nginx,
    image_command,
    image_environment,
    image_files,
    image_health_check,
    need,
    unit_environment,
    unit_values,
)
from functional.behind_one_proxy import (
    began_session,
    check_sessions_of_the_gone_end_at_once,
    open_sockets,
    persistent_post,
)
from functional.redis_server import redis_server
from functional.serving import Server, free_port
from functional.subscriber import Subscriber
from functional.talking import create_department, create_event

pytestmark = pytest.mark.functional


@contextmanager
def systemd_server(tmp_path: Path, aws: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    (command,) = unit_values("ExecStart", instance=str(port))
    environ = {**unit_environment(), **aws, "SECRET_KEY": SECRET_KEY}
    with started(shlex.split(command), environ, code_in(tmp_path / "code", image_files()), port) as server:
        yield server


@contextmanager
def container(tmp_path: Path, environ: dict[str, str], name: str = "container") -> Iterator[Server]:
    port, folder = free_port(), tmp_path / name
    folder.mkdir()
    code = code_in(folder / "code", image_files())
    with started(on_this_machine(image_command()), in_container(tmp_path, environ, port), code, port) as server:
        yield server


def in_container(tmp_path: Path, environ: dict[str, str], port: int) -> dict[str, str]:
    """The image's variables under a service's, with a volume and a port of the test's."""
    data = {"EMBEDDED_PATH": str(tmp_path / "data" / "calendar.sqlite3")}
    return {**image_environment(), **data, **environ, "PORT": str(port)}


@contextmanager
def tls_nginx(behind: Server, tmp_path: Path, certificates: Certificates) -> Iterator[Fronted]:
    """deploy/proxy/nginx.conf."""
    plain, secure, folder = free_port(), free_port(), tmp_path / "nginx"
    text = (DEPLOY / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in [
        ("127.0.0.1:8000;", f"127.0.0.1:{behind.port};"),
        ("user                 www-data;", ""),
        ("listen      80;", f"listen 127.0.0.1:{plain};"),
        ("listen      [::]:80;", ""),
        ("listen      443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("listen      [::]:443 ssl;", ""),
        ("/etc/letsencrypt/live/calendar.example.com/fullchain.pem", str(certificates.chain)),
        ("/etc/letsencrypt/live/calendar.example.com/privkey.pem", str(certificates.key)),
        ("/var/log/nginx", str(folder)),
    ]:
        assert old in text
        text = text.replace(old, new)
    with nginx(text, folder, secure):
        redirected = requests.get(f"http://{NAME}:{plain}/api/departments?x=1", allow_redirects=False, timeout=10)
        expected = (301, f"https://{NAME}/api/departments?x=1")
        assert (redirected.status_code, redirected.headers["Location"]) == expected
        yield Fronted(behind, f"https://{NAME}:{secure}")


@contextmanager
def caddy(behind: Server, tmp_path: Path, certificates: Certificates) -> Iterator[Fronted]:
    """deploy/proxy/Caddyfile, with a certificate of the test's in place of one from a public authority."""
    program = need("caddy", "the Caddyfile is tested with Caddy itself (Debian: apt install caddy)")
    secure, folder = free_port(), tmp_path / "caddy"
    folder.mkdir()
    text = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    site = f"https://{NAME}:{secure} {{\n\tbind 127.0.0.1\n\ttls {certificates.chain} {certificates.key}\n"
    for old, new in [
        (f"\n{NAME} {{\n", "\n" + site),
        ("reverse_proxy 127.0.0.1:8000", f"reverse_proxy 127.0.0.1:{behind.port}"),
    ]:
        assert old in text
        text = text.replace(old, new)
    settings = "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n"
    (folder / "Caddyfile").write_text(settings + text, encoding="utf-8")
    with running([program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], folder, secure):
        yield Fronted(behind, f"https://{NAME}:{secure}")


@pytest.mark.parametrize("proxy", [tls_nginx, caddy], ids=["nginx", "caddy"])
def test_an_ec2_host_serves_over_tls_and_stops_in_time(
    proxy: Any, tmp_path: Path, aws: dict[str, str], certificates: Certificates
) -> None:
    with systemd_server(tmp_path, aws) as server, proxy(server, tmp_path, certificates) as fronted:
        converse(fronted)
        secure = requests.get(f"{fronted.url}/api/departments", timeout=10)
        assert "max-age=" in secure.headers["Strict-Transport-Security"]
        check_refusals(fronted)
        (stop_seconds,) = unit_values("TimeoutStopSec")
        assert int(stop_seconds) > STOP_SECONDS
        check_restart(fronted, STOP_SECONDS)


def test_a_container_with_the_embedded_store_serves_over_tls_and_stops_in_time(
    tmp_path: Path, certificates: Certificates
) -> None:
    service = compose({"SECRET_KEY": SECRET_KEY, "TRUSTED_HOSTS": NAME, "TRUSTED_PROXIES": "1"})["services"]["server"]
    with container(tmp_path, service["environment"]) as server, tls_nginx(server, tmp_path, certificates) as fronted:
        variables = in_container(tmp_path, service["environment"], server.port)
        assert health(variables) == 0
        converse(fronted)
        assert (tmp_path / "data" / "calendar.sqlite3").exists()
        check_restart(fronted, STOP_SECONDS)
        assert health(variables) != 0


def health(variables: dict[str, str]) -> int:
    """How the image's health check ends."""
    environ = surroundings(variables)
    checked = subprocess.run(image_health_check(), env=environ, capture_output=True, timeout=10, check=False)
    return checked.returncode


def test_the_dynamodb_profile_makes_its_tables_and_serves(tmp_path: Path, aws: dict[str, str]) -> None:
    services = compose({"SECRET_KEY": SECRET_KEY})["services"]
    environ = services["dynamodb-server"]["environment"] | {"DYNAMODB_ENDPOINT_URL": aws["DYNAMODB_ENDPOINT_URL"]}
    environ |= {"EVENTS_TABLE": "events-of-the-profile"}
    with container(tmp_path, environ) as server:
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 503
        tables = services["dynamodb-tables"]
        assert tables["environment"] == services["dynamodb-server"]["environment"]
        made = subprocess.run(
            tables["command"],
            cwd=tmp_path / "container" / "code",
            env=surroundings(environ),
            capture_output=True,
            timeout=60,
        )
        assert made.returncode == 0, made.stderr
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 200
        converse(server)


@contextmanager
def scale_profile(tmp_path: Path) -> Iterator[tuple[Fronted, list[Server]]]:
    """Both workers and nginx with the profile's commands and variables, and a Redis in Valkey's place."""
    services = compose({"SECRET_KEY": SECRET_KEY})["services"]
    text, port = compose_nginx(), free_port()
    with ExitStack() as stack:
        queue = stack.enter_context(redis_server(tmp_path / "redis"))
        workers = []
        for name in ("worker-1", "worker-2"):
            variables = services[name]["environment"]
            assert variables["MESSAGE_QUEUE"] == "redis://valkey:6379/0"
            worker = stack.enter_context(container(tmp_path, variables | {"MESSAGE_QUEUE": queue.url}, name))
            assert health(in_container(tmp_path, variables, worker.port)) == 0
            text = with_worker(text, name, variables["PORT"], worker.port)
            workers.append(worker)
        stack.enter_context(nginx(with_places(text, tmp_path, port), tmp_path / "nginx", port))
        yield Fronted(workers[0], f"http://127.0.0.1:{port}"), workers


def with_worker(text: str, name: str, shown: str, port: int) -> str:
    """nginx's configuration with another address and port of the worker ``name``."""
    for old, new in [(f"{name}:{shown}", f"127.0.0.1:{port}"), (rf"~^{shown}\.", rf"~^{port}\.")]:
        assert old in text
        text = text.replace(old, new)
    return text


def with_places(text: str, tmp_path: Path, port: int) -> str:
    """nginx's configuration with another port and folder."""
    for old, new in [
        ("user                 www-data;", ""),
        ("/var/log/nginx", str(tmp_path)),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ]:
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_scale_profile_goes_on_when_one_of_its_workers_is_killed(tmp_path: Path) -> None:
    with scale_profile(tmp_path) as (fronted, workers):
        converse(fronted)
        check_one_file(workers)
        sessions = [began_session(fronted) for _ in range(6)]
        with watchers_at_both(fronted, workers) as (department_id, watchers):
            workers[0].kill()
            for number in range(10):
                persistent_post(fronted, department_id, f"{number}")
            events = requests.get(f"{fronted.url}/api/events/{department_id}", timeout=10).json()["events"]
            assert len(events) == 11
            for watcher in watchers:
                watcher.wait_for(events, 20)
        port = workers[0].port
        check_sessions_of_the_gone_end_at_once(fronted, {sid: port for sid in sessions if sid.startswith(f"{port}.")})
        converse(fronted)


def check_one_file(workers: list[Server]) -> None:
    """What one has acknowledged the other shows at once: both have the volume's file."""
    for writer, reader in (workers, reversed(workers)):
        department_id = create_department(writer)["id"]
        event = create_event(reader, department_id)
        listed = requests.get(f"{writer.url}/api/events/{department_id}", timeout=10).json()["events"]
        assert listed == [event]


@contextmanager
def watchers_at_both(fronted: Fronted, workers: list[Server]) -> Iterator[tuple[str, list[Subscriber]]]:
    """Watchers by WebSocket and by polling, spread over the workers, who have all heard of a first event."""
    department_id = create_department(fronted)["id"]
    with ExitStack() as stack:
        watchers = [
            stack.enter_context(closing(Subscriber(fronted.url, department_id, transport)))
            for transport in ("websocket", "polling") * 3
        ]
        for watcher in watchers:
            watcher.wait_for_join()
        assert all(open_sockets(worker) > 0 for worker in workers)
        event = create_event(fronted, department_id)
        for watcher in watchers:
            watcher.wait_for([event], 5)
        yield department_id, watchers
