"""What is measured of one running server: its sockets are opened, left alone, and then told of writes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contenders import Server
from subscribers import Room, Tally, connect_all
from writers import Writers, create_departments

SETTLE_SECONDS = 1.5
IDLE_FROM_SOCKETS = 5_000


@dataclass(frozen=True)
class Scenario:
    """``rooms`` departments with ``sockets`` each."""

    name: str
    rooms: int
    sockets: int

    @classmethod
    def of(cls, name: str) -> Scenario:
        """``1000`` is one room, ``50x40`` are 50 rooms of 40."""
        rooms, _, sockets = name.rpartition("x")
        return cls(name, int(rooms or 1), int(sockets))

    @property
    def total(self) -> int:
        return self.rooms * self.sockets


Figures = dict[str, float]
CONNECTIONS = "connections"


class Measurement:
    """One scenario on one running server. Every method returns its figures by the names that they have in the report."""

    def __init__(self, server: Server, scenario: Scenario) -> None:
        self._server = server
        self._scenario = scenario
        self.tally = Tally()

    async def connect(self) -> Figures:
        """Connections a second with joining a room, the server's CPU for each, and its memory for each afterwards."""
        ids = await create_departments(self._server.port, self._scenario.rooms)
        self._rooms = [Room(department_id, self.tally) for department_id in ids]
        memory = self._server.memory_bytes()
        async with self._watched() as watched:
            await connect_all(self._server.port, self._rooms, self._scenario.sockets)
        await asyncio.sleep(SETTLE_SECONDS)
        total = self._scenario.total
        return {
            "connects_per_second": total / watched["seconds"],
            "cpu_us_per_connect": watched["cpu"] / total * 1e6,
            "memory_kib_per_connection": (self._server.memory_bytes() - memory) / total / 1024,
        }

    async def idle(self, seconds: float) -> Figures:
        """CPU while nobody writes. Every socket is pinged once in 25 s."""
        pings = self.tally.pings
        async with self._watched() as watched:
            await asyncio.sleep(seconds)
        return {
            "idle_cpu_ms_per_second": watched["cpu"] / watched["seconds"] * 1e3,
            "pings_per_socket": (self.tally.pings - pings) / self._scenario.total,
        }

    async def write(self, in_flight: int, seconds: float) -> Figures:
        """Writes, ``in_flight`` at a time: each is under way until its answer is there and its whole room has been told."""
        writers = Writers(self._server.port, self._rooms, in_flight)
        await writers.write_for(seconds / 4)
        del self.tally.latencies[:]
        async with self._watched() as watched:
            writes = await writers.write_for(seconds)
        latencies = sorted(self.tally.latencies)
        deliveries = len(latencies)
        if deliveries != writes * self._scenario.sockets:
            self.tally.mistakes["deliveries miscounted"] += abs(deliveries - writes * self._scenario.sockets)
        return {
            "cpu_us_per_delivery": watched["cpu"] / deliveries * 1e6,
            "deliveries_per_second": deliveries / watched["seconds"],
            "writes_per_second": writes / watched["seconds"],
            "p50_ms": latencies[deliveries // 2] * 1e3,
            "p99_ms": latencies[deliveries * 99 // 100] * 1e3,
            "client_cpu_us_per_delivery": watched["client_cpu"] / deliveries * 1e6,
        }

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[Figures]:
        """How long the block took, and the CPU that server and clients used in it."""
        used: Figures = {}
        cpu, client_cpu, began = self._server.cpu_seconds(), time.process_time(), time.perf_counter()
        yield used
        used["seconds"] = time.perf_counter() - began
        used["client_cpu"] = time.process_time() - client_cpu
        used["cpu"] = self._server.cpu_seconds() - cpu


Found = Callable[[str, str, int, Figures], None]


async def compare(servers: Mapping[str, Server], scenario: Scenario, options: Any, found: Found) -> dict[str, Tally]:
    """Measure ``servers``, which run at the same time and have their turns of writing one after the other.

    ``options``: ``in_flight`` (numbers of writes at a time), ``turns`` of ``seconds`` for each, and ``idle`` seconds.
    ``found`` is called with contender, phase, turn and figures. What went wrong is in the tallies.
    """
    running = {name: Measurement(server, scenario) for name, server in servers.items()}

    async def attempt(name: str, phase: str, turn: int, measuring: Awaitable[Figures]) -> None:
        try:
            found(name, phase, turn, await measuring)
        except (TimeoutError, ConnectionError, AssertionError) as error:
            running[name].tally.mistakes[f"given up: {error!r}"] += 1
            running.pop(name).tally.closing = True

    tallies = {name: each.tally for name, each in running.items()}
    for name, each in list(running.items()):
        await attempt(name, CONNECTIONS, 0, each.connect())
    if options.idle and scenario.total >= IDLE_FROM_SOCKETS:
        waits = [attempt(name, CONNECTIONS, 0, each.idle(options.idle)) for name, each in running.items()]
        await asyncio.gather(*waits)
    for in_flight, turn in itertools.product(options.in_flight, range(options.turns)):
        for name, each in list(running.items()):
            await attempt(name, f"{in_flight} in flight", turn, each.write(in_flight, options.seconds))
    for tally in tallies.values():
        tally.closing = True
    return tallies
