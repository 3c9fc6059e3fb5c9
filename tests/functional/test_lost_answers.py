"""A network that loses answers: the write was made, and the client cannot know. It repeats it under the same key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from functional.cutting_proxy import CuttingProxy, cutting_proxy
from functional.persistent_writer import PersistentWriter, history, listed, persistent_writers
from functional.serving import Server
from functional.sizes import sized
from functional.talking import create_department

WRITES = sized(1_000, 10_000)
WRITERS = 4
SHARE = 0.05
SEED = 20240115


@pytest.fixture
def proxy(server: Server) -> Iterator[CuttingProxy]:
    with cutting_proxy(server.port) as opened:
        yield opened


def cursor_of(server: Server, department_id: str) -> str:
    answer = requests.get(f"{server.url}/api/sync/{department_id}", timeout=10).json()
    return str(answer["cursor"])


def write_all(writer: PersistentWriter) -> None:
    for _ in range(WRITES // WRITERS):
        writer.write()


@pytest.mark.soak
@pytest.mark.timeout(sized(120, 1_200))
def test_a_write_whose_answer_is_lost_is_made_once_and_answered_as_if_nothing_had_happened(
    server: Server, proxy: CuttingProxy
) -> None:
    departments = [create_department(server)["id"] for _ in range(2)]
    beginnings = {each: cursor_of(server, each) for each in departments}
    proxy.drop_answers(SHARE, SEED)
    with (
        persistent_writers(WRITERS, proxy.url, departments, SEED) as writers,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        list(pool.map(write_all, writers))
    proxy.drop_answers(0)

    written = Counter({key: rows for writer in writers for key, rows in writer.keys.items()})
    changes = [change for each, cursor in beginnings.items() for change in history(server.url, each, cursor)]
    assert Counter(change["mutation_id"] for change in changes) == written
    told = {event["id"]: event for writer in writers for event in writer.events.values()}
    assert {event["id"]: event for each in departments for event in listed(server.url, each)} == told

    interrupted = sum(writer.interrupted for writer in writers)
    assert interrupted > WRITES * SHARE / 3
    assert sum(writer.replayed for writer in writers) == interrupted
    assert proxy.dropped_answers >= interrupted


def test_departments_too_are_made_changed_and_deleted_once(server: Server, proxy: CuttingProxy) -> None:
    proxy.drop_answers(1.0)
    name = create_department(server)["name"]
    lost = {
        "POST": ("/api/departments", {"name": f"{name} 2"}),
        "PUT": ("/api/departments/{id}", {"name": f"{name} 3"}),
        "DELETE": ("/api/departments/{id}", None),
    }
    made = {"id": ""}
    for number, (method, (path, body)) in enumerate(lost.items()):
        headers = {"Idempotency-Key": f"{name}-{number}".encode().hex()}
        with pytest.raises(requests.ConnectionError):
            requests.request(method, proxy.url + path.format(**made), json=body, headers=headers, timeout=10)
        answer = requests.request(method, server.url + path.format(**made), json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
        assert answer.headers["Idempotent-Replayed"] == "true"
        made = answer.json().get("department", made)
    names = [each["name"] for each in requests.get(f"{server.url}/api/departments", timeout=10).json()["departments"]]
    assert name in names
    assert not {f"{name} 2", f"{name} 3"} & set(names)
