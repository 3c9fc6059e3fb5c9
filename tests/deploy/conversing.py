"""What a server must be able to do through whatever proxy stands in front of it."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import websocket
from functional.serving import Server
from functional.talking import create_department, listening, meta_of, post_event

MIB = 1024 * 1024
LONG_POLL_SECONDS = 10
FIGURES = ("/metrics", "/metrics/", "/metrics/all", "/%6detrics", "//metrics", "/metrics?name=x")
"""Ways of asking for the figures, which no proxy passes on."""


def converse(server: Server) -> None:
    """The page; REST, a WebSocket, a polling socket and a long poll, all told of the same write."""
    _check_page(server)
    department_id = create_department(server)["id"]
    with listening(server, "websocket") as live, listening(server, "polling") as polling:
        for listener in (live, polling):
            assert listener.ask("join_department", {"department_id": department_id})["success"] is True
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(_long_poll, server, department_id)
            time.sleep(0.3)
            assert not waiting.done()
            answer = post_event(server, department_id, "프록시 너머")
            changes = waiting.result()
        assert [change["data"] for change in changes] == [answer["event"]]
        for listener in (live, polling):
            assert listener.next("event_created")[1:] == (answer["event"], meta_of(answer, department_id))


def _check_page(server: Server) -> None:
    page = requests.get(server.url + "/", timeout=10).text
    files = re.findall(r'(?:href|src)="(/page/[^"]+)"', page)
    assert len(files) >= 3
    for path in files:
        assert requests.get(server.url + path, timeout=10).status_code == 200, path


def _long_poll(server: Server, department_id: str) -> list[dict[str, object]]:
    address = f"{server.url}/api/sync/{department_id}"
    cursor = requests.get(address, timeout=10).json()["cursor"]
    query: dict[str, str | int] = {"cursor": cursor, "wait": LONG_POLL_SECONDS}
    return list(requests.get(address, params=query, timeout=LONG_POLL_SECONDS + 5).json()["changes"])


def check_refusals(server: Server) -> None:
    """What the server refuses it refuses through the proxy too, in its own words; what a client claims is not believed."""
    for size in (MIB + 1, 3 * MIB):
        body = b'{"name": "' + b"x" * size + b'"}'
        headers = {"Content-Type": "application/json"}
        refused = requests.post(f"{server.url}/api/departments", data=body, headers=headers, timeout=20)
        assert (refused.status_code, refused.json()["error"]) == (413, "body_too_large"), size
    claimed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "gopher"}
    assert requests.get(f"{server.url}/api/departments", headers=claimed, timeout=10).status_code == 200
    for path in FIGURES:
        assert requests.get(server.url + path, timeout=10).status_code == 404, path
    socket_address = server.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    websocket.create_connection(socket_address, origin=server.url, timeout=10).close()
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(socket_address, origin="https://evil.example", timeout=10)
    assert caught.value.status_code == 400


def check_restart(server: Server, seconds: float) -> None:
    """SIGTERM ends the server within ``seconds``; from then on clients are told, as JSON, to come again."""
    assert server.terminate() < seconds
    assert server.process.returncode == 0
    assert "Traceback" not in server.log
    away = requests.get(f"{server.url}/api/departments", timeout=10)
    assert (away.status_code, away.json()["error"]) == (503, "store_unavailable")
    assert int(away.headers["Retry-After"]) > 0
