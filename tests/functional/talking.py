"""What the functional tests say to the server, over REST and over sockets."""

from __future__ import annotations

import queue
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import socketio
from functional.serving import Server

WAIT_SECONDS = 10


def create_department(server: Server, name: str | None = None) -> dict[str, Any]:
    """A new department, by default under a name that nobody has."""
    body = {"name": name or f"부서 {uuid.uuid4()}"}
    answer = requests.post(f"{server.url}/api/departments", json=body, timeout=WAIT_SECONDS)
    assert answer.status_code == 201, answer.text
    return answer.json()["department"]


def post_event(
    server: Server, department_id: str, title: str = "팀 회의", mutation_id: str | None = None, **fields: str
) -> dict[str, Any]:
    """The answer to creating an event on 2024-01-20: the event, and where its change stands."""
    body = {"title": title, "event_date": "2024-01-20", **fields}
    headers = {"Idempotency-Key": mutation_id} if mutation_id else {}
    answer = requests.post(f"{server.url}/api/events/{department_id}", json=body, headers=headers, timeout=WAIT_SECONDS)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def create_event(server: Server, department_id: str, title: str = "팀 회의", **fields: str) -> dict[str, Any]:
    """A new event on 2024-01-20."""
    return post_event(server, department_id, title, **fields)["event"]


def meta_of(answer: dict[str, Any], department_id: str | None, mutation_id: str | None = None) -> dict[str, Any]:
    """The second argument of the live message about a write that was answered so."""
    place = {"seq": answer["seq"], "cursor": answer["cursor"]}
    return {"department_id": department_id, **place, "mutation_id": mutation_id}


class Listener:
    """A Python Socket.IO client that keeps what it hears, in order."""

    def __init__(self) -> None:
        self.client = socketio.Client(reconnection=False, request_timeout=WAIT_SECONDS)
        self._heard: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.client.on("*", lambda *message: self._heard.put(message))

    def ask(self, event: str, *arguments: Any) -> Any:
        """The acknowledgement of an event."""
        return self.client.call(event, arguments or None, timeout=WAIT_SECONDS)

    def next(self, *names: str) -> tuple[Any, ...]:
        """The next message (name, arguments...) that has one of ``names``; all others are skipped."""
        while True:
            message = self._heard.get(timeout=WAIT_SECONDS)
            if message[0] in names:
                return message

    def heard_so_far(self) -> list[tuple[Any, ...]]:
        """All that is waiting, without waiting for more."""
        messages = []
        while not self._heard.empty():
            messages.append(self._heard.get())
        return messages


@contextmanager
def listening(server: Server, transport: str = "websocket", **options: Any) -> Iterator[Listener]:
    """A connected client."""
    listener = Listener()
    listener.client.connect(server.url, transports=[transport], wait_timeout=WAIT_SECONDS, **options)
    try:
        yield listener
    finally:
        listener.client.disconnect()
