"""Whoever looks at a department is seen by all who look at it, through whichever process."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import socketio
from functional.test_message_queue import Place, place

from calendar_server.config import Settings
from calendar_server.realtime import notes
from calendar_server.realtime.presence import EXPIRE_SECONDS, SHARE_SECONDS

EVENT = str(uuid.uuid4())
SOON_SECONDS = 3.0


@pytest.fixture(params=["gunicorn-eventlet", "gunicorn-gevent"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, request.param) as found:
        yield found
        for server in (found.writer, found.other):
            assert "Traceback" not in server.log


@pytest.fixture
def one_installation(tmp_path: Path) -> Iterator[Place]:
    """Of one kind: half a minute of waiting is long enough."""
    with place(tmp_path, "gunicorn-eventlet") as found:
        yield found


class Person:
    """Looks at a department through ``url`` and keeps what was last said of its viewers."""

    def __init__(self, url: str, department_id: str, name: str) -> None:
        self._client = socketio.Client(reconnection=False)
        self._client.on("presence", self._told)
        self._client.connect(url, transports=["websocket"], wait_timeout=10)
        self._department_id = department_id
        self._name = name
        self.seen: dict[str, str | None] = {}
        """Names, and what each is editing."""
        self.count = 0
        assert self._client.call("join_department", {"department_id": department_id}, timeout=10)["success"]
        self.says()

    def _told(self, message: dict[str, Any]) -> None:
        self.seen = {viewer["name"]: viewer["editing"] for viewer in message["viewers"]}
        self.count = message["count"]

    def says(self, editing: str | None = None) -> None:
        payload = {"department_id": self._department_id, "name": self._name, "editing": editing}
        assert self._client.call("presence_update", payload, timeout=10)["success"]

    def wait_to_see(self, viewers: dict[str, str | None], seconds: float = SOON_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while (self.seen, self.count) != (viewers, len(viewers)):
            assert time.monotonic() < deadline, f"{self._name} sees {self.seen}"
            time.sleep(0.01)

    def close(self) -> None:
        self._client.disconnect()


def test_all_see_all_who_edits_what_and_who_has_gone(installation: Place) -> None:
    department = installation.department
    with (
        closing(Person(installation.writer.url, department, "하나")) as one,
        closing(Person(installation.other.url, department, "둘")) as two,
    ):
        for person in (one, two):
            person.wait_to_see({"하나": None, "둘": None})
        one.says(EVENT)
        two.wait_to_see({"하나": EVENT, "둘": None})
        with closing(Person(installation.other.url, department, "셋")) as three:
            for person in (one, two, three):
                person.wait_to_see({"하나": EVENT, "둘": None, "셋": None})
        one.wait_to_see({"하나": EVENT, "둘": None})
        two.close()
        one.wait_to_see({"하나": EVENT})


def test_without_the_queue_each_sees_his_own_and_with_it_all_again(installation: Place) -> None:
    department = installation.department
    with (
        closing(Person(installation.writer.url, department, "하나")) as one,
        closing(Person(installation.other.url, department, "둘")) as two,
    ):
        one.wait_to_see({"하나": None, "둘": None})
        installation.queue.kill()
        two.says(EVENT)
        two.wait_to_see({"하나": None, "둘": EVENT})
        installation.queue.start()
        one.wait_to_see({"하나": None, "둘": EVENT}, SHARE_SECONDS + SOON_SECONDS)


def test_viewers_of_a_process_that_crashed_are_forgotten_within_thirty_seconds(one_installation: Place) -> None:
    installation, department = one_installation, one_installation.department
    with closing(Person(installation.writer.url, department, "하나")) as one:
        with closing(Person(installation.other.url, department, "둘")):
            one.wait_to_see({"하나": None, "둘": None})
            installation.other.kill()
        deadline = time.monotonic() + EXPIRE_SECONDS + 5
        while one.count == 2:
            one.says()
            assert time.monotonic() < deadline
            time.sleep(1)
        assert one.seen == {"하나": None}


def test_a_process_that_stops_takes_its_viewers_along_at_once(installation: Place) -> None:
    department = installation.department
    with (
        closing(Person(installation.writer.url, department, "하나")) as one,
        closing(Person(installation.other.url, department, "둘")),
    ):
        one.wait_to_see({"하나": None, "둘": None})
        installation.other.process.send_signal(signal.SIGTERM)
        one.wait_to_see({"하나": None})
        installation.other.process.wait(timeout=10)


def test_junk_about_viewers_is_nobody(installation: Place, tmp_path: Path) -> None:
    channel = notes.channel(Settings(embedded_path=tmp_path / "shared.sqlite3"), "viewers")
    department = installation.department
    with (
        closing(Person(installation.writer.url, department, "하나")) as one,
        closing(Person(installation.other.url, department, "둘")),
        redis.Redis.from_url(installation.queue.url) as client,
    ):
        one.wait_to_see({"하나": None, "둘": None})
        for junk in (b"\xff", b"[]", b"x" * 100_000, b'["someone",{"%s":[1,[["x",3,null]]]}]' % department.encode()):
            for _ in range(100):
                assert client.publish(channel, junk) == 2
        with closing(Person(installation.other.url, department, "셋")):
            one.wait_to_see({"하나": None, "둘": None, "셋": None})
        assert "junk in the message queue" in installation.writer.log
