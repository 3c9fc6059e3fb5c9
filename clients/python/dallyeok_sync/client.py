"""Follows the list of departments and any number of departments, and sends writes."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Literal
from urllib.parse import quote

import requests

from dallyeok_sync.answers import WriteAnswer, WriteFailed, without_answer
from dallyeok_sync.connection import CHANGES, Connection, SocketClient, sockets_like
from dallyeok_sync.history import History
from dallyeok_sync.holding import Message
from dallyeok_sync.keeping import Keeper
from dallyeok_sync.listeners import Listener, Listeners
from dallyeok_sync.loop import Loop
from dallyeok_sync.outbox import Outbox, PendingWrite
from dallyeok_sync.requesting import Headers, Requester
from dallyeok_sync.storage import Storage
from dallyeok_sync.timing import Timing

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Fields = Mapping[str, Any]


class CalendarSync:
    """Methods may be called from any thread.

    Listeners are called in a thread of the client: they may start writes, but must not wait for their results.

    :param url: the server's address, for example ``https://calendar.example.com``.
    :param storage: keeps state and unsent writes; nothing is kept without one.
    :param headers: sent with every request, or what gives them.
    :param session: makes the requests; its cookies, proxies and certificates (``verify``, ``cert``) hold for sockets, too.
        A certificate that cannot be read is an OSError.
    :param socket_options: further arguments of ``socketio.Client.connect``.
    """

    def __init__(
        self,
        url: str,
        *,
        storage: Storage | None = None,
        timing: Timing | None = None,
        headers: Headers | None = None,
        socket_options: Mapping[str, Any] | None = None,
        session: requests.Session | None = None,
        socket_factory: Callable[[], SocketClient] | None = None,
    ) -> None:
        address = url.rstrip("/")
        session = session or requests.Session()
        new_socket = socket_factory or sockets_like(session, address)
        self.timing = timing or Timing()
        self.loop = Loop()
        self._keeper = Keeper(storage, self.loop, self.timing)
        self._requester = Requester(address, headers or {}, session, self.timing.request)
        self._guard = threading.Lock()
        self._departments: dict[str, History] = {}
        self._restored: set[History] = set()
        self._listeners = Listeners()
        self._closed = False
        self._is_connected = False
        self.departments = History(None, self)
        """The list of departments."""
        self._outbox = Outbox(self._requester.send, self._settled, self._save_outbox, self.timing)
        self._connection = Connection(
            address,
            self.timing,
            connected=lambda: self.loop.post(self._connected),
            disconnected=lambda: self.loop.post(self._disconnected),
            heard=lambda name, arguments: self.loop.post(lambda: self._heard(name, *arguments)),
            options=socket_options or {},
            socket_factory=new_socket,
        )
        self.loop.post(lambda: self._restore(self.departments))
        self._outbox.start(self._keeper.load("outbox"))
        self._connection.start()
        self._check_list_later()

    def __enter__(self) -> CalendarSync:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def pending(self) -> list[PendingWrite]:
        """Writes without a final answer, oldest first."""
        return self._outbox.pending

    @property
    def connected(self) -> bool:
        """True while the socket is connected."""
        return self._is_connected

    def department(self, department_id: str) -> History:
        """Follow a department; the same object for the same id until it ends. :raises WriteFailed: ``closed``."""
        history_id = _canonical(department_id)
        with self._guard:
            if self._closed:
                raise without_answer("closed", "The client has been closed.")
            history = self._departments.get(history_id)
            if history is None:
                history = self._departments[history_id] = History(history_id, self)
                found = history
                self.loop.post(lambda: self._restore(found))
        return history

    def on(self, name: Literal["connection", "write"], listener: Listener) -> Callable[[], None]:
        """Be told of ``connection(is_connected)`` or ``write(pending_write, outcome)``.

        The latter also of writes of an earlier life, for which there is no future any more. Gives what takes the
        listener away again.
        """
        self._listeners.add(name, listener)
        return lambda: self._listeners.remove(name, listener)

    def create_event(self, department_id: str, fields: Fields) -> Future[WriteAnswer]:
        """A new event. Without an ``id`` among the fields it gets one, so that later writes can name it already."""
        return self._write("POST", f"/api/events/{quote(department_id, safe='')}", {"id": str(uuid.uuid4()), **fields})

    def update_event(
        self,
        event_id: str,
        fields: Fields,
        *,
        if_match: str | None = None,
        if_version: int | None = None,
        department_id: str | None = None,
    ) -> Future[WriteAnswer]:
        """Change fields; a new ``department_id`` among them moves the event.

        :param if_match: the ETag of the state that the write is for.
        :param if_version: the version that it is for; its ETag is fetched before the write is sent.
        :param department_id: with ``if_version``, where no followed department holds the event.
        """
        version_path = self._version_path(event_id, if_version, department_id)
        path = f"/api/events/{quote(event_id, safe='')}"
        return self._write("PUT", path, fields, if_match, if_version, version_path)

    def delete_event(
        self,
        event_id: str,
        *,
        if_match: str | None = None,
        if_version: int | None = None,
        department_id: str | None = None,
    ) -> Future[WriteAnswer]:
        """Remove an event; the parameters are those of :meth:`update_event`."""
        version_path = self._version_path(event_id, if_version, department_id)
        path = f"/api/events/{quote(event_id, safe='')}"
        return self._write("DELETE", path, None, if_match, if_version, version_path)

    def create_department(self, fields: Fields) -> Future[WriteAnswer]:
        """A new department."""
        return self._write("POST", "/api/departments", fields)

    def update_department(
        self, department_id: str, fields: Fields, *, if_match: str | None = None
    ) -> Future[WriteAnswer]:
        """Change fields of a department."""
        return self._write("PUT", f"/api/departments/{quote(department_id, safe='')}", fields, if_match)

    def delete_department(self, department_id: str, *, if_match: str | None = None) -> Future[WriteAnswer]:
        """Remove a department and all its events."""
        return self._write("DELETE", f"/api/departments/{quote(department_id, safe='')}", None, if_match)

    def discard(self, key: str) -> bool:
        """Give up a pending write, which may have reached the server. False where there is none of this key."""
        return self._outbox.discard(key)

    def close(self, wait_seconds: float = 5.0) -> None:
        """End everything. A request that is under way is waited for; other writes stay in the storage."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        self._connection.close()
        self._outbox.close(wait_seconds)
        self.loop.post(self._come_to_rest)
        self.loop.close()
        self._requester.close()

    # What histories need.

    def ask(self, name: str, payload: Mapping[str, Any], answered: Callable[[Any], None]) -> None:
        """Ask the server; ``answered`` is called in the loop, or never."""

        def acknowledged(answer: Any = None, *_more: Any) -> None:
            self.loop.post(lambda: answered(answer))

        self._connection.emit(name, payload, acknowledged)

    def changed(self, history: History) -> None:
        """Save soon."""
        self._keeper.keep_soon(history)

    def applied(self, history: History, change_type: str, data: dict[str, Any]) -> None:
        """A deleted department ends."""
        deleted = self._departments.get(data["id"]) if change_type == "department_deleted" else None
        if history.id is None and deleted is not None:
            deleted.end(change_type)

    def leave(self, history: History) -> None:
        """Stop following."""
        if history.id is not None and not history.ended:
            self._connection.emit("leave_department", {"department_id": history.id})
            history.end("left")

    def ended(self, history: History) -> None:
        """Forget the history, also in the storage."""
        self._restored.discard(history)
        with self._guard:
            self._departments.pop(history.id or "", None)
        self._keeper.forget(history)

    def _connected(self) -> None:
        self._is_connected = True
        for history in self._histories():
            if history in self._restored:
                history.connected()
        self._outbox.kick()
        self._listeners.emit("connection", True)

    def _disconnected(self) -> None:
        self._is_connected = False
        for history in self._histories():
            history.disconnected()
        self._listeners.emit("connection", False)

    def _heard(self, name: str, *arguments: Any) -> None:
        if name in CHANGES:
            data, meta = (*arguments, None, None)[:2]
            history = self._history(meta)
            if history and isinstance(data, dict) and isinstance(meta, dict) and isinstance(meta.get("seq"), int):
                history.live(Message(name, data, meta))
            return
        message = arguments[0] if arguments else None
        history = self._history(message)
        if history is None or not isinstance(message, dict):
            return
        if name == "sync_reset":
            history.reset(str(message.get("reason")))
        elif isinstance(message.get("seq"), int):
            history.head(message["seq"])

    def _history(self, message: Any) -> History | None:
        """The history that a message or its meta names."""
        if not isinstance(message, dict) or "department_id" not in message:
            return None
        history_id = message["department_id"]
        return self.departments if history_id is None else self._departments.get(history_id)

    def _histories(self) -> list[History]:
        with self._guard:
            return [self.departments, *self._departments.values()]

    def _check_list_later(self) -> None:
        def check() -> None:
            self.departments.check()
            self._check_list_later()

        self.loop.later(self.timing.list_check, check)

    def _write(
        self,
        method: str,
        path: str,
        fields: Fields | None,
        if_match: str | None = None,
        if_version: int | None = None,
        version_path: str | None = None,
    ) -> Future[WriteAnswer]:
        body = None if fields is None else dict(fields)
        return self._outbox.add(PendingWrite(method, path, body, if_match, if_version, version_path))

    def _version_path(self, event_id: str, if_version: int | None, department_id: str | None) -> str | None:
        if if_version is None:
            return None
        found = department_id or self._department_of(_canonical(event_id))
        if found is None:
            raise ValueError("if_version needs the event's department_id")
        return f"/api/events/{quote(found, safe='')}/{quote(event_id, safe='')}"

    def _department_of(self, event_id: str) -> str | None:
        return next((each.id for each in self._histories() if each.id and each.get(event_id)), None)

    def _save_outbox(self, writes: list[PendingWrite]) -> None:
        if self._keeper.keeps:
            self._keeper.save("outbox", [write.saved() for write in writes])

    def _settled(
        self, write: PendingWrite, outcome: WriteAnswer | WriteFailed, future: Future[WriteAnswer] | None
    ) -> None:
        def tell() -> None:
            if isinstance(outcome, WriteAnswer):
                self._take_own(write, outcome.body)
            if future is not None and isinstance(outcome, WriteAnswer):
                future.set_result(outcome)
            elif future is not None and isinstance(outcome, WriteFailed):
                future.set_exception(outcome)
            self._listeners.emit("write", write, outcome)

        self.loop.post(tell)

    def _take_own(self, write: PendingWrite, body: Mapping[str, Any]) -> None:
        """One's own change, from the answer. That to the deletion of an event does not say in which department it was."""
        if not isinstance(body.get("seq"), int):
            return
        event, department = body.get("event"), body.get("department")
        place = {"seq": body["seq"], "cursor": body.get("cursor"), "mutation_id": write.key}
        if event is not None:
            history = self._departments.get(event["department_id"])
            if history is not None:
                history.own(Message("event_updated", event, {"department_id": history.id, **place}))
        elif department is not None:
            self.departments.own(Message("department_updated", department, {"department_id": None, **place}))
        elif write.path.startswith("/api/departments/"):
            gone = {"id": _canonical(write.path.rpartition("/")[2])}
            self.departments.own(Message("department_deleted", gone, {"department_id": None, **place}))

    def _restore(self, history: History) -> None:
        self._keeper.restore(history)
        if not history.ended:
            self._restored.add(history)
            if self._is_connected:
                history.connected()

    def _come_to_rest(self) -> None:
        for history in self._histories():
            history.disconnected()
        self._keeper.keep_all()
        with self._guard:
            self._departments.clear()


def _canonical(object_id: str) -> str:
    """Ids as the server writes them: UUIDs in lower case."""
    return object_id.lower() if _UUID.fullmatch(object_id) else object_id
