"""What must hold when many clients come at the same moment."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from functional.serving import Server
from functional.talking import create_department, listening, meta_of, post_event

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
            answers = list(pool.map(lambda n: post_event(server, department_id, f"{n}"), range(CLIENTS)))
        heard = [listener.next("event_created") for _ in range(CLIENTS)]
    answers.sort(key=lambda answer: answer["seq"])
    assert [answer["seq"] for answer in answers] == list(range(1, CLIENTS + 1))
    assert [message[1:] for message in heard] == [
        (answer["event"], meta_of(answer, department_id)) for answer in answers
    ]
