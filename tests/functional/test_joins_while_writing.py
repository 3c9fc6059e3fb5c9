"""Five hundred joins while writes go on: what each joiner holds equals what a GET gives at the same number."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from functional.joining import Copy, Joiner, joiner_over_polling, joiner_over_websocket
from functional.serving import Server
from functional.talking import create_department, post_event

SOCKETS = 50
DEPARTMENTS = 50
JOINS_PER_SOCKET = 10
WRITERS = 6
WRITES_PER_SECOND = 100
JOINING_SECONDS = 4.0
SETTLING_SECONDS = 20

Json = dict[str, Any]
Events = dict[str, Json]


class Writers:
    """Create, change and delete events of random departments until told to stop."""

    def __init__(self, server: Server, departments: list[str]) -> None:
        self._server = server
        self._departments = departments
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(seed,)) for seed in range(WRITERS)]
        self.answered = 0

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _write(self, seed: int) -> None:
        dice = random.Random(seed)
        mine: list[str] = []
        with requests.Session() as session:
            while not self._stopping.is_set():
                due = time.monotonic() + WRITERS / WRITES_PER_SECOND
                self._write_once(dice, session, mine)
                self.answered += 1
                time.sleep(max(0.0, due - time.monotonic()))

    def _write_once(self, dice: random.Random, session: requests.Session, mine: list[str]) -> None:
        body = {"title": f"{dice.random()}", "event_date": "2024-01-20"}
        url = f"{self._server.url}/api/events"
        what = dice.random()
        if not mine or what < 0.5:
            answer = session.post(f"{url}/{dice.choice(self._departments)}", json=body, timeout=10)
            mine.append(answer.json()["event"]["id"])
        elif what < 0.8:
            answer = session.put(f"{url}/{dice.choice(mine)}", json={"title": body["title"]}, timeout=10)
        elif what < 0.9:
            answer = session.delete(f"{url}/{mine.pop(dice.randrange(len(mine)))}", timeout=10)
        else:
            move = {"department_id": dice.choice(self._departments)}
            answer = session.put(f"{url}/{dice.choice(mine)}", json=move, timeout=10)
        assert answer.status_code in (200, 201), answer.text


def get(server: Server, path: str, **query: Any) -> Json:
    answer = requests.get(server.url + path, params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def join(server: Server, joiner: Joiner, department_id: str, first_cursor: str, way: int) -> Copy:
    """In one of the ways that clients have: join and then ask for everything, GET and then join, or come back late."""
    copy = joiner.copies[department_id] = Copy()
    if way == 0:
        joiner.ask("join_department", department_id=department_id)
        answer = joiner.ask("sync_request", department_id=department_id)
        copy.start_from(answer["seq"], answer["events"])
    elif way == 1:
        listed = get(server, f"/api/events/{department_id}")
        answer = joiner.ask("join_department", department_id=department_id, cursor=listed["cursor"])
        copy.start_from(listed["seq"], listed["events"])
        copy.take_missed(answer["changes"])
    else:
        answer = joiner.ask("join_department", department_id=department_id, cursor=first_cursor)
        copy.start_from(0, [])
        copy.take_missed(answer["changes"])
    assert copy.seq == answer["seq"]
    copy.release()
    return copy


def states_by_number(server: Server, department_id: str, first_cursor: str) -> list[Events]:
    """The department's events after each of its changes, as its log tells."""
    changes = get(server, f"/api/sync/{department_id}", cursor=first_cursor)["changes"]
    copy = Copy()
    copy.start_from(0, [])
    states: list[Events] = [{}]
    for change in changes:
        copy.take_missed([change])
        states.append(dict(copy.events))
    return states


class Run:
    """What was seen while joins and writes went on: (department, number, events)."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cursors = {}
        for _ in range(DEPARTMENTS):
            department_id = create_department(server)["id"]
            self.cursors[department_id] = get(server, f"/api/sync/{department_id}")["cursor"]
        self.departments = list(self.cursors)
        self.seen: list[tuple[str, int | None, Events]] = []
        self.lasts: dict[str, Json] = {}
        self.settled = threading.Event()
        self.joined = 0

    def live_with(self, number: int) -> list[Copy]:
        """One socket's life: join, hear until nothing more comes, compare."""
        dice = random.Random(number)
        transport = joiner_over_websocket if number % 2 else joiner_over_polling
        with transport(self.server) as joiner:
            for step in range(JOINS_PER_SOCKET):
                time.sleep(dice.random() * 2 * JOINING_SECONDS / JOINS_PER_SOCKET)
                department_id = self.departments[(number + 7 * step) % DEPARTMENTS]
                copy = join(self.server, joiner, department_id, self.cursors[department_id], (number + step) % 3)
                self.seen.append((department_id, copy.seq, dict(copy.events)))
                self.joined += 1
            assert self.settled.wait(SETTLING_SECONDS + JOINING_SECONDS)
            self._hear_the_rest(joiner)
        for department_id, copy in joiner.copies.items():
            self.seen.append((department_id, copy.seq, copy.events))
        return list(joiner.copies.values())

    def _hear_the_rest(self, joiner: Joiner) -> None:
        deadline = time.monotonic() + SETTLING_SECONDS
        while any(copy.seq != self.lasts[department_id]["seq"] for department_id, copy in joiner.copies.items()):
            assert time.monotonic() < deadline
            joiner.hear()

    def look(self, department_id: str) -> None:
        """A GET in the midst of it."""
        listed = get(self.server, f"/api/events/{department_id}")
        self.seen.append((department_id, listed["seq"], {event["id"]: event for event in listed["events"]}))

    def settle(self) -> None:
        """One last change everywhere, for whoever waits, and where that leads."""
        for department_id in self.departments:
            post_event(self.server, department_id, title="끝")
            self.lasts[department_id] = get(self.server, f"/api/events/{department_id}")
        self.settled.set()


@pytest.mark.timeout(180)
def test_what_each_joiner_holds_equals_a_get_at_the_same_number(server: Server) -> None:
    run = Run(server)
    with ThreadPoolExecutor(SOCKETS) as sockets:
        with Writers(server, run.departments) as writers:
            began = time.monotonic()
            lives = [sockets.submit(run.live_with, number) for number in range(SOCKETS)]
            while run.joined < SOCKETS * JOINS_PER_SOCKET and not any(life.done() for life in lives):
                run.look(random.choice(run.departments))
                time.sleep(0.1)
            seconds, writes = time.monotonic() - began, writers.answered
        run.settle()
        copies = [copy for life in lives for copy in life.result()]

    states = {each: states_by_number(server, each, run.cursors[each]) for each in run.departments}
    different = defaultdict(list)
    for department_id, seq, events in run.seen:
        if seq is None or events != states[department_id][seq]:
            different[department_id].append(seq)
    assert different == {}
    for department_id, last in run.lasts.items():
        assert {event["id"]: event for event in last["events"]} == states[department_id][last["seq"]]
    assert len(copies) == SOCKETS * JOINS_PER_SOCKET
    assert sum(copy.gaps for copy in copies) == 0, "numbers came before those that lie before them"
    assert writes / seconds > WRITES_PER_SECOND / 4, "hardly anything was written while they joined"
    assert "Traceback" not in server.log
