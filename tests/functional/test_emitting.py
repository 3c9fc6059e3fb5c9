"""Whatever ``socketio.emit`` can do arrives over the direct fan-out as it does over the libraries' own, in order."""

from __future__ import annotations

import json
import queue
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import websocket
from functional.serving import BIN, ROOT, Server, environment, free_port

BURST = 15


@pytest.fixture(params=["eventlet-direct", "gevent-direct", "eventlet-stock"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    worker_class, fanout = request.param.split("-")
    port = free_port()
    log_path = tmp_path / "server.log"
    command = [
        *(str(BIN / "gunicorn"), "--worker-class", worker_class, "-w", "1", "functional.fanout_app:app"),
        *("--bind", f"127.0.0.1:{port}", "--pythonpath", f"{ROOT},{ROOT / 'tests'}"),
    ]
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment(tmp_path, {"FANOUT": fanout}), stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
    running = Server(request.param, process, port, log_path)
    try:
        running.wait_until_ready()
        yield running
        assert "Traceback" not in running.log
    finally:
        running.kill()


class Client:
    """Keeps what it hears as (namespace, event, arguments), in order."""

    def __init__(self, server: Server, transports: list[str] | None) -> None:
        self.heard: queue.Queue[tuple[str, str, list[Any]]] = queue.Queue()
        self.io = socketio.Client(reconnection=False)
        for namespace in ("/", "/other"):
            self.io.on("*", self._note(namespace), namespace=namespace)
        self.io.on("question", lambda question: ("answer to", question))
        self.io.connect(server.url, transports=transports, namespaces=["/", "/other"], wait_timeout=10)

    def _note(self, namespace: str) -> Any:
        return lambda event, *arguments: self.heard.put((namespace, event, list(arguments)))

    def enter(self, room: str) -> None:
        assert self.io.call("enter", room, timeout=10) == "entered"
        assert self.io.call("enter", room, namespace="/other", timeout=10) == "entered"

    def hear(self, count: int) -> list[tuple[str, str, list[Any]]]:
        heard = [self.heard.get(timeout=10) for _ in range(count)]
        time.sleep(0.2)
        assert self.heard.empty(), self.heard.get()
        return heard


@contextmanager
def client(server: Server, transports: list[str] | None = None) -> Iterator[Client]:
    connected = Client(server, transports)
    try:
        yield connected
    finally:
        connected.io.disconnect()


def told(number: int, *, caller: bool) -> list[tuple[str, str, list[Any]]]:
    """What one round of a burst brings to the default namespace."""
    messages: list[tuple[str, str, list[Any]]] = [
        ("/", "plain", [{"number": number, "text": "안녕"}]),
        ("/", "several", [number, "둘"]),
        ("/", "nothing", []),
        ("/", "binary", [{"number": number, "bytes": bytes([number % 256, 0, 255])}]),
        ("/", "everyone", [number]),
        ("/other", "elsewhere", [number]),
    ]
    return [*messages, ("/", "mine", [number])] if caller else [*messages, ("/", "others", [number])]


def test_everything_arrives_once_and_in_order_over_every_transport(server: Server) -> None:
    with ExitStack() as stack:
        caller = stack.enter_context(client(server, ["websocket"]))
        # the library itself fails on bytes for a room in which some have a websocket and others poll
        transports = [["websocket"], None] if "stock" in server.kind else [["websocket"], ["polling"], None]
        others = [stack.enter_context(client(server, each)) for each in transports]
        outside = stack.enter_context(client(server, ["websocket"]))
        for each in (caller, *others):
            each.enter("room")
        assert caller.io.call("burst", ("room", BURST), timeout=20) == "done"
        assert caller.hear(7 * BURST) == [m for number in range(BURST) for m in told(number, caller=True)]
        for each in others:
            assert each.hear(7 * BURST) == [m for number in range(BURST) for m in told(number, caller=False)]
        assert outside.hear(BURST) == [("/", "everyone", [number]) for number in range(BURST)]


def test_who_has_left_hears_no_more(server: Server) -> None:
    with client(server, ["websocket"]) as caller, client(server, ["websocket"]) as leaver:
        for each in (caller, leaver):
            each.enter("room")
        assert leaver.io.call("leave", "room", timeout=10) == "left"
        caller.io.call("burst", ("room", 1), timeout=10)
        assert [event for _, event, _ in leaver.hear(2)] == ["everyone", "elsewhere"]


def test_an_acknowledgement_overtakes_nothing_on_the_way_to_a_client_that_polls(server: Server) -> None:
    polling = Polling(server)
    polling.post('422["burst","room",1]')
    packets: list[str] = []
    while len(packets) < 8:
        packets += polling.fetch()
    names = [packet[packet.find('["') + 2 :].partition('"')[0] for packet in packets if packet.startswith("4")]
    assert names[-1] == "done"
    assert names[0] == "plain"


def test_acknowledgements_of_a_room_come_back(server: Server) -> None:
    with client(server, ["websocket"]) as one, client(server, ["polling"]) as other:
        for each in (one, other):
            each.enter("room")
        assert one.io.call("ask", "room", timeout=10) == "asked"
        deadline = time.monotonic() + 10
        while len(requests.get(server.url + "/answers", timeout=5).json()["answers"]) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert requests.get(server.url + "/answers", timeout=5).json()["answers"] == [["answer to", "?"]] * 2


def test_a_client_that_is_turned_out_is_gone_and_the_room_goes_on(server: Server) -> None:
    with client(server, ["websocket"]) as caller, client(server, ["websocket"]) as other:
        for each in (caller, other):
            each.enter("room")
        assert caller.io.call("turn out", other.io.get_sid(), timeout=10) == "gone"
        assert caller.io.call("burst", ("room", 2), timeout=10) == "done"
        assert len(caller.hear(14)) == 14


class Polling:
    """A session that polls, by hand, so that its upgrade can be made to happen at any moment."""

    def __init__(self, server: Server) -> None:
        self._base = f"127.0.0.1:{server.port}/socket.io/?EIO=4"
        opened = requests.get(f"http://{self._base}&transport=polling", timeout=10).text
        self._sid = json.loads(opened[1:])["sid"]
        self.post("40")
        self.fetch()
        self.post('421["enter","room"]')
        self.fetch()

    def post(self, packet: str) -> None:
        requests.post(f"http://{self._base}&transport=polling&sid={self._sid}", data=packet, timeout=10)

    def fetch(self) -> list[str]:
        text = requests.get(f"http://{self._base}&transport=polling&sid={self._sid}", timeout=10).text
        return text.split("\x1e")

    def upgraded(self) -> tuple[websocket.WebSocket, list[str]]:
        """The websocket that has taken over, and what the last poll brought."""
        taking_over = websocket.create_connection(f"ws://{self._base}&transport=websocket&sid={self._sid}", timeout=10)
        taking_over.send("2probe")
        assert taking_over.recv() == "3probe"
        last = self.fetch()
        taking_over.send("5")
        return taking_over, last


def test_an_upgrade_in_the_middle_of_bursts_loses_nothing_and_keeps_the_order(server: Server) -> None:
    with client(server, ["websocket"]) as caller:
        caller.enter("room")
        for pause in (0.0, 0.005, 0.02, 0.05):
            polling = Polling(server)
            caller.io.emit("burst", ("room", 40))
            time.sleep(pause)
            taken_over, packets = polling.upgraded()
            assert caller.io.call("burst", ("room", 40), timeout=10) == "done"
            try:
                while sum('["plain"' in packet for packet in packets if isinstance(packet, str)) < 80:
                    packets.append(taken_over.recv())
            finally:
                taken_over.shutdown()
            plain = [
                json.loads(each[2:])[1]["number"] for each in packets if isinstance(each, str) and '["plain"' in each
            ]
            assert plain == [*range(40), *range(40)]
