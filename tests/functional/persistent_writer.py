"""A client that repeats each write under the same Idempotency-Key until it is answered, and keeps what must then be so."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

REQUEST_SECONDS = 10
RETRY_SECONDS = 0.05
GIVE_UP_SECONDS = 60

Json = dict[str, Any]


@dataclass
class PersistentWriter:
    """Creates, changes, moves and deletes events of its own in ``department_ids``, at random.

    ``events``: the events as the last acknowledged answers had them. ``keys``: the writes that were acknowledged, with
    how many rows they must have in the histories.
    """

    url: str
    department_ids: Sequence[str]
    seed: int
    gate: threading.Event
    events: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    interrupted: int = 0
    """Writes that were not answered the first time."""
    replayed: int = 0
    """Writes whose answer was one given before."""
    writing: bool = False
    stopped: bool = False
    """Give up what is not answered."""

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._session = requests.Session()
        self._tags: dict[str, str] = {}
        self.gate.set()

    def write(self) -> None:
        """One write, of any kind, until it is acknowledged; waits at the gate before."""
        self.gate.wait()
        self.writing = True
        try:
            self._write()
        finally:
            self.writing = False

    def _write(self) -> None:
        if not self.events or self._rng.random() < 0.45:
            self._create()
            return
        event = self._rng.choice(list(self.events.values()))
        kind = self._rng.choice(["change", "change", "change", "move", "delete"])
        if kind == "delete":
            self._send("DELETE", f"/api/events/{event['id']}", 200, matching=self._matching(event))
            del self.events[event["id"]]
        elif kind == "move" and len(self.department_ids) > 1:
            target = self._rng.choice([each for each in self.department_ids if each != event["department_id"]])
            self._change(event, {"department_id": target}, rows=2)
        else:
            self._change(event, {"title": self._text(), "description": self._text()})

    def _create(self) -> None:
        """With an id of its own half of the time."""
        body = {"title": self._text(), "event_date": f"2024-01-{self._rng.randrange(1, 29):02}"}
        if self._rng.random() < 0.5:
            body["id"] = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        event = self._send("POST", f"/api/events/{self._rng.choice(self.department_ids)}", 201, body)["event"]
        assert event["id"] not in self.events
        self.events[event["id"]] = event

    def _change(self, event: Json, fields: Json, rows: int = 1) -> None:
        path = f"/api/events/{event['id']}"
        changed = self._send("PUT", path, 200, fields, matching=self._matching(event), rows=rows)["event"]
        assert changed["version"] == event["version"] + 1
        assert {**changed, **fields} == changed
        self.events[event["id"]] = changed

    def _matching(self, event: Json) -> str | None:
        """Half of the time it insists on the state that it knows, which nobody else can have changed."""
        return self._tags[event["id"]] if self._rng.random() < 0.5 else None

    def _send(
        self,
        method: str,
        path: str,
        expected: int,
        body: Json | None = None,
        *,
        matching: str | None = None,
        rows: int = 1,
    ) -> Json:
        key = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        headers = {"Idempotency-Key": key, **({"If-Match": matching} if matching else {})}
        answer, attempts = self._persist(method, path, headers, body)
        assert answer.status_code == expected, (
            f"{method} {path}, attempt {attempts}: {answer.status_code} {answer.text}"
        )
        self.keys[key] = rows
        self.interrupted += attempts > 1
        self.replayed += answer.headers.get("Idempotent-Replayed") == "true"
        found: Json = answer.json()
        if "event" in found:
            self._tags[found["event"]["id"]] = answer.headers["ETag"]
        return found

    def _persist(self, method: str, path: str, headers: Json, body: Json | None) -> tuple[requests.Response, int]:
        """The answer, and the number of the attempt that it came to."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        attempts = 0
        while True:
            attempts += 1
            try:
                answer = self._session.request(
                    method, self.url + path, headers=headers, json=body, timeout=REQUEST_SECONDS
                )
                if answer.status_code != 503:
                    return answer, attempts
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                pass
            if self.stopped or time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path} is not answered after {attempts} attempts")
            time.sleep(RETRY_SECONDS)

    def _text(self) -> str:
        return f"회의 {self._rng.random()}"

    def close(self) -> None:
        self._session.close()


@contextmanager
def persistent_writers(
    count: int, url: str, department_ids: Sequence[str], seed: int
) -> Iterator[list[PersistentWriter]]:
    """Writers with one gate for all of them."""
    gate = threading.Event()
    writers = [PersistentWriter(url, department_ids, seed + number, gate) for number in range(count)]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.close()


def listed(url: str, department_id: str) -> list[Json]:
    """A fresh list of a department's events."""
    answer = requests.get(f"{url}/api/events/{department_id}", timeout=REQUEST_SECONDS)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def history(url: str, department_id: str, cursor: str) -> list[Json]:
    """All changes of a department after ``cursor``, whose numbers must follow one another."""
    changes: list[Json] = []
    while True:
        answer = requests.get(f"{url}/api/sync/{department_id}", params={"cursor": cursor}, timeout=REQUEST_SECONDS)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        changes += page["changes"]
        cursor = page["cursor"]
        if not page["has_more"]:
            numbers = [change["seq"] for change in changes]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
            return changes
