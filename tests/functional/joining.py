"""Bare Socket.IO clients that keep a department's events by the rule of numbers alone, many of them in one process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import websocket
from functional.serving import Server

ANSWER_SECONDS = 20
Json = dict[str, Any]


@dataclass
class Copy:
    """A department's events as somebody holds them after change ``seq``; None before the first answer."""

    seq: int | None = None
    events: dict[str, Json] = field(default_factory=dict)
    early: list[tuple[str, Json, Json]] = field(default_factory=list)
    gaps: int = 0

    def start_from(self, seq: int, events: list[Json]) -> None:
        self.seq, self.events = seq, {event["id"]: event for event in events}

    def take(self, seq: int, change_type: str, data: Json) -> None:
        """The next number is applied, a lower one dropped; a higher one must not come from a server without faults."""
        assert self.seq is not None, "changes are laid over something"
        if seq != self.seq + 1:
            self.gaps += seq > self.seq
            return
        self.seq = seq
        if change_type == "event_deleted":
            self.events.pop(data["id"], None)
        else:
            self.events[data["id"]] = data

    def take_missed(self, changes: list[Json]) -> None:
        for change in changes:
            self.take(change["seq"], change["type"], change["data"])

    def take_live(self, change_type: str, data: Json, meta: Json) -> None:
        """What comes before there is anything to lay it over is kept."""
        if self.seq is None:
            self.early.append((change_type, data, meta))
        else:
            self.take(meta["seq"], change_type, data)

    def release(self) -> None:
        """Lay over what has come early."""
        early, self.early = self.early, []
        for change_type, data, meta in early:
            self.take_live(change_type, data, meta)


class Joiner:
    """One socket, and its copies of the departments that it has joined."""

    def __init__(self, send: Callable[[str], None], receive: Callable[[], list[str]]) -> None:
        self._send = send
        self._receive = receive
        self._acknowledged: dict[int, Json] = {}
        self._asked = 0
        self.copies: dict[str, Copy] = {}

    def ask(self, event: str, **payload: Any) -> Json:
        """The acknowledgement; messages that come before it are taken in."""
        self._asked += 1
        number = self._asked
        self._send(f"42{number}{json.dumps([event, payload])}")
        while number not in self._acknowledged:
            self.hear()
        answer = self._acknowledged.pop(number)
        assert answer["success"] is True, answer
        return answer

    def hear(self) -> None:
        """Take in what the server sends next."""
        for packet in self._receive():
            if packet == "2":
                self._send("3")
            elif packet.startswith("43"):
                number, bracket, data = packet[2:].partition("[")
                self._acknowledged[int(number)] = json.loads(bracket + data)[0]
            elif packet.startswith("42"):
                self._take_message(*json.loads(packet[2:]))

    def _take_message(self, event: str, *arguments: Json) -> None:
        if event.startswith("event_"):
            data, meta = arguments
            self.copies[meta["department_id"]].take_live(event, data, meta)


@contextmanager
def joiner_over_websocket(server: Server) -> Iterator[Joiner]:
    """A connected one."""
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    connection = websocket.create_connection(address, timeout=ANSWER_SECONDS)
    try:
        assert str(connection.recv()).startswith("0")
        connection.send("40")
        assert str(connection.recv()).startswith("40")
        yield Joiner(connection.send, lambda: [str(connection.recv())])
    finally:
        connection.shutdown()


@contextmanager
def joiner_over_polling(server: Server) -> Iterator[Joiner]:
    """A connected one."""
    with requests.Session() as session:
        session.headers["Connection"] = "close"  # an idle connection may be closed under a request that reuses it
        address = f"{server.url}/socket.io/?EIO=4&transport=polling"

        def receive() -> list[str]:
            answer = session.get(address, timeout=ANSWER_SECONDS)
            assert answer.status_code == 200, answer.text
            return answer.text.split("\x1e")

        def send(packet: str) -> None:
            assert session.post(address, data=packet.encode(), timeout=ANSWER_SECONDS).status_code == 200

        address += "&sid=" + json.loads(receive()[0][1:])["sid"]
        send("40")
        assert receive()[0].startswith("40")
        yield Joiner(send, receive)
        send("1")
