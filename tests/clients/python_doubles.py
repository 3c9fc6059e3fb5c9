"""Doubles for the Python client's surroundings: a server in memory, sockets to it that a test can break, HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from clients.python_client import CalendarSync, History, Timing

TIMING = Timing(answer=0.15, grace=0.02, retry=0.01, retry_max=0.05, request=0.2, list_check=60, save=0.01)
WAIT_SECONDS = 5.0


def eventually(condition: Callable[[], Any], what: str = "it") -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.003)


def event(event_id: str, version: int = 1, department_id: str = "d1", **fields: Any) -> dict[str, Any]:
    day = {"event_date": "2024-01-20", "start_time": None}
    return {"id": event_id, "department_id": department_id, "version": version, **day, **fields}


class FakeServer:
    """The histories of a server. A cursor is ``<history>/<epoch>/<seq>``."""

    def __init__(self, *department_ids: str) -> None:
        self.histories: dict[str, dict[str, Any]] = {}
        for name in ("list", *department_ids):
            self.start_anew(name, "a")
        self.sockets: set[FakeSocket] = set()
        self.made: list[FakeSocket] = []
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.limit = 1_000
        self.reachable = True
        self.answering = True
        self.guard = threading.RLock()

    def start_anew(self, name: str, epoch: str, *items: dict[str, Any]) -> None:
        by_id = {item["id"]: item for item in items}
        self.histories[name] = {"changes": [], "items": by_id, "epoch": epoch, "floor": 0}

    def socket(self) -> FakeSocket:
        socket = FakeSocket(self)
        self.made.append(socket)
        return socket

    def place(self, name: str) -> dict[str, Any]:
        history = self.histories[name]
        seq = len(history["changes"])
        return {"cursor": f"{name}/{history['epoch']}/{seq}", "seq": seq}

    def write(
        self, name: str, change_type: str, data: dict[str, Any], key: str | None = None, announce: bool = True
    ) -> tuple[Any, ...]:
        """Commit a change and announce it; the message."""
        with self.guard:
            history = self.histories[name]
            seq = len(history["changes"]) + 1
            history["changes"].append({"seq": seq, "type": change_type, "data": data, "at": "t", "mutation_id": key})
            if change_type.endswith("_deleted"):
                history["items"].pop(data["id"], None)
            else:
                history["items"][data["id"]] = data
            meta = {"department_id": None if name == "list" else name, **self.place(name), "mutation_id": key}
            message = (change_type, data, meta)
        if announce:
            self.say(name, *message)
        return message

    def say(self, name: str, *message: Any) -> None:
        for socket in list(self.sockets):
            if name == "list" or name in socket.rooms:
                socket.hear(*message)

    def cut(self) -> None:
        for socket in list(self.sockets):
            socket.cut()

    def release(self) -> None:
        """Let the answers through that were held back."""
        self.answering = True
        for socket in list(self.sockets):
            waiting, socket.waiting = socket.waiting, []
            for answer in waiting:
                answer()

    def everything(self, name: str) -> dict[str, Any]:
        key = "departments" if name == "list" else "events"
        return {"success": True, "full": True, key: list(self.histories[name]["items"].values()), **self.place(name)}

    def since(self, name: str, cursor: str) -> dict[str, Any] | None:
        history = self.histories[name]
        owner, epoch, text = cursor.split("/")
        seq, end = int(text), len(history["changes"])
        if owner != name:
            return {"success": False, "error": "cursor_invalid", "message": ""}
        if epoch != history["epoch"] or not history["floor"] <= seq <= end:
            return None
        changes = history["changes"][seq : seq + self.limit]
        last = seq + len(changes)
        place = {"cursor": f"{name}/{epoch}/{last}", "seq": last}
        return {"success": True, "full": False, "changes": changes, "has_more": last < end, **place}

    def answer(self, socket: FakeSocket, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """What the real server acknowledges."""
        department_id, cursor = payload.get("department_id"), payload.get("cursor")
        self.asked.append((name, department_id, cursor))
        history = department_id or "list"
        if name == "leave_department":
            socket.rooms.discard(history)
            return {"success": True}
        if history not in self.histories:
            return {"success": False, "error": "department_not_found", "message": ""}
        missed = None if cursor is None else self.since(history, cursor)
        if missed is not None and not missed["success"]:
            return missed
        if name == "join_department":
            socket.rooms.add(history)
            if cursor is None:
                return {"success": True, "department_id": department_id, **self.place(history)}
            return missed or {"reset": True, **self.everything(history)}
        return missed or self.everything(history)


class FakeSocket:
    """As of python-socketio, as far as the client uses it."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.rooms: set[str] = set()
        self.handlers: dict[str, Callable[..., Any]] = {}
        self.is_alive = False
        self.waiting: list[Callable[[], None]] = []

    def on(self, name: str, handler: Callable[..., Any]) -> None:
        self.handlers[name] = handler

    def hear(self, name: str, *values: Any) -> None:
        self.handlers[name](*values)

    def connect(self, url: str, **_options: Any) -> None:
        if not self.server.reachable:
            raise ConnectionError(url)
        self.is_alive = True
        self.server.sockets.add(self)

    def emit(self, name: str, payload: dict[str, Any], callback: Callable[..., None] | None = None) -> None:
        with self.server.guard:
            answer = self.server.answer(self, name, payload)
        if callback is not None and self.server.answering:
            callback(answer)
        elif callback is not None:
            self.waiting.append(lambda: callback(answer))

    def cut(self) -> None:
        """The connection breaks."""
        self.disconnect()
        self.hear("disconnect", "transport close")

    def disconnect(self) -> None:
        self.is_alive = False
        self.server.sockets.discard(self)


