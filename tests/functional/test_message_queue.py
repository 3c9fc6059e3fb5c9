"""Several processes and a real Redis: changes arrive at once, and whatever happens to it, none is lost or delayed long."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from doubles import FAKE_CREDENTIALS, made_database, ministack_server
from functional.redis_server import Redis, redis_server
from functional.serving import Server, serving
from functional.subscriber import Subscriber
from functional.talking import create_department, create_event
from functional.test_two_processes import dynamodb_settings

from calendar_server.config import Settings
from calendar_server.realtime import notes

SOON_SECONDS = 0.25
"""Well below the second after which a process that was told nothing looks at the heads."""

FOLLOWED_SECONDS = 5.0
WRITE_SECONDS = 2.0
BACK_SECONDS = 20.0
STOP_SECONDS = 6.0


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

    def wait_until_both_listen(self, client: Any) -> None:
        """The writer's listening may come back later than what the watcher needs."""
        deadline = time.monotonic() + BACK_SECONDS
        while client.pubsub_numsub(self.channel)[0][1] < 2:
            assert time.monotonic() < deadline, self.writer.log
            time.sleep(0.05)


@contextmanager
def place(folder: Path, kind: str, store: Mapping[str, str] | None = None) -> Iterator[Place]:
    path = folder / "shared.sqlite3"
    with ExitStack() as stack:
        queue = stack.enter_context(redis_server(folder / "redis"))
        settings = {"EMBEDDED_PATH": str(path), **(store or {}), "MESSAGE_QUEUE": queue.url}
        servers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(serving(kind, folder / name, settings)))
        yield Place(queue, *servers, notes.channel(Settings(embedded_path=path), "heads"))


@pytest.fixture(scope="module", params=["gunicorn-eventlet", "gunicorn-gevent"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("running"), request.param) as found:
        yield found
        for server in (found.writer, found.other):
            assert "Traceback" not in server.log


@pytest.fixture
def installation(running: Place) -> Place:
    """It has a new department."""
    running.department = create_department(running.writer)["id"]
    return running


def _kill(queue: Redis) -> Callable[[], None]:
    queue.kill()
    return queue.start


def _hang(queue: Redis) -> Callable[[], None]:
    queue.send_signal(signal.SIGSTOP)
    return lambda: queue.send_signal(signal.SIGCONT)


def _lock(queue: Redis) -> Callable[[], None]:
    """Another password, and everybody has to log in anew."""
    with queue.client() as client:
        client.config_set("requirepass", "another")
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub")

    def unlock() -> None:
        with redis.Redis.from_url(queue.url, password="another") as client:
            client.config_set("requirepass", "")

    return unlock


@pytest.mark.parametrize("harm", [_kill, _hang, _lock])
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
            installation.wait_until_both_listen(client)
            client.flushall()
            for junk in (b"\xff", b"[]", b"x" * 100_000, b'["someone",{"departments":9007199254740991}]'):
                for _ in range(200):
                    assert client.publish(installation.channel, junk) >= 2
            forged = notes.written("someone", {installation.department: 10**9})
            for _ in range(200):
                client.publish(installation.channel, forged)
        assert statistics.median(installation.delays(watcher, 5)) < SOON_SECONDS
        assert watcher.reloads == 1
        assert installation.other.log.count("junk in the message queue") in (1, 2)


def test_a_queue_without_memory_tells_on(installation: Place) -> None:
    with closing(Subscriber(installation.other.url, installation.department)) as watcher:
        watcher.wait_for_join()
        with installation.queue.client() as client:
            client.config_set("maxmemory", 1)
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                client.set("something", "else")
            installation.wait_until_quick(watcher)
            client.config_set("maxmemory", 0)


def test_no_write_waits_for_whoever_floods_the_queue(installation: Place) -> None:
    written = threading.Event()

    def flood() -> None:
        with installation.queue.client() as client, client.pipeline(transaction=False) as pipeline:
            while not written.is_set():
                for _ in range(200):
                    pipeline.publish(installation.channel, b"junk")
                pipeline.execute()
                time.sleep(0.004)  # some 30,000 a second are several times what is read, and leave room for others

    flooding = threading.Thread(target=flood)
    with closing(Subscriber(installation.other.url, installation.department)) as watcher:
        watcher.wait_for_join()
        installation.other.wait_for_log("The message queue is connected")
        flooding.start()
        try:
            installation.other.wait_for_log("junk in the message queue")
            installation.delays(watcher, 5)
        finally:
            written.set()
            flooding.join(timeout=30)
        installation.wait_until_quick(watcher)


@pytest.mark.parametrize("kind", ["gunicorn-eventlet", "gunicorn-gevent"])
def test_a_server_stops_in_time_while_its_queue_hangs(kind: str, tmp_path: Path) -> None:
    with (
        redis_server(tmp_path / "redis") as queue,
        serving(kind, tmp_path, {"MESSAGE_QUEUE": queue.url}) as server,
    ):
        server.wait_for_log("The message queue is connected")
        queue.send_signal(signal.SIGSTOP)
        create_event(server, create_department(server)["id"])
        assert server.terminate() < STOP_SECONDS
        assert server.process.returncode == 0
        assert "Traceback" not in server.log


def test_changes_in_dynamodb_are_told_at_once_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with (
        ministack_server(tmp_path) as endpoint,
        closing(made_database(endpoint)) as database,
        place(tmp_path, "gunicorn-eventlet", dynamodb_settings(endpoint, database._settings)) as found,
        closing(Subscriber(found.other.url, found.department)) as watcher,
    ):
        watcher.wait_for_join()
        found.wait_until_quick(watcher)


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
