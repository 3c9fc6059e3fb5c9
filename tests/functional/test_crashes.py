"""The server is killed (SIGKILL) again and again while many write and others watch.

What was acknowledged stays, nothing is made twice, no number is missing, and every subscriber holds what the store holds
within two seconds of coming back.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from functional.persistent_writer import PersistentWriter, history, listed, persistent_writers
from functional.serving import Server, serving, spawn
from functional.sizes import sized
from functional.subscriber import Subscriber, subscribing
from functional.talking import create_department

WRITERS = 16
SUBSCRIBERS = 8
KILLS = sized(5, 50)
WRITES = sized(600, 10_000)
SECONDS_TO_BE_EQUAL = 2.0
SEED = 20240115


@dataclass
class Stage:
    """The writers at work, and the server that is killed under them."""

    server: Server
    writers: list[PersistentWriter]
    subscribers: list[Subscriber]
    gate: threading.Event
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))

    @property
    def acknowledged(self) -> int:
        return sum(len(writer.keys) for writer in self.writers)

    def wait_for_writes(self, count: int, writing: Sequence[Future[None]]) -> None:
        """Wait until ``count`` writes are acknowledged, or nobody writes any longer."""
        while self.acknowledged < count and not all(each.done() for each in writing):
            time.sleep(0.002)

    def crash(self, directory: Path) -> None:
        """Kill the server in the middle of the writing, start it again, and look whether everybody finds back."""
        time.sleep(self.rng.uniform(0, 0.05))
        self.server.kill()
        joins = [subscriber.joins for subscriber in self.subscribers]
        self.gate.clear()
        self.server = spawn(self.server.kind, directory, port=self.server.port)
        self.server.wait_until_ready()
        for subscriber, before in zip(self.subscribers, joins, strict=True):
            subscriber.wait_for_join(before + 1)
        self.wait_until_nobody_writes()
        self.everybody_is_equal()
        self.gate.set()

    def wait_until_nobody_writes(self) -> None:
        deadline = time.monotonic() + 60
        while any(writer.writing for writer in self.writers):
            assert time.monotonic() < deadline, "a write is not acknowledged"
            time.sleep(0.005)

    def everybody_is_equal(self) -> None:
        """Server, subscribers and what the writers were told."""
        told = [event for writer in self.writers for event in writer.events.values()]
        for department_id in {subscriber.department_id for subscriber in self.subscribers}:
            stored = listed(self.server.url, department_id)
            assert by_id(stored) == by_id([event for event in told if event["department_id"] == department_id])
            for subscriber in self.subscribers:
                if subscriber.department_id == department_id:
                    subscriber.wait_for(stored, SECONDS_TO_BE_EQUAL)


def by_id(events: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(events, key=lambda event: str(event["id"]))


def write_all(writer: PersistentWriter, count: int) -> None:
    for _ in range(count):
        writer.write()


@pytest.mark.soak
@pytest.mark.timeout(sized(120, 3_600))
def test_nothing_is_lost_or_made_twice_however_often_the_server_is_killed(tmp_path: Path) -> None:
    with serving("gunicorn-eventlet", tmp_path) as server:
        departments = [create_department(server)["id"] for _ in range(2)]
        watched = [departments[number % 2] for number in range(SUBSCRIBERS)]
        with (
            persistent_writers(WRITERS, server.url, departments, SEED) as writers,
            subscribing(server.url, watched) as subscribers,
            ThreadPoolExecutor(WRITERS) as pool,
            staged(server, writers, subscribers) as stage,
        ):
            beginnings = {each.department_id: each.cursor or "" for each in subscribers}
            write_and_crash(stage, pool, tmp_path)
            stage.everybody_is_equal()
            nothing_is_lost_or_made_twice(stage, beginnings)


@contextmanager
def staged(server: Server, writers: list[PersistentWriter], subscribers: list[Subscriber]) -> Iterator[Stage]:
    stage = Stage(server, writers, subscribers, writers[0].gate)
    try:
        yield stage
    finally:
        for writer in writers:
            writer.stopped = True
        stage.gate.set()
        if stage.server.process.poll() is None:
            stage.server.kill()


def write_and_crash(stage: Stage, pool: ThreadPoolExecutor, directory: Path) -> None:
    writing = [pool.submit(write_all, writer, -(-WRITES // WRITERS)) for writer in stage.writers]
    for number in range(KILLS):
        stage.wait_for_writes(WRITES * (number + 1) // (KILLS + 1), writing)
        stage.crash(directory)
    for each in writing:
        each.result()


def nothing_is_lost_or_made_twice(stage: Stage, beginnings: dict[str, str]) -> None:
    """Each acknowledged write has its rows in the histories; each subscriber applied every row once, in order."""
    written = Counter({key: rows for writer in stage.writers for key, rows in writer.keys.items()})
    histories = {each: history(stage.server.url, each, cursor) for each, cursor in beginnings.items()}
    assert Counter(change["mutation_id"] for changes in histories.values() for change in changes) == written
    assert written.total() >= WRITES
    for subscriber in stage.subscribers:
        rows = [
            (change["seq"], change["type"], change["mutation_id"]) for change in histories[subscriber.department_id]
        ]
        assert subscriber.applied == rows
        assert subscriber.reloads == 1
    assert sum(writer.interrupted for writer in stage.writers) >= KILLS
