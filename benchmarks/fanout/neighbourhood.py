"""What the others notice: of clients that do not read, and of thousands that come back at the same moment.

    python benchmarks/fanout/neighbourhood.py

Each part runs twice on this server under gunicorn eventlet with the embedded store, without the disturbance and with
it, in turns: 20 sockets that never read while 5,000 messages of 2 KB go to the room, and 5,000 sockets that connect and
join at once while one client reads a list over REST.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import subscribers
from contenders import Server, running
from subscribers import Room, Tally, Write, connect_all
from writers import create_departments

READERS, NON_READERS, MESSAGES = 50, 20, 5_000
STORM = 5_000
ROUNDS = 2
TEXT = "가" * 650


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for number in range(ROUNDS):
        calm, disturbed = (_alone(_slow_consumers, slow) for slow in (0, NON_READERS))
        print(f"round {number + 1}: p99 of {READERS} readers without and with {NON_READERS} non-readers: ", end="")
        print(f"{calm[0]:.1f} ms, {disturbed[0]:.1f} ms: {disturbed[0] / calm[0]:.2f} times; ", end="")
        print(f"the server grew by {calm[1]:.1f} and {disturbed[1]:.1f} MiB")
        print(f"round {number + 1}: " + _alone(_storm))


def _alone(part, *arguments):
    with tempfile.TemporaryDirectory() as folder, running("eventlet", Path(folder)) as server:
        return asyncio.run(part(server, *arguments))


async def _slow_consumers(server: Server, slow: int) -> tuple[float, float]:
    """p99 in milliseconds from each POST to each reader, and by how many MiB the server has grown."""
    (department,) = await create_departments(server.port, 1)
    tally = Tally()
    room = Room(department, tally)
    await connect_all(server.port, [room], READERS)
    hung = [await asyncio.to_thread(_non_reader, server.port, department) for _ in range(slow)]
    before = server.memory_bytes() / 2**20
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for number in range(MESSAGES):
        write = Write(room)
        room.begin(write, f"event {number}")
        await _post(reader, writer, department, f"event {number}")
        await write.done
    grown = server.memory_bytes() / 2**20 - before
    tally.closing = True
    assert not tally.mistakes, tally.mistakes
    writer.close()
    for each in hung:
        each.close()
    latencies = sorted(tally.latencies)
    return latencies[int(len(latencies) * 0.99)] * 1000, grown


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, department: str, title: str) -> None:
    body = json.dumps({"title": title, "event_date": "2026-01-05", "description": TEXT}).encode()
    head = f"POST /api/events/{department} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 201 " in answer.split(b"\r\n", 1)[0], answer
    length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


def _non_reader(port: int, department: str) -> socket.socket:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", port))
    raw.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for packet in ("40", f'420["join_department",{{"department_id":"{department}"}}]'):
        raw.sendall(bytes((0x81, 0x80 | len(packet), 0, 0, 0, 0)) + packet.encode())
    time.sleep(0.05)
    return raw


async def _storm(server: Server) -> str:
    """One REST client's p50 and p99 before and while everybody comes."""
    (department,) = await create_departments(server.port, 1)
    calm = await asyncio.to_thread(_read_for, server.port, department, lambda: len(calm_times) >= 300, calm_times := [])
    subscribers.HANDSHAKES_AT_ONCE = STORM
    came = asyncio.Event()
    during: list[float] = []
    readers = asyncio.create_task(asyncio.to_thread(_read_for, server.port, department, came.is_set, during))
    began = time.perf_counter()
    tally = Tally()
    await connect_all(server.port, [Room(department, tally)], STORM)
    took = time.perf_counter() - began
    came.set()
    await readers
    tally.closing = True
    return f"{STORM} sockets at once in {took:.1f} s; GET before {_spread(calm)}, during {_spread(during)}"


def _read_for(port: int, department: str, is_over, times: list[float]) -> list[float]:
    while not is_over():
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/events/{department}", timeout=60) as answer:
            answer.read()
        times.append(time.perf_counter() - began)
    return times


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    return f"p50 {statistics.median(ordered) * 1000:.0f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms"


if __name__ == "__main__":
    main()
