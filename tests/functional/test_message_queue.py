"""Several processes and a real Redis: changes arrive at once, and whatever happens to it, none is lost or delayed long."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from functional.redis_server import Redis, redis_server
from functional.serving import Server, serving
from functional.subscriber import Subscriber
from functional.talking import create_department, create_event

from calendar_server.config import Settings
from calendar_server.realtime import notes

SOON_SECONDS = 0.25
"""Well below the second after which a process that was told nothing looks at the heads."""

FOLLOWED_SECONDS = 5.0
WRITE_SECONDS = 2.0
BACK_SECONDS = 20.0


class Place:
    """Two servers on one store and one Redis, and a watcher on the second."""

    def __init__(self, queue: Redis, writer: Server, other: Server, channel: str) -> None:
        self.queue = queue
        self.writer = writer
        self.other = other
        self.channel = channel
        self.department = create_department(writer)["id"]

    def delays(self, watcher: Subscriber, writes: int) -> list[float]:
        """How long each of ``writes`` took from its answer to the watcher on the other server."""
        found = []
        for _ in range(writes):
            began = time.monotonic()
            event = create_event(self.writer, self.department)
            answered = time.monotonic()
            assert answered - began < WRITE_SECONDS
            while event["id"] not in watcher.events:
                assert time.monotonic() - answered < FOLLOWED_SECONDS
                time.sleep(0.002)
            found.append(time.monotonic() - answered)
            time.sleep(0.11)  # so that no constant rhythm meets the round that looks at heads
        return found

    def wait_until_quick(self, watcher: Subscriber) -> None:
        """Wait until changes are told over the queue (again)."""
        deadline = time.monotonic() + BACK_SECONDS
        while statistics.median(self.delays(watcher, 5)) > SOON_SECONDS:
            assert time.monotonic() < deadline, self.other.log


@contextmanager
def place(folder: Path, kind: str) -> Iterator[Place]:
    path = folder / "shared.sqlite3"
    with ExitStack() as stack:
        queue = stack.enter_context(redis_server(folder / "redis"))
        settings = {"EMBEDDED_PATH": str(path), "MESSAGE_QUEUE": queue.url}
        servers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(serving(kind, folder / name, settings)))
        yield Place(queue, *servers, notes.channel(Settings(embedded_path=path)))


@pytest.fixture(params=["gunicorn-eventlet", "gunicorn-gevent"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, request.param) as found:
        yield found
        for server in (found.writer, found.other):
            assert "Traceback" not in server.log


def _kill(queue: Redis) -> Callable[[], None]:
    queue.kill()
    return queue.start


def _hang(queue: Redis) -> Callable[[], None]:
    queue.send_signal(signal.SIGSTOP)
    return lambda: queue.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("harm", [_kill, _hang])
def test_without_its_queue_nothing_fails_or_waits_and_it_recovers_by_itself(
    installation: Place, harm: Callable[[Redis], Callable[[], None]]
) -> None:
    with closing(Subscriber(installation.other.url, installation.department)) as watcher:
        watcher.wait_for_join()
        installation.wait_until_quick(watcher)
        mend = harm(installation.queue)
        try:
            installation.delays(watcher, 4)
        finally:
            mend()
        installation.wait_until_quick(watcher)
        listed: Any = requests.get(f"{installation.writer.url}/api/events/{installation.department}", timeout=10).json()
        watcher.wait_for(listed["events"], FOLLOWED_SECONDS)
        numbers = [seq for seq, _, _ in watcher.applied]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_queue_that_is_flushed_or_full_of_junk_changes_nothing(installation: Place) -> None:
    with closing(Subscriber(installation.other.url, installation.department)) as watcher:
        watcher.wait_for_join()
        installation.wait_until_quick(watcher)
        with installation.queue.client() as client:
            client.flushall()
            for junk in (b"\xff", b"[]", b"x" * 100_000, b'["someone",{"departments":9007199254740991}]'):
                for _ in range(200):
                    assert client.publish(installation.channel, junk) >= 2
            forged = notes.written("someone", {installation.department: 10**9})
            for _ in range(200):
                client.publish(installation.channel, forged)
        assert statistics.median(installation.delays(watcher, 5)) < SOON_SECONDS
        assert watcher.reloads == 1
        assert installation.other.log.count("junk in the message queue") == 1


def test_long_polls_on_another_process_are_woken_too(installation: Place) -> None:
    address = f"{installation.other.url}/api/sync/{installation.department}"
    with closing(Subscriber(installation.other.url, installation.department)) as watcher:
        watcher.wait_for_join()
        installation.wait_until_quick(watcher)
    cursor = requests.get(address, timeout=10).json()["cursor"]
    answers: list[tuple[float, Any]] = []

    def poll() -> None:
        answer = requests.get(address, params={"cursor": cursor, "wait": 20}, timeout=30).json()
        answers.append((time.monotonic(), answer))

    waiter = threading.Thread(target=poll)
    waiter.start()
    time.sleep(1.5)
    event = create_event(installation.writer, installation.department)
    written = time.monotonic()
    waiter.join(timeout=30)
    assert [change["data"]["id"] for change in answers[0][1]["changes"]] == [event["id"]]
    assert answers[0][0] - written < SOON_SECONDS + 0.4


def test_a_server_starts_and_serves_while_its_queue_is_away(tmp_path: Path) -> None:
    queue = Redis(tmp_path)
    with serving("gunicorn-eventlet", tmp_path, {"MESSAGE_QUEUE": queue.url}) as server:
        department = create_department(server)["id"]
        with closing(Subscriber(server.url, department)) as watcher:
            watcher.wait_for_join()
            event = create_event(server, department)
            watcher.wait_for([event], SOON_SECONDS * 5)
        server.wait_for_log("The message queue does not answer")
        try:
            queue.start()
            server.wait_for_log("The message queue is connected")
        finally:
            queue.kill()
        assert "Traceback" not in server.log
