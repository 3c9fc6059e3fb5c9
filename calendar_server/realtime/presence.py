"""Who looks at which department right now, under the name that he gave himself: in memory only, forgotten soon.

A viewer is there from his first ``presence_update`` until he leaves the room, disconnects, or has sent no update for
:data:`EXPIRE_SECONDS`. Whoever is in the room is told of the viewers after a change: changes that come close together
are told together, and the rarer the more viewers there are.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flask_socketio import SocketIO

from calendar_server.domain.fields import VIEWERS_NAMED_MAX
from calendar_server.realtime.rooms import room_of

_log = logging.getLogger(__name__)

EXPIRE_SECONDS = 25.0
SWEEP_SECONDS = 2.0
TICK_SECONDS = 0.1
TELL_SECONDS = 0.3
"""A room is told at most once in this time, and a millisecond more for each viewer."""
TELL_SECONDS_A_VIEWER = 0.001


@dataclass(frozen=True, slots=True)
class Viewer:
    """``id`` names the viewer and nothing else; ``editing`` is the event that he has open for editing."""

    id: str
    name: str
    editing: str | None


@dataclass(slots=True)
class _Room:
    """``own``: viewers on this process's sockets. ``others``: those of other processes. Each with when it was heard."""

    own: dict[str, tuple[Viewer, float]] = field(default_factory=dict)
    others: dict[str, tuple[tuple[Viewer, ...], float]] = field(default_factory=dict)
    to_be_told: bool = False
    not_before: float = 0.0

    def viewers(self) -> Iterator[Viewer]:
        for viewer, _heard in self.own.values():
            yield viewer
        for viewers, _heard in self.others.values():
            yield from viewers

    def forget_before(self, moment: float) -> None:
        """Drop what was last heard before ``moment``."""
        own = {sid: entry for sid, entry in self.own.items() if entry[1] >= moment}
        others = {process_id: entry for process_id, entry in self.others.items() if entry[1] >= moment}
        self.to_be_told |= len(own) < len(self.own) or len(others) < len(self.others)
        self.own, self.others = own, others


class Presence:
    """The viewers of this process's departments. Nothing here waits for a socket; a background task tells the rooms."""

    def __init__(self, socketio: SocketIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._socketio = socketio
        self._clock = clock
        self._guard = threading.Lock()
        self._rooms: dict[str, _Room] = {}
        self._ids: dict[str, str] = {}
        self._runs = False
        self._swept = 0.0

    def update(self, sid: str, department_id: str, name: str, editing: str | None) -> str:
        """A socket that is in the department's room says who looks; gives the viewer's id, the same in all rooms."""
        with self._guard:
            viewer = Viewer(self._ids.setdefault(sid, secrets.token_urlsafe(9)), name, editing)
            room = self._rooms.setdefault(department_id, _Room())
            known = room.own.get(sid)
            room.own[sid] = (viewer, self._clock())
            room.to_be_told |= known is None or known[0] != viewer
        self._begin()
        return viewer.id

    def leave(self, sid: str, department_id: str) -> None:
        """The socket has left the room."""
        with self._guard:
            self._remove(sid, department_id)

    def disconnect(self, sid: str) -> None:
        """The socket has gone."""
        with self._guard:
            for department_id in list(self._rooms):
                self._remove(sid, department_id)
            self._ids.pop(sid, None)

    def end(self, department_id: str) -> None:
        """The department is no more, and nobody is told of its viewers."""
        with self._guard:
            self._rooms.pop(department_id, None)

    def hear(self, process_id: str, department_id: str, viewers: Sequence[Viewer]) -> None:
        """All viewers that another process has in the department now; to be repeated before they expire."""
        with self._guard:
            room = self._rooms.setdefault(department_id, _Room())
            before, _heard = room.others.pop(process_id, ((), 0.0))
            if viewers:
                room.others[process_id] = (tuple(viewers), self._clock())
            room.to_be_told |= before != tuple(viewers)
        self._begin()

    def own_viewers(self, department_id: str) -> tuple[Viewer, ...]:
        """Those on this process's own sockets: what another process would :meth:`hear`."""
        with self._guard:
            room = self._rooms.get(department_id)
            return tuple(viewer for viewer, _heard in room.own.values()) if room else ()

    def _remove(self, sid: str, department_id: str) -> None:
        room = self._rooms.get(department_id)
        if room is not None and room.own.pop(sid, None) is not None:
            room.to_be_told = True

    def _begin(self) -> None:
        """Start the background task, unless it runs: not before there is a viewer, who is never in a process that forks."""
        with self._guard:
            starts, self._runs = not self._runs, True
        if starts:
            self._socketio.start_background_task(self._keep_telling)

    def _keep_telling(self) -> None:
        """Goes on while anybody is there, and begins anew with the next update."""
        while self.tell():
            self._socketio.sleep(TICK_SECONDS)

    def tell(self) -> bool:
        """One round: forget the expired, and tell the rooms that are due. False where nobody is there any more."""
        with self._guard:
            now = self._clock()
            self._sweep(now)
            messages = [self._message(department_id, now) for department_id in self._due(now)]
            self._rooms = {key: room for key, room in self._rooms.items() if room.own or room.others or room.to_be_told}
            self._runs = bool(self._rooms)
            goes_on = self._runs
        for message in messages:
            self._send(message)
        return goes_on

    def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for room in self._rooms.values():
            room.forget_before(now - EXPIRE_SECONDS)
        present = {sid for room in self._rooms.values() for sid in room.own}
        self._ids = {sid: viewer_id for sid, viewer_id in self._ids.items() if sid in present}

    def _due(self, now: float) -> list[str]:
        return [key for key, room in self._rooms.items() if room.to_be_told and now >= room.not_before]

    def _message(self, department_id: str, now: float) -> dict[str, Any]:
        """What the room is told: those who are editing first, then in the order in which they came."""
        room = self._rooms[department_id]
        viewers = sorted(room.viewers(), key=lambda viewer: viewer.editing is None)
        room.to_be_told = False
        room.not_before = now + TELL_SECONDS + TELL_SECONDS_A_VIEWER * len(viewers)
        named = [asdict(viewer) for viewer in viewers[:VIEWERS_NAMED_MAX]]
        return {"department_id": department_id, "viewers": named, "count": len(viewers)}

    def _send(self, message: dict[str, Any]) -> None:
        """To this process's own sockets, also where a message queue joins the processes: each tells its own."""
        try:
            self._socketio.emit("presence", message, to=room_of(message["department_id"]), ignore_queue=True)
        except Exception:
            _log.exception("viewers of %s were not told", message["department_id"])
