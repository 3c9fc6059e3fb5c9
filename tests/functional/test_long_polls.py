"""Waiting for changes over plain HTTP: woken by a write, in nobody's way, on every kind of server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import create_department, post_event

WAITERS = 20
PROMPT_SECONDS = 0.5
Woken = tuple[int, dict[str, Any], float]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(WAITERS) as threads:
        yield threads


def cursor_of(server: Server, name: str) -> str:
    return str(requests.get(f"{server.url}/api/sync/{name}", timeout=10).json()["cursor"])


def poll(server: Server, name: str, cursor: str, wait: int = 20) -> Woken:
    """The answer to a long poll: status, body, and when it came."""
    query: dict[str, str | int] = {"cursor": cursor, "wait": wait}
    answer = requests.get(f"{server.url}/api/sync/{name}", params=query, timeout=wait + 10)
    return answer.status_code, answer.json(), time.monotonic()


def begin(pool: ThreadPoolExecutor, server: Server, name: str, count: int = 1) -> list[Future[Woken]]:
    """Long polls that are waiting."""
    cursor = cursor_of(server, name)
    polls = [pool.submit(poll, server, name, cursor) for _ in range(count)]
    time.sleep(0.5)
    assert not any(each.done() for each in polls)
    return polls


def test_a_write_wakes_all_who_wait_for_its_department_at_once(server: Server, pool: ThreadPoolExecutor) -> None:
    department_id = create_department(server)["id"]
    polls = begin(pool, server, department_id, WAITERS)
    written = post_event(server, department_id)
    answered_at = time.monotonic()
    for woken in polls:
        status, body, woken_at = woken.result()
        assert (status, body["full"], body["has_more"], body["cursor"]) == (200, False, False, written["cursor"])
        assert [change["data"] for change in body["changes"]] == [written["event"]]
        assert woken_at - answered_at < PROMPT_SECONDS


def test_a_new_department_wakes_who_waits_for_the_list(server: Server, pool: ThreadPoolExecutor) -> None:
    (waiting,) = begin(pool, server, "departments")
    department = create_department(server)
    answered_at = time.monotonic()
    _status, body, woken_at = waiting.result()
    assert [(change["type"], change["data"]) for change in body["changes"]] == [("department_created", department)]
    assert woken_at - answered_at < PROMPT_SECONDS


def test_the_end_of_a_department_wakes_who_waits_for_it(server: Server, pool: ThreadPoolExecutor) -> None:
    department_id = create_department(server)["id"]
    (waiting,) = begin(pool, server, department_id)
    assert requests.delete(f"{server.url}/api/departments/{department_id}", timeout=10).status_code == 200
    answered_at = time.monotonic()
    status, body, woken_at = waiting.result()
    assert (status, body["error"]) == (404, "department_not_found")
    assert woken_at - answered_at < PROMPT_SECONDS


def test_those_who_wait_hold_nobody_up_and_are_not_woken_by_others(server: Server, pool: ThreadPoolExecutor) -> None:
    quiet, busy = create_department(server)["id"], create_department(server)["id"]
    polls = begin(pool, server, quiet, WAITERS)
    for address in ("/healthz", "/api/departments", f"/api/events/{busy}"):
        began = time.monotonic()
        assert requests.get(server.url + address, timeout=10).status_code == 200
        assert time.monotonic() - began < PROMPT_SECONDS, address
    began = time.monotonic()
    post_event(server, busy)
    assert time.monotonic() - began < PROMPT_SECONDS
    time.sleep(1.5)
    assert not any(each.done() for each in polls)
    post_event(server, quiet)
    assert [each.result()[0] for each in polls] == [200] * WAITERS


def test_who_waits_in_vain_is_answered_when_the_time_is_up(server: Server) -> None:
    department_id = create_department(server)["id"]
    cursor = cursor_of(server, department_id)
    began = time.monotonic()
    status, body, answered_at = poll(server, department_id, cursor, wait=1)
    assert (status, body["changes"], body["cursor"]) == (200, [], cursor)
    assert 1 <= answered_at - began < 1 + PROMPT_SECONDS


def test_what_was_missed_already_is_not_waited_for(server: Server) -> None:
    department_id = create_department(server)["id"]
    cursor = cursor_of(server, department_id)
    written = post_event(server, department_id)
    began = time.monotonic()
    _status, body, answered_at = poll(server, department_id, cursor)
    assert [change["data"] for change in body["changes"]] == [written["event"]]
    assert answered_at - began < PROMPT_SECONDS
