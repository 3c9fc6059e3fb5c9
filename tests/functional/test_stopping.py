"""Stopping: SIGTERM finishes what is under way, SIGKILL loses nothing that was acknowledged."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from functional.serving import KINDS, Server, serving, spawn
from functional.talking import create_department, create_event

GUNICORNS = [kind for kind in KINDS if kind.startswith("gunicorn")]
STOP_SECONDS = 5
SLOWNESS_SECONDS = 1.5


class SlowPost:
    """A POST whose second half comes late, so that it is under way for as long as the test wants."""

    def __init__(self, server: Server) -> None:
        body = json.dumps({"name": "천천히"}).encode()
        head = "POST /api/departments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._connection = socket.create_connection(("127.0.0.1", server.port), timeout=STOP_SECONDS)
        self._connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        self._rest = body[5:]

    def finish(self) -> bytes:
        with self._connection:
            self._connection.sendall(self._rest)
            return self._connection.recv(65_536)


@pytest.fixture(params=GUNICORNS)
def stoppable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(request.param, tmp_path) as server:
        yield server


def test_sigterm_answers_what_is_under_way_and_closes_sockets(stoppable: Server) -> None:
    live = websocket.create_connection(
        f"ws://127.0.0.1:{stoppable.port}/socket.io/?EIO=4&transport=websocket", timeout=STOP_SECONDS
    )
    idle = socket.create_connection(("127.0.0.1", stoppable.port))
    slow = SlowPost(stoppable)
    time.sleep(0.3)
    ended = threading.Thread(target=_terminate_within, args=(stoppable, STOP_SECONDS))
    ended.start()
    time.sleep(SLOWNESS_SECONDS)
    answer = slow.finish()
    packets = _packets_until_closed(live)
    ended.join()
    idle.close()

    assert answer.startswith(b"HTTP/1.1 201")
    assert packets[-1] == "1", "engine.io's close packet comes last"
    assert stoppable.process.returncode == 0
    assert "Traceback" not in stoppable.log
    assert "SIGKILL" not in stoppable.log


def test_sigterm_ends_a_waiting_poll(stoppable: Server) -> None:
    address = f"{stoppable.url}/socket.io/?EIO=4&transport=polling"
    sid = requests.get(address, timeout=10).text.partition('"sid":"')[2].partition('"')[0]
    texts: list[str] = []
    poll = threading.Thread(target=lambda: texts.append(requests.get(f"{address}&sid={sid}", timeout=10).text))
    poll.start()
    time.sleep(0.3)
    _terminate_within(stoppable, STOP_SECONDS)
    poll.join()
    assert texts == ["1"]


def test_sigterm_answers_long_polls(stoppable: Server) -> None:
    department_id = create_department(stoppable)["id"]
    addresses = [f"{stoppable.url}/api/sync/{name}" for name in (department_id, "departments")]
    answers: list[tuple[int, dict[str, Any]]] = []

    def wait_for_changes(address: str) -> None:
        cursor = requests.get(address, timeout=10).json()["cursor"]
        answer = requests.get(address, params={"cursor": cursor, "wait": 25}, timeout=30)
        answers.append((answer.status_code, answer.json()))

    polls = [threading.Thread(target=wait_for_changes, args=(address,)) for address in addresses * 5]
    for poll in polls:
        poll.start()
    time.sleep(0.5)
    assert answers == []
    _terminate_within(stoppable, STOP_SECONDS)
    for poll in polls:
        poll.join()
    assert [(status, answer["changes"]) for status, answer in answers] == [(200, [])] * 10
    assert stoppable.process.returncode == 0
    assert "Traceback" not in stoppable.log


@pytest.mark.parametrize("kind", GUNICORNS)
def test_sigkill_during_writes_keeps_every_acknowledged_write(kind: str, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with serving(kind, tmp_path) as server:
        department_id = create_department(server)["id"]
        writers = [
            threading.Thread(target=_write_until_refused, args=(server, department_id, acknowledged)) for _ in "1234"
        ]
        for writer in writers:
            writer.start()
        time.sleep(0.7)
        server.kill()
        for writer in writers:
            writer.join()
    assert len(acknowledged) > 20
    with serving(kind, tmp_path) as again:
        events = requests.get(f"{again.url}/api/events/{department_id}", timeout=10).json()["events"]
        assert set(acknowledged) <= {event["id"] for event in events}
        assert create_event(again, department_id)["version"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_unready_production_server_says_what_is_missing(kind: str, tmp_path: Path) -> None:
    refused = spawn(kind, tmp_path, {"FLASK_ENV": "production", "STORE": ""})
    assert refused.process.wait(timeout=15) != 0
    assert "서버를 시작할 수 없습니다" in refused.log
    assert "SECRET_KEY is not set" in refused.log
    assert "STORE is not set" in refused.log
    assert "Traceback" not in refused.log


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "calendar.sqlite3").write_bytes(b"no database, only a note " * 100)
    refused = spawn("gunicorn-eventlet", tmp_path)
    assert refused.process.wait(timeout=15) != 0
    assert "calendar.sqlite3" in refused.log
    assert "Traceback" not in refused.log


def test_the_start_names_the_address_and_the_store(tmp_path: Path) -> None:
    with serving("gunicorn-eventlet", tmp_path) as server:
        assert f"Calendar server is ready: {server.url}" in server.log
        server.wait_for_log(str(tmp_path / "calendar.sqlite3"))
        assert "eprecated" not in server.log.lower()


def _terminate_within(server: Server, seconds: float) -> None:
    assert server.terminate() < seconds


def _packets_until_closed(connection: websocket.WebSocket) -> list[str]:
    packets: list[str] = []
    try:
        while packet := connection.recv():
            packets.append(str(packet))
    except (websocket.WebSocketException, OSError):
        pass
    finally:
        connection.shutdown()
    return packets


def _write_until_refused(server: Server, department_id: str, acknowledged: list[str]) -> None:
    body = {"title": "쓰는 중", "event_date": "2024-01-20"}
    address = f"{server.url}/api/events/{department_id}"
    with requests.Session() as session:
        try:
            while (answer := session.post(address, json=body, timeout=5)).status_code == 201:
                acknowledged.append(answer.json()["event"]["id"])
        except requests.RequestException:
            pass
