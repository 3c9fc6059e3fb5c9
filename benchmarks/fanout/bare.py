"""The limit: a loop of one non-blocking send per socket, and as little as can be around it. ``python bare.py PORT``

It understands just what the clients of this benchmark say: creating departments and events, and joining a room. It keeps
no events, checks nothing, never pings and never hangs up.
"""

from __future__ import annotations

import base64
import hashlib
import json
import resource
import select
import socket
import struct
import sys
import uuid
from collections import defaultdict
from typing import Any

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
OPEN = b'0{"sid":"bare","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}'
CURSOR = "x" * 133
NOW = "2024-01-15T10:30:00.000Z"

connections: dict[int, Connection] = {}
rooms: defaultdict[str, list[Connection]] = defaultdict(list)
numbers: defaultdict[str, int] = defaultdict(int)
poll = select.epoll()


def frame(payload: bytes) -> bytes:
    """A text frame of a server (RFC 6455, 5.2)."""
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, len(payload)) + payload
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


def unmask(data: bytes) -> tuple[bytes, bytes] | None:
    """The payload of the first frame in ``data`` and what follows; None where it is not complete."""
    if len(data) < 2:
        return None
    length, start = data[1] & 0x7F, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4]), 4
    if len(data) < start + 4 + length:
        return None
    key, masked = data[start : start + 4], data[start + 4 : start + 4 + length]
    return bytes(byte ^ key[index & 3] for index, byte in enumerate(masked)), data[start + 4 + length :]


class Connection:
    """HTTP at first, a websocket after the handshake."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.send_now = raw.send
        self.received = b""
        self.unsent = b""
        self.is_websocket = False

    def send(self, data: bytes) -> None:
        """Now, as far as the kernel takes it; the rest when it takes more."""
        try:
            sent = 0 if self.unsent else self.send_now(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.unsent += data[sent:]
            poll.modify(self.raw, select.EPOLLIN | select.EPOLLOUT)

    def flush(self) -> None:
        data, self.unsent = self.unsent, b""
        poll.modify(self.raw, select.EPOLLIN)
        self.send(data)

    def take(self) -> None:
        """Read what has come and answer it."""
        try:
            data = self.raw.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            del connections[self.raw.fileno()]
            self.raw.close()
            return
        self.received += data
        while self.received and (self._take_frame() if self.is_websocket else self._take_request()):
            pass

    def _take_frame(self) -> bool:
        found = unmask(self.received)
        if found is None:
            return False
        payload, self.received = found
        if payload == b"40":
            self.send(frame(b'40{"sid":"bare"}') + frame(b'42["connected",{"message":"bare"}]'))
        elif payload.startswith(b"420"):
            department_id = json.loads(payload[3:])[1]["department_id"]
            rooms[department_id].append(self)
            answer = {"success": True, "seq": numbers[department_id], "cursor": CURSOR}
            self.send(frame(b"430" + json.dumps([answer]).encode()))
        return True

    def _take_request(self) -> bool:
        head, separator, rest = self.received.partition(b"\r\n\r\n")
        names = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        length = int(names.get(b"content-length", 0))
        if not separator or len(rest) < length:
            return False
        body, self.received = rest[:length], rest[length:]
        if b"upgrade" in names:
            self._upgrade(head)
        else:
            answer = json.dumps(answer_to(head.split(b" ")[1].decode(), body), ensure_ascii=False).encode()
            self.send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
        return True

    def _upgrade(self, head: bytes) -> None:
        key = next(
            line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID).digest())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.is_websocket = True
        self.send(answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame(OPEN))


def answer_to(path: str, body: bytes) -> dict[str, Any]:
    """Tell the room of an event; anything else is a department to be created."""
    if not path.startswith("/api/events/"):
        return {"success": True, "department": {"id": str(uuid.uuid4())}}
    department_id = path.rpartition("/")[2]
    numbers[department_id] += 1
    event = made_event(department_id, json.loads(body))
    meta = {"department_id": department_id, "cursor": CURSOR, "seq": numbers[department_id], "mutation_id": None}
    message = json.dumps(["event_created", event, meta], ensure_ascii=False, separators=(",", ":")).encode()
    framed = frame(b"42" + message)
    for connection in rooms[department_id]:
        connection.send(framed)
    return {"success": True, "event": event}


def made_event(department_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """All fields of an event on the wire."""
    times = {"start_time": "14:00", "end_time": None, "created_at": NOW, "last_modified": NOW}
    return {"id": str(uuid.uuid4()), "department_id": department_id, "url": "", "version": 1, **body, **times}


def main() -> None:
    soft_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft_limit, soft_limit))
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
    poll.register(listener, select.EPOLLIN)
    while True:
        for number, happened in poll.poll():
            if number == listener.fileno():
                raw = listener.accept()[0]
                raw.setblocking(False)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[raw.fileno()] = Connection(raw)
                poll.register(raw, select.EPOLLIN)
            elif happened & select.EPOLLOUT:
                connections[number].flush()
            else:
                connections[number].take()


if __name__ == "__main__":
    main()
