"""Two server processes on one store, and a third that only writes: every watcher sees everything, in order and soon.

No message queue connects them: each server follows the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from doubles import FAKE_CREDENTIALS, made_database, ministack_server
from functional.serving import Server, serving
from functional.subscriber import Subscriber, subscribing
from functional.talking import create_department, create_event

from calendar_server.services.editing import Editing
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore

SECONDS = 2.0
WRITES = 40
KIND = "gunicorn-eventlet"


class Place:
    """One store, the servers on it, and the store as another process holds it."""

    def __init__(self, servers: list[Server], store: Store) -> None:
        self.servers = servers
        self.store = store


@contextmanager
def two_servers(folder: Path, settings: dict[str, str]) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        servers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(serving(KIND, folder / name, settings)))
        yield servers


@contextmanager
def on_embedded(folder: Path) -> Iterator[Place]:
    path = folder / "shared.sqlite3"
    with two_servers(folder, {"EMBEDDED_PATH": str(path)}) as servers:
        store = EmbeddedStore(path)
        try:
            yield Place(servers, store)
        finally:
            store.close()


@contextmanager
def on_dynamodb(folder: Path) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch, ministack_server(folder) as endpoint:
        for name, value in FAKE_CREDENTIALS.items():
            patch.setenv(name, value)
        database = made_database(endpoint)
        try:
            with two_servers(folder, dynamodb_settings(endpoint, database._settings)) as servers:
                yield Place(servers, database)
        finally:
            database.close()


def dynamodb_settings(endpoint: str, settings: object) -> dict[str, str]:
    """Settings of servers on the same tables."""
    tables = {f"{name.upper()}_TABLE": getattr(settings, f"{name}_table") for name in TABLES}
    where = {"AWS_REGION": "ap-northeast-2", "DYNAMODB_ENDPOINT_URL": endpoint}
    return {**FAKE_CREDENTIALS, "STORE": "dynamodb", **where, **tables}


TABLES = ("departments", "events", "changes", "records")
PLACES = {"embedded": on_embedded, "dynamodb": on_dynamodb}


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with PLACES[request.param](tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture
def watched(place: Place) -> Iterator[tuple[str, list[Subscriber]]]:
    """A new department, and two subscribers of it at each server."""
    department_id = create_department(place.servers[0])["id"]
    with ExitStack() as stack:
        subscribers = [
            subscriber
            for server in place.servers
            for subscriber in stack.enter_context(subscribing(server.url, [department_id] * 2))
        ]
        yield department_id, subscribers


def all_hold_what_is_stored(place: Place, department_id: str, subscribers: list[Subscriber]) -> None:
    """Each server's list is the same; each subscriber comes to it in time, without loading it anew."""
    lists = [listed(server, department_id) for server in place.servers]
    assert lists[0] == lists[1]
    for subscriber in subscribers:
        subscriber.wait_for(lists[0], SECONDS)
        assert subscriber.reloads == 1
        assert [seq for seq, _type, _id in subscriber.applied] == list(range(1, subscriber.seq + 1))


def listed(server: Server, department_id: str) -> list[dict[str, object]]:
    answer = requests.get(f"{server.url}/api/events/{department_id}", timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def test_a_write_to_one_server_reaches_the_watchers_of_the_other(
    place: Place, watched: tuple[str, list[Subscriber]]
) -> None:
    department_id, subscribers = watched
    for server in place.servers:
        create_event(server, department_id, "한 번")
        all_hold_what_is_stored(place, department_id, subscribers)


def test_writes_to_both_servers_at_once_reach_all_in_one_order(
    place: Place, watched: tuple[str, list[Subscriber]]
) -> None:
    department_id, subscribers = watched

    def write(number: int) -> None:
        server = place.servers[number % 2]
        event = create_event(server, department_id, f"{number}")
        answer = requests.put(f"{server.url}/api/events/{event['id']}", json={"title": f"{number}번"}, timeout=10)
        assert answer.status_code == 200, answer.text
        if number % 4 == 0:
            assert requests.delete(f"{server.url}/api/events/{event['id']}", timeout=10).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(WRITES)))
    all_hold_what_is_stored(place, department_id, subscribers)
    assert len({tuple(subscriber.applied) for subscriber in subscribers}) == 1
    assert subscribers[0].seq == 2 * WRITES + WRITES // 4


def test_what_a_process_without_sockets_writes_reaches_the_watchers_of_both(
    place: Place, watched: tuple[str, list[Subscriber]]
) -> None:
    department_id, subscribers = watched
    editing = Editing(place.store)
    for number in range(10):
        editing.create_event(department_id, {"title": f"이관 {number}", "event_date": "2024-01-20"})
    all_hold_what_is_stored(place, department_id, subscribers)
    assert subscribers[0].seq == 10


def test_a_server_sees_at_once_what_was_acknowledged_by_another_process(place: Place) -> None:
    department_id = create_department(place.servers[0])["id"]
    editing = Editing(place.store)
    for number in range(6):
        if number % 3 == 2:
            created = editing.create_event(department_id, {"title": f"{number}", "event_date": "2024-01-20"}).subject.id
        else:
            created = create_event(place.servers[number % 3], department_id, f"{number}")["id"]
        for server in place.servers:
            assert created in {event["id"] for event in listed(server, department_id)}


def test_a_move_through_one_server_reaches_the_watchers_of_both_departments_at_the_other(place: Place) -> None:
    departments = [create_department(place.servers[0])["id"] for _ in range(2)]
    event = create_event(place.servers[0], departments[0])
    with subscribing(place.servers[1].url, departments) as subscribers:
        body = {"department_id": departments[1]}
        moved = requests.put(f"{place.servers[0].url}/api/events/{event['id']}", json=body, timeout=10)
        assert moved.status_code == 200, moved.text
        subscribers[0].wait_for([], SECONDS)
        subscribers[1].wait_for([moved.json()["event"]], SECONDS)


def test_the_same_write_sent_to_both_servers_is_made_once(place: Place) -> None:
    department_id = create_department(place.servers[0])["id"]

    def post(number: int) -> requests.Response:
        return requests.post(
            f"{place.servers[number % 2].url}/api/events/{department_id}",
            json={"title": "같은 것", "event_date": "2024-01-20"},
            headers={"Idempotency-Key": key},
            timeout=20,
        )

    for _ in range(5):
        key = str(uuid.uuid4())
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(post, range(6)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(listed(place.servers[0], department_id)) == 5
