"""What must hold when many clients come at the same moment."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from functional.serving import Server
from functional.talking import create_department, create_event, listening

CLIENTS = 50


def test_of_simultaneous_posts_of_one_name_exactly_one_succeeds(server: Server) -> None:
    name = f"같은 이름 {uuid.uuid4()}"

    def post(_number: int) -> int:
        return requests.post(f"{server.url}/api/departments", json={"name": name}, timeout=20).status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = list(pool.map(post, range(CLIENTS)))
    assert sorted(statuses) == [201, *[409] * (CLIENTS - 1)]


def test_simultaneous_writes_are_numbered_and_sent_without_gaps(server: Server) -> None:
    department_id = create_department(server)["id"]
    with listening(server) as listener:
        listener.ask("join_department", {"department_id": department_id})
        with ThreadPoolExecutor(10) as pool:
            events = list(pool.map(lambda n: create_event(server, department_id, f"{n}"), range(CLIENTS)))
        heard = [listener.next("event_created") for _ in range(CLIENTS)]
    assert [meta["seq"] for _name, _event, meta in heard] == list(range(1, CLIENTS + 1))
    assert {event["id"] for _name, event, _meta in heard} == {event["id"] for event in events}
