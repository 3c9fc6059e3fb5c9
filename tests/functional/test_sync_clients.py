"""Both clients against the real server, through cuts, restarts, refused connections and lost answers.

Each follows two departments that others write to, and makes writes of its own all the while. In the end what it holds
equals a fresh GET, and each of its writes stands in the history once, in the order in which it was made.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from clients.javascript import ROOT, install_library
from clients.python_client import CalendarSync, Timing
from functional.cutting_proxy import CuttingProxy, cutting_proxy
from functional.serving import Server, spawn
from functional.talking import create_department, create_event

KIND = "gunicorn-eventlet"
ROUNDS = 4
WRITES_A_ROUND = 8
SETTLE_SECONDS = 12.0
WRITERS = 2
WRITE_PAUSE_SECONDS = 0.04

pytestmark = pytest.mark.timeout(120)


class Follower(Protocol):
    """A client under test."""

    def update(self, event_id: str, description: str) -> None:
        """Make a write, whatever the network does."""

    def state(self) -> dict[str, Any]:
        """``departments``, ``events`` by department, ``settled``, ``counts`` and what is ``broken``."""


class PythonFollower:
    def __init__(self, url: str, department_ids: list[str]) -> None:
        timing = Timing(answer=3, retry=0.1, retry_max=0.5, request=3)
        self.broken: list[str] = []
        self.counts = {"changes": 0, "resets": 0, "connections": 0}
        self.sync = CalendarSync(url, timing=timing)
        self.sync.on("connection", lambda connected: self._count("connections", connected))
        self.sync.on("write", lambda _write, outcome: self._write_settled(outcome))
        self.followed = [self.sync.department(each) for each in department_ids]
        self._last = dict.fromkeys(department_ids, 0)
        for history in self.followed:
            history.on("reset", lambda _state, history=history: self._reset(history))
            history.on("change", lambda _type, _data, meta: self._changed(meta))

    def update(self, event_id: str, description: str) -> None:
        self.sync.update_event(event_id, {"description": description})

    def state(self) -> dict[str, Any]:
        online = all(history.status == "online" for history in self.followed)
        return {
            "departments": self.sync.departments.ordered(),
            "events": {history.id: history.ordered() for history in self.followed},
            "settled": online and not self.sync.pending,
            "counts": self.counts,
            "broken": self.broken,
        }

    def close(self) -> None:
        self.sync.close()

    def _count(self, name: str, times: int = 1) -> None:
        self.counts[name] += times

    def _reset(self, history: Any) -> None:
        self._count("resets")
        self._last[history.id] = history.seq

    def _changed(self, meta: dict[str, Any]) -> None:
        self._count("changes")
        last = self._last[meta["department_id"]]
        if meta["seq"] != last + 1:
            self.broken.append(f"{meta['seq']} after {last} in {meta['department_id']}")
        self._last[meta["department_id"]] = meta["seq"]

    def _write_settled(self, outcome: Any) -> None:
        if isinstance(outcome, Exception):
            self.broken.append(str(outcome))


class JavaScriptFollower:
    def __init__(self, directory: Path, url: str, department_ids: list[str]) -> None:
        command = ["node", "follow.mjs", url, *department_ids]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=directory, stdin=pipe, stdout=pipe, text=True)

    def update(self, event_id: str, description: str) -> None:
        self._say({"do": "update", "event_id": event_id, "fields": {"description": description}})

    def state(self) -> dict[str, Any]:
        self._say({"do": "state"})
        return self._hear()

    def close(self) -> None:
        """It ends by itself once nothing of the client is left."""
        self._say({"do": "close"})
        assert self._hear() == {"closed": True}
        assert self._process.wait(timeout=10) == 0
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _say(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline() or "null")
        return heard


class Restarting:
    """A server that is killed and comes back on its port, with its file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.current = spawn(KIND, directory)
        self.current.wait_until_ready()

    def kill_and_start(self) -> None:
        port = self.current.port
        self.current.kill()
        self.current = spawn(KIND, self._directory, port=port)
        self.current.wait_until_ready()


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[Restarting]:
    server = Restarting(tmp_path)
    yield server
    if server.current.process.poll() is None:
        server.current.kill()


@pytest.fixture
def python_follower(restarting: Restarting) -> Iterator[Any]:
    """Opens a Python client and closes it at the end."""
    opened: list[PythonFollower] = []

    def open_one(url: str, department_ids: list[str]) -> PythonFollower:
        opened.append(PythonFollower(url, department_ids))
        return opened[-1]

    yield open_one
    for follower in opened:
        follower.close()


