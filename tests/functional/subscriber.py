"""A client that follows the contract's rules to the letter, and keeps a record of what it applied.

It joins with its cursor, applies the change whose number is the next, drops lower ones, asks for what lies between at
higher ones, reloads where it is told to, and comes back whenever the connection breaks.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import requests
import socketio
from socketio.exceptions import SocketIOError

ASK_SECONDS = 5
RETRY_SECONDS = 0.05

Json = dict[str, Any]


class BrokenRule(AssertionError):
    """The server did what the contract rules out."""


class Subscriber:
    """Watches one department through ``url``. ``events``: its events by their ids, as they were after change ``seq``."""

    def __init__(self, url: str, department_id: str, transport: str = "websocket") -> None:
        self.url = url
        self.department_id = department_id
        self.transport = transport
        self.events: dict[str, Json] = {}
        self.seq = 0
        self.cursor: str | None = None
        self.applied: list[tuple[int, str, str | None]] = []
        """(seq, type, mutation_id) of each change since the last time everything was loaded."""
        self.reloads = 0
        self.gaps = 0
        self.joins = 0
        self.joined_at = 0.0
        self.error: Exception | None = None
        self._inbox: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._client: socketio.Client | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for_join(self, number: int = 1, seconds: float = 30) -> None:
        """Wait until it has joined ``number`` times, counted from the beginning."""
        self._wait(lambda: self.joins >= number, seconds, f"has joined {self.joins} times instead of {number}")

    def wait_for(self, events: Sequence[Json], seconds: float) -> float:
        """Wait until it holds exactly ``events``; how long that took."""
        began = time.monotonic()
        wanted = {event["id"]: event for event in events}
        self._wait(lambda: self.events == wanted, seconds, f"does not hold the {len(wanted)} events of the store")
        return time.monotonic() - began

    def close(self) -> None:
        """Leave. :raises BrokenRule: the server broke the contract's rules at any time."""
        self._closing.set()
        self._inbox.put(("closing",))
        self._thread.join(timeout=20)
        if self.error is not None:
            raise self.error

    def _wait(self, condition: Any, seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.error is not None:
                raise self.error
            assert time.monotonic() < deadline, f"{complaint} after {seconds} s (at seq {self.seq}, {self.gaps} gaps)"
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                with suppress(SocketIOError, requests.RequestException, OSError), self._connected() as client:
                    self._watch(client)
                self._closing.wait(RETRY_SECONDS)
        except Exception as error:
            self.error = error

    @contextmanager
    def _connected(self) -> Iterator[socketio.Client]:
        inbox: queue.Queue[tuple[Any, ...]] = queue.Queue()
        client = socketio.Client(reconnection=False, request_timeout=ASK_SECONDS)
        client.on("*", lambda *message: inbox.put(message))
        client.on("disconnect", lambda _reason: inbox.put(("disconnect",)))
        try:
            client.connect(self.url, transports=[self.transport], wait_timeout=ASK_SECONDS)
            self._inbox = inbox
            yield client
        finally:
            client.disconnect()

    def _watch(self, client: socketio.Client) -> None:
        self._join(client)
        while not self._closing.is_set():
            name, *arguments = self._inbox.get()
            if name in ("disconnect", "closing"):
                return
            self._hear(client, name, arguments)

    def _join(self, client: socketio.Client) -> None:
        place = {} if self.cursor is None else {"cursor": self.cursor}
        answer = self._ask(client, "join_department", place)
        if self.cursor is None:
            self._catch_up(client)
        elif answer.get("reset"):
            self._load(answer)
        else:
            self._take(client, answer)
        self.joined_at = time.monotonic()
        self.joins += 1

    def _hear(self, client: socketio.Client, name: str, arguments: Sequence[Any]) -> None:
        if name in ("event_created", "event_updated", "event_deleted"):
            self._hear_change(client, name, *arguments)
        elif name == "department_head" and arguments[0]["seq"] > self.seq:
            self._catch_up(client)
        elif name == "sync_reset" and arguments[0]["department_id"] == self.department_id:
            self.cursor = None
            self._catch_up(client)

    def _hear_change(self, client: socketio.Client, name: str, data: Json, meta: Json) -> None:
        if meta["department_id"] != self.department_id:
            raise BrokenRule(f"a change of {meta['department_id']} came to the room of {self.department_id}")
        if meta["seq"] == self.seq + 1:
            self._apply(name, data, meta["seq"], meta["mutation_id"])
            self.cursor = meta["cursor"]
        elif meta["seq"] > self.seq:
            self.gaps += 1
            self._catch_up(client)

    def _catch_up(self, client: socketio.Client) -> None:
        place = {} if self.cursor is None else {"cursor": self.cursor}
        self._take(client, self._ask(client, "sync_request", place))

    def _take(self, client: socketio.Client, answer: Json) -> None:
        while not answer.get("full"):
            for change in answer["changes"]:
                if change["seq"] != self.seq + 1:
                    raise BrokenRule(f"after {self.seq} the server sends {change['seq']}")
                self._apply(change["type"], change["data"], change["seq"], change["mutation_id"])
            if answer["seq"] != self.seq:
                raise BrokenRule(f"the cursor stands for {answer['seq']}, and the changes lead to {self.seq}")
            self.cursor = answer["cursor"]
            if not answer["has_more"]:
                return
            answer = self._ask(client, "sync_request", {"cursor": self.cursor})
        self._load(answer)

    def _load(self, answer: Json) -> None:
        self.events = {event["id"]: event for event in answer["events"]}
        self.seq, self.cursor = answer["seq"], answer["cursor"]
        self.applied = []
        self.reloads += 1

    def _apply(self, name: str, data: Json, seq: int, mutation_id: str | None) -> None:
        known = data["id"] in self.events
        if known is (name == "event_created"):
            raise BrokenRule(f"{name} {seq} of an event that is {'already' if known else 'not'} there")
        if name == "event_deleted":
            del self.events[data["id"]]
        else:
            self.events[data["id"]] = data
        self.applied.append((seq, name, mutation_id))
        self.seq = seq

    def _ask(self, client: socketio.Client, name: str, fields: Mapping[str, Any]) -> Json:
        answer: Json = client.call(name, {"department_id": self.department_id, **fields}, timeout=ASK_SECONDS)
        if not answer["success"]:
            if answer["error"] == "store_unavailable":
                raise OSError(answer["message"])
            raise BrokenRule(f"{name} was refused: {answer}")
        return answer


@contextmanager
def subscribing(url: str, department_ids: Sequence[str]) -> Iterator[list[Subscriber]]:
    """A subscriber for each of ``department_ids``, all of them joined."""
    with ExitStack() as stack:
        subscribers = []
        for department_id in department_ids:
            subscriber = Subscriber(url, department_id)
            stack.callback(subscriber.close)
            subscribers.append(subscriber)
        for subscriber in subscribers:
            subscriber.wait_for_join()
        yield subscribers
