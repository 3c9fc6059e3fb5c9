"""gunicorn may speak TLS by itself; its sockets then stay with the libraries, because a duplicate could not be encrypted."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import trustme
from clients.python_client import CalendarSync
from functional.serial_tls import read_or_write_at_a_time
from functional.serving import BIN, ROOT, environment, free_port
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


@pytest.fixture(params=["eventlet", "gevent"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a server whose certificate ``authority.pem`` has signed."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    port = free_port()
    (tmp_path / "gunicorn.conf.py").symlink_to(ROOT / "gunicorn.conf.py")
    command = [
        *(str(BIN / "gunicorn"), "--worker-class", request.param, "-w", "1", "app:app", "--bind", f"127.0.0.1:{port}"),
        *("--certfile", "server.pem", "--keyfile", "server.pem", "--pythonpath", str(ROOT)),
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path, {}), stdout=log, stderr=log)
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.fixture
def session(url: str, tmp_path: Path) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.verify = str(tmp_path / "authority.pem")
        made.mount(url, HTTPAdapter(max_retries=Retry(total=40, backoff_factor=0.05, backoff_max=0.5)))
        yield made


@pytest.fixture
def department_id(url: str, session: requests.Session) -> str:
    made = session.post(f"{url}/api/departments", json={"name": "보안팀"}, timeout=10).json()
    return str(made["department"]["id"])


def create(url: str, session: requests.Session, department_id: str, title: str) -> None:
    event = {"title": title, "event_date": "2026-03-02"}
    assert session.post(f"{url}/api/events/{department_id}", json=event, timeout=10).ok


def test_sockets_work_over_the_servers_own_tls(
    url: str, session: requests.Session, department_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_or_write_at_a_time(monkeypatch)
    trusting = {"sslopt": {"ca_certs": session.verify, "cert_reqs": ssl.CERT_REQUIRED}}
    for transport in ("websocket", "polling"):
        heard: list[str] = []
        with socketio.SimpleClient(http_session=session, websocket_extra_options=dict(trusting)) as client:
            client.connect(url, transports=[transport], wait_timeout=10)
            joined = client.call("join_department", {"department_id": department_id}, timeout=10)
            assert joined["success"] is True
            create(url, session, department_id, transport)
            while transport not in heard:
                message = client.receive(timeout=10)
                heard += [message[1].get("title", "")] if message[0] == "event_created" else []


@pytest.mark.parametrize("transports", [["websocket"], ["polling", "websocket"], ["polling"]])
def test_the_python_client_trusts_what_its_session_trusts(
    url: str, session: requests.Session, department_id: str, transports: list[str]
) -> None:
    online, shown = threading.Event(), threading.Event()
    with CalendarSync(url, session=session, socket_options={"transports": transports}) as calendar:
        team = calendar.department(department_id)
        team.on("status", lambda status: online.set() if status == "online" else None)
        team.on("change", lambda _type, data, _meta: note(data))

        def note(data: dict[str, Any]) -> None:
            if data["title"] == "소방 훈련":
                shown.set()

        assert online.wait(10)
        calendar.create_event(department_id, {"title": "소방 훈련", "event_date": "2026-03-02"}).result(timeout=10)
        assert shown.wait(10)
