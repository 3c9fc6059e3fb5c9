"""Who looks at which department right now, under the name that he gave himself: in memory only, forgotten soon.

A viewer is there from his first ``presence_update`` until he leaves the room, disconnects, or has sent no update for
:data:`EXPIRE_SECONDS`. Whoever is in the room is told of the viewers after a change: changes that come close together
are told together, and the rarer the more viewers there are. In the same rhythm other processes are told of this one's
viewers, and again and again, because they forget what is not repeated.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from flask_socketio import SocketIO

from calendar_server.domain.fields import VIEWERS_NAMED_MAX
from calendar_server.realtime.rooms import room_of
from calendar_server.realtime.viewer_notes import Viewer, Viewers

_log = logging.getLogger(__name__)

EXPIRE_SECONDS = 25.0
SWEEP_SECONDS = 2.0
TICK_SECONDS = 0.1
TELL_SECONDS = 0.3
"""A room is told at most once in this time, and a millisecond more for each viewer."""
TELL_SECONDS_A_VIEWER = 0.001
SHARE_SECONDS = 8.0
"""After so long other processes are told again: they forget a process whose three last messages got lost."""

HEARD_MAX = 100_000
"""So many viewers of other processes are kept, whoever makes them up; each telling counts for one more."""

NOBODY = Viewers((), 0)

Share = Callable[[str, Viewers], None]


@dataclass(slots=True)
class _Room:
    """``own``: viewers on this process's sockets. ``others``: those of other processes. Each with when it was heard."""

    own: dict[str, tuple[Viewer, float]] = field(default_factory=dict)
    others: dict[str, tuple[Viewers, float]] = field(default_factory=dict)
    to_be_told: bool = False
    to_be_shared: bool = False
    not_before: float = 0.0
    shared: float = 0.0

    def own_viewers(self) -> Viewers:
        """What another process has to know."""
        return Viewers(_first_named(viewer for viewer, _heard in self.own.values()), len(self.own))

    def viewers(self) -> Viewers:
        """Everybody."""
        others = [viewers for viewers, _heard in self.others.values()]
        own = (viewer for viewer, _heard in self.own.values())
        named = _first_named(chain(own, *(viewers.named for viewers in others)))
        return Viewers(named, len(self.own) + sum(viewers.count for viewers in others))

    def hear(self, process_id: str, viewers: Viewers, now: float) -> None:
        """Keep what a process says in its place among the others, or nothing where it has nobody."""
        if viewers.count:
            self.others[process_id] = (viewers, now)
        else:
            self.others.pop(process_id, None)

    def heard(self) -> int:
        """What is kept of other processes, as :data:`HEARD_MAX` counts."""
        return sum(_weight(viewers) for viewers, _heard in self.others.values())

    def own_changed(self) -> None:
        self.to_be_told = self.to_be_shared = True

    def forget_before(self, moment: float) -> None:
        """Drop what was last heard before ``moment``."""
        own = {sid: entry for sid, entry in self.own.items() if entry[1] >= moment}
        others = {process_id: entry for process_id, entry in self.others.items() if entry[1] >= moment}
        if len(own) < len(self.own):
            self.own_changed()
        self.to_be_told |= len(others) < len(self.others)
        self.own, self.others = own, others


def _first_named(viewers: Iterable[Viewer]) -> tuple[Viewer, ...]:
    """Those who are editing first, then in the order in which they came."""
    return tuple(sorted(viewers, key=lambda viewer: viewer.editing is None)[:VIEWERS_NAMED_MAX])


def _weight(viewers: Viewers) -> int:
    return len(viewers.named) + 1 if viewers.count else 0


