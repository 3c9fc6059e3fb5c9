"""Socket.IO clients that check every message they get, and cost little: picows on uvloop.

Engine.IO protocol 4 and Socket.IO protocol 5 are spoken directly. All sockets of a room get the same bytes, so a message
is parsed once a room; every further socket compares and counts.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from array import array
from collections import Counter
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

HANDSHAKES_AT_ONCE = 64
SOCKETS_PER_ADDRESS = 5_000
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen at connect(), where it need only differ per destination
HANDSHAKE_SECONDS = 60.0

PING, PONG, OPEN, CONNECT, CONNECTED, ACKNOWLEDGED = b"2", b"3", b"0", b"40", b"40{", b"430["
GREETING, HEAD, CREATED = b'42["connected"', b'42["department_head"', b'42["event_created"'


class Write:
    """One POST and who has still to hear of it."""

    __slots__ = ("done", "missing", "sent_at", "seq")

    def __init__(self, room: Room) -> None:
        self.missing = len(room.subscribers)
        self.seq = 0
        self.sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Tally:
    """What all clients together have seen. ``mistakes`` counts what must not happen, by its name."""

    def __init__(self) -> None:
        self.latencies = array("d")
        self.mistakes: Counter[str] = Counter()
        self.pings = 0
        self.heads = 0
        self.closing = False


class Room:
    """A department and the sockets that have joined it."""

    def __init__(self, department_id: str, tally: Tally) -> None:
        self.department_id = department_id
        self.tally = tally
        self.subscribers: list[Subscriber] = []
        self.under_way: dict[str, Write] = {}
        self.known: dict[bytes, Write] = {}

    def begin(self, write: Write, title: str) -> None:
        """``write`` is about to be sent; its event is recognised by its title."""
        self.under_way[title] = write
        write.sent_at = time.perf_counter()

    def learn(self, payload: bytes) -> Write | None:
        """The write that a message tells of, None where there is none: it is another room's, or has been told already."""
        _name, event, meta = json.loads(payload[2:])
        write = self.under_way.get(event["title"])
        if event["department_id"] != self.department_id or meta["department_id"] != self.department_id:
            self.tally.mistakes["misrouted"] += 1
        elif write is None:
            self.tally.mistakes["duplicate"] += 1
        elif write.seq and write.seq != meta["seq"]:
            self.tally.mistakes["numbered twice"] += 1
        else:
            write.seq = meta["seq"]
            self.known[payload] = write
            return write
        return None

    def complete(self, write: Write) -> None:
        """Everyone has it."""
        self.known = {payload: each for payload, each in self.known.items() if each is not write}
        self.under_way = {title: each for title, each in self.under_way.items() if each is not write}
        if not write.done.done():  # its writer may have given up
            write.done.set_result(None)


class Subscriber(WSListener):  # type: ignore[misc]
    """One socket in one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.tally = room.tally
        self.latency = room.tally.latencies.append
        self.seq = -1
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        write = self.room.known.get(payload)
        if write is None:
            write = self._read(transport, payload)
            if write is None:
                return
        if write.seq != self.seq + 1 and not self._is_after_gap(write):
            return
        self.seq = write.seq
        self.latency(time.perf_counter() - write.sent_at)
        write.missing -= 1
        if not write.missing:
            self.room.complete(write)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        if not self.tally.closing:
            self.tally.mistakes["disconnected"] += 1
        if not self.joined.done():
            self.joined.set_exception(ConnectionError("the server hung up before the room was joined"))

    def _is_after_gap(self, write: Write) -> bool:
        if write.seq <= self.seq:
            self.tally.mistakes["duplicate"] += 1
            return False
        self.tally.mistakes["lost or late"] += write.seq - self.seq - 1
        return True

    def _read(self, transport: WSTransport, payload: bytes) -> Write | None:
        if payload.startswith(CREATED):
            return self.room.learn(payload)
        if payload == PING:
            self.tally.pings += 1
            transport.send(WSMsgType.TEXT, PONG)
        elif payload.startswith(HEAD):
            self.tally.heads += 1
        elif payload.startswith(OPEN):
            transport.send(WSMsgType.TEXT, CONNECT)
        elif payload.startswith(CONNECTED):
            request = json.dumps(["join_department", {"department_id": self.room.department_id}])
            transport.send(WSMsgType.TEXT, b"420" + request.encode())
        elif payload.startswith(ACKNOWLEDGED):
            self._join(json.loads(payload[3:])[0])
        elif not payload.startswith(GREETING):
            self.tally.mistakes["unexpected message"] += 1
        return None

    def _join(self, answer: dict[str, Any]) -> None:
        assert answer["success"], answer
        self.seq = answer["seq"]
        self.joined.set_result(None)


async def connect_all(port: int, rooms: list[Room], sockets_per_room: int) -> None:
    """Open the sockets, some at a time, and return when each is in its room."""
    waiting = [room for room in rooms for _ in range(sockets_per_room)]
    total = len(waiting)

    async def connect_some() -> None:
        while waiting:
            room = waiting.pop()
            room.subscribers.append(await _connect(port, room, (total - len(waiting)) // SOCKETS_PER_ADDRESS))

    await asyncio.gather(*(connect_some() for _ in range(HANDSHAKES_AT_ONCE)))


async def _connect(port: int, room: Room, address: int) -> Subscriber:
    def bound_socket(_url: object) -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        made.bind((f"127.0.0.{2 + address}", 0))
        return made

    _transport, subscriber = await ws_connect(
        lambda: Subscriber(room),
        f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
        socket_factory=bound_socket,
        websocket_handshake_timeout=HANDSHAKE_SECONDS,
        read_buffer_init_size=4096,
    )
    await asyncio.wait_for(subscriber.joined, HANDSHAKE_SECONDS)
    return subscriber
