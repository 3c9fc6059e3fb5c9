"""Clients that do not read, or only pretend to be clients, cost the server little and the others nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from functional.serving import Server, serving
from functional.sizes import sized
from functional.subscriber import Subscriber
from functional.talking import create_department

KINDS = ("gunicorn-eventlet", "gunicorn-gevent")
NON_READERS = 20
MESSAGES = sized(1_000, 5_000)
DESCRIPTION = "가" * 650  # makes a message of about 2 KiB
MORE_MEMORY_MAX_BYTES = 32 * 1024 * 1024


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(request.param, tmp_path) as running:
        yield running
        assert "Traceback" not in running.log


def non_reader(server: Server, department_id: str) -> socket.socket:
    """A socket that joins the room and never reads again; its kernel keeps little for it."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(10)
    raw.connect(("127.0.0.1", server.port))
    client = websocket.create_connection(
        f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", socket=raw, timeout=10
    )
    client.send("40")
    client.send("421" + json.dumps(["join_department", {"department_id": department_id}]))
    while not client.recv().startswith("431"):
        pass
    return raw


def worker_of(server: Server) -> int:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return int(children[0])


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def is_over(raw: socket.socket) -> bool:
    """True where the connection ends after what the kernel kept of it."""
    with suppress(ConnectionError):
        while raw.recv(65_536):
            pass
    return True


def write(server: Server, department_id: str, count: int) -> None:
    body = {"title": "공지", "event_date": "2026-01-05", "description": DESCRIPTION}
    with requests.Session() as session:
        for _ in range(count):
            answer = session.post(f"{server.url}/api/events/{department_id}", json=body, timeout=10)
            assert answer.status_code == 201, answer.text


def test_non_readers_are_cut_off_and_the_others_get_every_message_in_order(server: Server) -> None:
    department_id = create_department(server)["id"]
    with ExitStack() as stack, closing(Subscriber(server.url, department_id)) as reader:
        reader.wait_for_join()
        slow = [stack.enter_context(non_reader(server, department_id)) for _ in range(NON_READERS)]
        write(server, department_id, 50)
        before = resident_bytes(worker_of(server))
        write(server, department_id, MESSAGES)
        more = resident_bytes(worker_of(server)) - before
        reader.wait_for(requests.get(f"{server.url}/api/events/{department_id}", timeout=30).json()["events"], 30)
        assert [seq for seq, _, _ in reader.applied] == list(range(1, MESSAGES + 51))
        assert reader.reloads == 1  # when it began
        assert all(is_over(each) for each in slow)
    shown = requests.get(server.url + "/metrics", timeout=10).text
    assert f"dallyeok_overflows_total {NON_READERS}.0" in shown
    assert "dallyeok_waiting_bytes 0.0" in shown
    assert more <= MORE_MEMORY_MAX_BYTES
    answer = requests.get(f"{server.url}/api/sync/{department_id}", timeout=30).json()
    assert len(answer["events"]) == MESSAGES + 50  # who was cut off loses nothing


def test_a_session_that_polls_and_never_fetches_is_ended(server: Server) -> None:
    department_id = create_department(server)["id"]
    polling = f"{server.url}/socket.io/?EIO=4&transport=polling"
    opened = requests.get(polling, timeout=10).text
    address = f"{polling}&sid={json.loads(opened[1:])['sid']}"
    join = "42" + json.dumps(["join_department", {"department_id": department_id}])
    assert requests.post(address, data=f"40\x1e{join}", timeout=10).status_code == 200
    write(server, department_id, 1_050)
    assert requests.get(address, timeout=10).status_code == 400


@contextmanager
def _websocket(server: Server) -> Iterator[websocket.WebSocket]:
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    client = websocket.create_connection(address, timeout=30)
    try:
        client.send("40")
        yield client
    finally:
        client.shutdown()


def test_a_flood_of_joins_is_answered_in_turn_while_others_are_served(server: Server) -> None:
    department_id = create_department(server)["id"]
    join = json.dumps(["join_department", {"department_id": department_id}])
    with _websocket(server) as flood, _websocket(server) as other:
        for number in range(2_000):
            flood.send(f"42{number}{join}")
        began = time.monotonic()
        other.send(f"427{join}")
        while not other.recv().startswith("437"):
            pass
        waited = time.monotonic() - began
        answered: list[Any] = []
        while len(answered) < 2_000:
            packet = flood.recv()
            if packet.startswith("43"):
                answered.append(int(packet[2:].partition("[")[0]))
    assert answered == list(range(2_000))
    assert waited < 5


def test_one_socket_watches_a_bounded_number_of_departments(server: Server) -> None:
    with _websocket(server) as client:
        for number in range(1_001):
            department = f"00000000-0000-4000-8000-{number:012d}"
            client.send(f"42{number}" + json.dumps(["join_department", {"department_id": department}]))
        answers = []
        while len(answers) < 1_001:
            packet = client.recv()
            if packet.startswith("43"):
                answers.append(json.loads(packet[packet.index("[") :])[0]["error"])
    assert set(answers) == {"department_not_found"}  # who is refused keeps no place