class FakeSession(requests.Session):
    """Answers as listed: a dictionary (status, body, headers, text), what makes one, or an error to raise."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Any] = []
        self.requests: list[dict[str, Any]] = []
        self.is_closed = False

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        path = url.removeprefix("http://calendar.test")
        headers = options["headers"]
        request = {"method": method, "path": path, "headers": headers, "body": options["json"]}
        self.requests.append({**request, "key": headers.get("Idempotency-Key")})
        step = self.script.pop(0) if self.script else {"status": 200}
        if isinstance(step, Exception):
            raise step
        if callable(step):
            step = step(request)
        return _response(step)

    def close(self) -> None:
        self.is_closed = True
        super().close()


def _response(answer: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code = answer["status"]
    body = {"success": answer["status"] < 400, **answer.get("body", {})}
    response._content = answer.get("text", json.dumps(body)).encode()
    response.headers.update(answer.get("headers", {}))
    return response


LOST = requests.ConnectionError("the answer was lost")


class MemoryStorage:
    def __init__(self, **values: Any) -> None:
        self.values: dict[str, Any] = values

    def load(self, name: str) -> Any:
        return json.loads(json.dumps(self.values.get(name)))

    def save(self, name: str, value: Any) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = json.loads(json.dumps(value))


class Heard:
    """Everything that a history tells, in order."""

    def __init__(self, history: History) -> None:
        self.changes: list[tuple[int, str, str]] = []
        self.metas: list[dict[str, Any]] = []
        self.resets: list[list[str]] = []
        self.statuses: list[str] = []
        self.ended: list[str] = []
        history.on("change", self._change)
        history.on("reset", lambda state: self.resets.append([item["id"] for item in state]))
        history.on("status", self.statuses.append)
        history.on("ended", self.ended.append)

    @property
    def seqs(self) -> list[int]:
        return [seq for seq, _type, _id in self.changes]

    def forget(self) -> None:
        for each in (self.changes, self.metas, self.resets, self.statuses, self.ended):
            each.clear()

    def _change(self, change_type: str, data: dict[str, Any], meta: dict[str, Any]) -> None:
        self.changes.append((meta["seq"], change_type, data["id"]))
        self.metas.append(meta)


class Client:
    """A client in these surroundings."""

    def __init__(self, server: FakeServer, **options: Any) -> None:
        self.server = server
        self.http = FakeSession()
        self.http.script = options.pop("script", [])
        options = {"timing": TIMING, "session": self.http, "socket_factory": server.socket, **options}
        self.sync = CalendarSync("http://calendar.test/", **options)

    def follow(self, department_id: str = "d1") -> tuple[History, Heard]:
        """A department that is up to date; what it tells from now on."""
        history = self.sync.department(department_id)
        heard = Heard(history)
        eventually(lambda: history.status == "online" and self.sync.departments.status == "online", "online")
        self.settle()
        heard.forget()
        self.server.asked.clear()
        return history, heard

    def settle(self) -> None:
        """Wait until the client has done all that it has to do now."""
        done = threading.Event()
        self.sync.loop.post(done.set)
        assert done.wait(WAIT_SECONDS)


@contextmanager
def client(server: FakeServer, **options: Any) -> Iterator[Client]:
    opened = Client(server, **options)
    try:
        yield opened
    finally:
        opened.sync.close()