@pytest.fixture
def javascript_follower(restarting: Restarting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Opens a JavaScript client in a process of its own and ends it."""
    opened: list[JavaScriptFollower] = []
    directory = tmp_path_factory.mktemp("js")
    install_library(directory)
    shutil.copy(ROOT / "clients" / "js" / "dallyeok-sync.js", directory)
    shutil.copy(ROOT / "tests" / "clients" / "js" / "follow.mjs", directory)

    def open_one(url: str, department_ids: list[str]) -> JavaScriptFollower:
        opened.append(JavaScriptFollower(directory, url, department_ids))
        return opened[-1]

    yield open_one
    for follower in opened:
        follower.kill()


def write_until_stopped(url: str, department_ids: list[str], stopped: threading.Event, seed: int) -> None:
    """Create, change, move and delete events of one's own, each exactly once whatever happens to the server."""
    choose = random.Random(seed)
    mine: list[str] = []
    while not stopped.wait(WRITE_PAUSE_SECONDS):
        act = choose.choice(("create", "create", "update", "move", "delete")) if mine else "create"
        if act == "create":
            mine.append(str(uuid.UUID(int=choose.getrandbits(128), version=4)))
            body = {"id": mine[-1], "title": f"남이 쓴 것 {len(mine)}", "event_date": "2024-01-20"}
            write_surely("POST", f"{url}/api/events/{choose.choice(department_ids)}", body)
        elif act == "delete":
            write_surely("DELETE", f"{url}/api/events/{mine.pop(choose.randrange(len(mine)))}", None)
        else:
            title = f"바뀐 것 {choose.random()}"
            body = {"title": title} if act == "update" else {"department_id": choose.choice(department_ids)}
            write_surely("PUT", f"{url}/api/events/{choose.choice(mine)}", body)


def write_surely(method: str, url: str, body: dict[str, Any] | None) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    deadline = time.monotonic() + 30
    while True:
        with suppress(requests.RequestException):
            answer = requests.request(method, url, json=body, headers=headers, timeout=10)
            if answer.status_code < 500:
                assert answer.status_code < 300, answer.text
                return
        assert time.monotonic() < deadline, f"{method} {url} is not answered"
        time.sleep(0.05)


@contextmanager
def others_writing(url: str, department_ids: list[str]) -> Iterator[None]:
    stopped = threading.Event()
    writers = [
        threading.Thread(target=write_until_stopped, args=(url, department_ids, stopped, seed))
        for seed in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        stopped.set()
        for writer in writers:
            writer.join()


def go_through_rounds(restarting: Restarting, proxy: CuttingProxy, follower: Follower, event_id: str) -> int:
    """Cuts, lost answers, refused connections and restarts; how many writes were made meanwhile."""
    written = 0
    for number in range(ROUNDS):
        proxy.drop_answers(0.3, seed=number)
        for write in range(WRITES_A_ROUND):
            written += 1
            follower.update(event_id, f"{written}")
            if write == WRITES_A_ROUND // 2:
                proxy.refuse()
                proxy.cut()
            time.sleep(0.05)
        if number % 2:
            restarting.kill_and_start()
        proxy.accept()
        time.sleep(0.8)
        proxy.cut()
    proxy.drop_answers(0)
    return written


def fresh(server: Server, history: str) -> list[dict[str, Any]]:
    """What a GET gives: the events of a department, or the departments."""
    path = "departments" if history == "departments" else f"events/{history}"
    body = requests.get(f"{server.url}/api/{path}", timeout=5).json()
    return body["departments"] if history == "departments" else body["events"]


def wait_until_settled(server: Server, follower: Follower) -> dict[str, Any]:
    """Until the client holds what a fresh GET gives."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        state = follower.state()
        held = {"departments": state["departments"], **state["events"]}
        differing = [each for each in held if held[each] != fresh(server, each)]
        if state["settled"] and not differing:
            return state
        assert time.monotonic() < deadline, f"settled: {state['settled']}, not equal: {differing}, {state['broken']}"
        time.sleep(0.1)


def descriptions_in_history(server: Server, department_id: str, cursor: str, event_id: str) -> list[str]:
    """What was made of the event, change by change."""
    found: list[str] = []
    has_more = True
    while has_more:
        query = {"cursor": cursor, "limit": 500}
        answer = requests.get(f"{server.url}/api/sync/{department_id}", params=query, timeout=5).json()
        found += [each["data"]["description"] for each in answer["changes"] if each["data"]["id"] == event_id]
        cursor, has_more = answer["cursor"], answer["has_more"]
    return found


@pytest.mark.parametrize("client", ["python", pytest.param("javascript", marks=pytest.mark.node)])
def test_nothing_is_missed_and_every_write_has_one_effect(
    restarting: Restarting, client: str, request: pytest.FixtureRequest
) -> None:
    open_follower = request.getfixturevalue(f"{client}_follower")
    server = restarting.current
    departments = [create_department(server)["id"] for _ in range(2)]
    own_event = create_event(server, departments[0], title="내가 쓴 것")
    begin = requests.get(f"{server.url}/api/sync/{departments[0]}", timeout=5).json()["cursor"]

    with cutting_proxy(server.port) as proxy:
        follower = open_follower(proxy.url, departments)
        with others_writing(server.url, departments):
            written = go_through_rounds(restarting, proxy, follower, own_event["id"])
        create_department(server, "나중에 생긴 부서")
        state = wait_until_settled(restarting.current, follower)
        assert proxy.dropped_answers > 0
        follower.close()

    assert state["broken"] == []
    assert state["counts"]["changes"] > 0
    assert state["counts"]["connections"] >= ROUNDS // 2
    effects = descriptions_in_history(restarting.current, departments[0], begin, own_event["id"])
    assert effects == [str(number + 1) for number in range(written)]
