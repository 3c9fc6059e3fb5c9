"""gunicorn may speak TLS by itself; its sockets then stay with the libraries, because a duplicate could not be encrypted."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
import requests
import socketio
import trustme
from functional.serial_tls import read_or_write_at_a_time
from functional.serving import BIN, ROOT, environment, free_port
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


@pytest.mark.parametrize("worker_class", ["eventlet", "gevent"])
def test_sockets_work_over_the_servers_own_tls(
    worker_class: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_or_write_at_a_time(monkeypatch)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    (tmp_path / "gunicorn.conf.py").symlink_to(ROOT / "gunicorn.conf.py")
    command = [
        *(str(BIN / "gunicorn"), "--worker-class", worker_class, "-w", "1", "app:app", "--bind", f"127.0.0.1:{port}"),
        *("--certfile", "server.pem", "--keyfile", "server.pem", "--pythonpath", str(ROOT)),
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path, {}), stdout=log, stderr=log)
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(tmp_path / "authority.pem")
            session.mount(url, HTTPAdapter(max_retries=Retry(total=40, backoff_factor=0.05, backoff_max=0.5)))
            body = {"name": "보안팀"}
            department = session.post(f"{url}/api/departments", json=body, timeout=10).json()["department"]
            for transport in ("websocket", "polling"):
                heard: list[str] = []
                with socketio.SimpleClient(http_session=session, websocket_extra_options={
                    "sslopt": {"ca_certs": session.verify, "cert_reqs": ssl.CERT_REQUIRED}
                }) as client:  # fmt: skip
                    client.connect(url, transports=[transport], wait_timeout=10)
                    joined = client.call("join_department", {"department_id": department["id"]}, timeout=10)
                    assert joined["success"] is True
                    event = {"title": transport, "event_date": "2026-03-02"}
                    assert session.post(f"{url}/api/events/{department['id']}", json=event, timeout=10).ok
                    while transport not in heard:
                        message = client.receive(timeout=10)
                        heard += [message[1].get("title", "")] if message[0] == "event_created" else []
    finally:
        process.terminate()
        process.wait(timeout=10)
    assert "Traceback" not in (tmp_path / "log").read_text()