class Presence:
    """The viewers of this process's departments. Nothing here waits for a socket; a background task tells the rooms.

    ``share`` tells other processes, where there are any, and must not wait.
    """

    def __init__(
        self, socketio: SocketIO, clock: Callable[[], float] = time.monotonic, share: Share | None = None
    ) -> None:
        self._socketio = socketio
        self._clock = clock
        self._share = share
        self._guard = threading.Lock()
        self._rooms: dict[str, _Room] = {}
        self._ids: dict[str, str] = {}
        self._runs = False
        self._swept = 0.0
        self._heard = 0

    def update(self, sid: str, department_id: str, name: str, editing: str | None) -> str:
        """A socket that is in the department's room says who looks; gives the viewer's id, the same in all rooms."""
        with self._guard:
            viewer = Viewer(self._ids.setdefault(sid, secrets.token_urlsafe(9)), name, editing)
            room = self._rooms.setdefault(department_id, _Room())
            known = room.own.get(sid)
            room.own[sid] = (viewer, self._clock())
            if known is None or known[0] != viewer:
                room.own_changed()
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
            room = self._rooms.pop(department_id, None)
            self._heard -= 0 if room is None else room.heard()

    def hear(self, process_id: str, department_id: str, viewers: Viewers) -> None:
        """All viewers that another process has in the department now; to be repeated before they expire."""
        with self._guard:
            room = self._rooms.get(department_id) or _Room()
            before, _when = room.others.get(process_id, (NOBODY, 0.0))
            more = _weight(viewers) - _weight(before)
            if more > 0 and self._heard + more > HEARD_MAX:
                return
            self._rooms[department_id] = room
            room.hear(process_id, viewers, self._clock())
            self._heard += more
            room.to_be_told |= before != viewers
        self._begin()

    def _remove(self, sid: str, department_id: str) -> None:
        room = self._rooms.get(department_id)
        if room is not None and room.own.pop(sid, None) is not None:
            room.own_changed()

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
        """One round: forget the expired, and tell the rooms and the processes that are due. False where nobody is there
        any more.
        """
        with self._guard:
            now = self._clock()
            self._sweep(now)
            shares = [self._own_viewers(department_id, now) for department_id in self._due_to_others(now)]
            messages = [self._message(department_id, now) for department_id in self._due(now)]
        for department_id, viewers in shares:
            self._tell_others(department_id, viewers)
        for message in messages:
            self._send(message)
        return self._goes_on()

    def _goes_on(self) -> bool:
        """Asked when all have been told: the task of the next viewer must not overtake this one."""
        with self._guard:
            self._rooms = {key: room for key, room in self._rooms.items() if self._is_needed(room)}
            self._runs = bool(self._rooms)
            return self._runs

    def _is_needed(self, room: _Room) -> bool:
        waits = room.to_be_told or (room.to_be_shared and self._share is not None)
        return bool(room.own or room.others or waits)

    def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for room in self._rooms.values():
            room.forget_before(now - EXPIRE_SECONDS)
        self._heard = sum(room.heard() for room in self._rooms.values())
        present = {sid for room in self._rooms.values() for sid in room.own}
        self._ids = {sid: viewer_id for sid, viewer_id in self._ids.items() if sid in present}

    def _due(self, now: float) -> list[str]:
        return [key for key, room in self._rooms.items() if room.to_be_told and now >= room.not_before]

    def _message(self, department_id: str, now: float) -> dict[str, Any]:
        """What the room is told."""
        room = self._rooms[department_id]
        viewers = room.viewers()
        room.to_be_told = False
        room.not_before = now + TELL_SECONDS + TELL_SECONDS_A_VIEWER * viewers.count
        named = [asdict(viewer) for viewer in viewers.named]
        return {"department_id": department_id, "viewers": named, "count": viewers.count}

    def _due_to_others(self, now: float) -> list[str]:
        if self._share is None:
            return []
        return [key for key, room in self._rooms.items() if _is_due_to_others(room, now)]

    def _own_viewers(self, department_id: str, now: float) -> tuple[str, Viewers]:
        room = self._rooms[department_id]
        room.to_be_shared = False
        room.shared = now
        return department_id, room.own_viewers()

    def _tell_others(self, department_id: str, viewers: Viewers) -> None:
        assert self._share is not None, "only what is due to others is told to them"
        try:
            self._share(department_id, viewers)
        except Exception:
            _log.exception("other processes were not told of the viewers of %s", department_id)

    def _send(self, message: dict[str, Any]) -> None:
        """To this process's own sockets, also where a message queue joins the processes: each tells its own."""
        try:
            self._socketio.emit("presence", message, to=room_of(message["department_id"]), ignore_queue=True)
        except Exception:
            _log.exception("viewers of %s were not told", message["department_id"])


def _is_due_to_others(room: _Room, now: float) -> bool:
    since = now - room.shared
    if room.to_be_shared:
        return since >= TELL_SECONDS + TELL_SECONDS_A_VIEWER * len(room.own)
    return bool(room.own) and since >= SHARE_SECONDS
