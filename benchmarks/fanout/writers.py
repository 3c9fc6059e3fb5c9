"""Writers: each POSTs one event after the other and waits until everyone in the room has it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from subscribers import Room, Write

DELIVERY_SECONDS = 60.0
EVENT = {"event_date": "2024-01-20", "description": "주간 회의 안건과 자료를 정리합니다", "time": "오후 2:00"}


class Connection(asyncio.Protocol):
    """A kept-alive HTTP connection with one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        _transport, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        _, _, rest = head.lower().partition(b"\r\ncontent-length:")
        if len(body) >= int(rest.partition(b"\r\n")[0]):
            self._received = b""
            self._take(head.split(b" ", 2)[1], body)

    def _take(self, status: bytes, body: bytes) -> None:
        if status == b"201":
            self._answer.set_result(body)
        else:
            self._answer.set_exception(AssertionError(body.decode(errors="replace")))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"the server closed the connection: {error}"))

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """The body of the answer 201."""
        self._answer = asyncio.get_running_loop().create_future()
        content = json.dumps(body, ensure_ascii=False).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


async def create_departments(port: int, count: int) -> list[str]:
    """Ids of ``count`` new departments."""
    connection = await Connection.open(port)
    answers = [await connection.post("/api/departments", {"name": f"부서 {number}"}) for number in range(count)]
    connection.close()
    return [json.loads(answer)["department"]["id"] for answer in answers]


class Writers:
    """``in_flight`` connections that write to ``rooms`` in turn. :meth:`write_for` returns when nothing is under way."""

    def __init__(self, port: int, rooms: list[Room], in_flight: int) -> None:
        self._port = port
        self._in_flight = in_flight
        self._turns: Iterator[tuple[int, Room]] = zip(itertools.count(time.monotonic_ns()), itertools.cycle(rooms))

    async def write_for(self, seconds: float) -> int:
        """How many writes were made.

        :raises TimeoutError: somebody has not been told in a minute.
        """
        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(self._write_until(until) for _ in range(self._in_flight))))

    async def _write_until(self, until: float) -> int:
        connection = await Connection.open(self._port)
        count = 0
        while time.perf_counter() < until:
            await self._write(connection, *next(self._turns))
            count += 1
        connection.close()
        return count

    async def _write(self, connection: Connection, ordinal: int, room: Room) -> None:
        write = Write(room)
        title = f"회의 {ordinal}"
        room.begin(write, title)
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                await connection.post(f"/api/events/{room.department_id}", {**EVENT, "title": title})
                await write.done
        except TimeoutError:
            room.tally.mistakes["not delivered"] += write.missing
            raise
