"""An announcer at work without threads, sockets or a clock: the test says who watches and how time goes by."""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.rooms import room_of
from calendar_server.services.calendar import Calendar
from calendar_server.store.embedded import EmbeddedStore


class Idle(Exception):
    """A background task has nothing left to do, where a real one would wait."""


class _Work(queue.SimpleQueue[Any]):
    def get(self, *_: Any) -> Any:
        try:
            return self.get_nowait()
        except queue.Empty:
            raise Idle from None


class ObservedStore:
    """A store that counts its calls, and raises ``failures[call]`` or asks ``guards[call]`` first where there is one."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.guards: dict[str, Callable[..., None]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if not callable(method):
            return method

        def observed(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            if name in self.failures:
                raise self.failures[name]
            if name in self.guards:
                self.guards[name](*arguments)
            return method(*arguments, **options)

        return observed


class Stage:
    """Stands for SocketIO: rooms with somebody inside, what is sent to them, and background tasks that run when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.tasks: list[Callable[[], None]] = []
        self.messages: list[tuple[Any, ...]] = []
        self.failing: set[str] = set()
        self.yields = 0
        self.before_emit: Callable[[], object] = lambda: None
        self.after_look: defaultdict[str | None, list[Callable[[], object]]] = defaultdict(list)
        self._seconds = 0
        self._rooms: set[str | None] = set()
        manager = SimpleNamespace(get_participants=self._participants)
        self.server = SimpleNamespace(eio=SimpleNamespace(create_queue=_Work), manager=manager)

    def connect(self) -> None:
        """Somebody is connected, in no room yet."""
        self._rooms.add(None)

    def enter(self, department_id: str) -> None:
        """Somebody is in the department's room."""
        self._rooms |= {None, room_of(department_id)}

    def empty(self, department_id: str) -> None:
        """The department's room is left by its last watcher."""
        self._rooms.discard(room_of(department_id))

    def carry_out(self) -> None:
        """Do all the announcer's work that is waiting."""
        with suppress(Idle):
            self.tasks[0]()

    def pass_seconds(self, count: int = 1) -> None:
        """Let the announcer look around once a second."""
        for _ in range(count):
            self.let_time_pass(1)
            self.carry_out()

    def let_time_pass(self, seconds: int) -> None:
        """Seconds in which the announcer does not get to its work."""
        self._seconds = seconds
        with suppress(Idle):
            self.tasks[1]()

    def heard(self) -> list[tuple[Any, ...]]:
        """What has been sent since the last call: (event, arguments, room)."""
        messages, self.messages = self.messages, []
        return messages

    def heard_seqs(self) -> list[int]:
        """The numbers of the changes that have been sent since the last call."""
        return [arguments[1]["seq"] for _event, arguments, _room in self.heard() if isinstance(arguments, tuple)]

    def start_background_task(self, target: Callable[[], None]) -> None:
        self.tasks.append(target)

    def emit(self, event: str, arguments: Any, to: str | None = None) -> None:
        self.before_emit()
        if event in self.failing:
            raise OSError("broken")
        self.messages.append((event, arguments, to))

    def close_room(self, room: str) -> None:
        self.messages.append(("close_room", None, room))
        self._rooms.discard(room)

    def sleep(self, seconds: float) -> None:
        if seconds == 0:
            self.yields += 1
            return
        if not self._seconds:
            raise Idle
        self._seconds -= 1
        self.now += seconds

    def _participants(self, _namespace: str, room: str | None) -> Iterator[tuple[str, str]]:
        inside = room in self._rooms
        for follow_up in self.after_look.pop(room, []):
            follow_up()
        if inside:
            yield "socket", "session"


class Scene:
    """A process that announces, and another one (``elsewhere``) that writes to the same file."""

    def __init__(self, store: EmbeddedStore, other_store: EmbeddedStore) -> None:
        self.stage = Stage()
        self.store = ObservedStore(store)
        self.announcer = Announcer(self.stage)  # type: ignore[arg-type]
        self.here = Calendar(self.store, self.announcer.announce)
        self.announcer.serve(self.here)
        self.announcer.start()
        self.elsewhere = Calendar(other_store)

    def department(self, name: str = "개발팀") -> str:
        """The id of a new department, made elsewhere and unnoticed here."""
        return self.elsewhere.editing.create_department({"name": name}).subject.id

    def watch(self, department_id: str) -> None:
        """Somebody joins."""
        self.stage.enter(department_id)
        self.announcer.watch(department_id)
