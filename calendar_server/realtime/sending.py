"""The messages that the server sends to rooms, each made in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flask_socketio import SocketIO

from calendar_server import measures
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head
from calendar_server.domain.cursors import Cursors
from calendar_server.realtime.rooms import room_of
from calendar_server.wire.places import change_data, change_meta, place_json

NAMESPACE = "/"
ResetReason = Literal["department_deleted", "history_lost"]


class Sending:
    """Emits to rooms; changes of the list of departments go to everyone."""

    def __init__(self, socketio: SocketIO, cursors: Cursors) -> None:
        self._socketio = socketio
        self._cursors = cursors
        self.department_ended: Callable[[str], None] = lambda _department_id: None
        """Is told of each department whose room is closed."""

    def somebody_watches(self, history: str) -> bool:
        """True where a socket would get the history's messages."""
        room = None if history == DEPARTMENTS_HISTORY else room_of(history)
        try:
            return any(True for _ in self._socketio.server.manager.get_participants(NAMESPACE, room))
        except KeyError:  # its last socket left while the library was looking
            return False

    def change(self, change: Change, epoch: str) -> None:
        """One change, with its place in the history as a second argument, which older clients never look at."""
        message = (change_data(change), change_meta(self._cursors, change, epoch))
        in_list = change.history == DEPARTMENTS_HISTORY
        self._socketio.emit(change.type, message, to=None if in_list else room_of(change.history))
        if change.type == "department_deleted":
            self.reset(change.subject.id, "department_deleted")
            self._socketio.close_room(room_of(change.subject.id))
            self.department_ended(change.subject.id)

    def head(self, department_id: str, head: Head) -> None:
        """Where the department stands, for those who have missed the last message and would not notice otherwise."""
        place = place_json(self._cursors, department_id, head)
        self._socketio.emit("department_head", {"department_id": department_id, **place}, to=room_of(department_id))

    def reset(self, history: str, reason: ResetReason) -> None:
        """The room cannot be served from the log and must reload."""
        measures.resets.labels(reason).inc()
        in_list = history == DEPARTMENTS_HISTORY
        message = {"department_id": None if in_list else history, "reason": reason}
        self._socketio.emit("sync_reset", message, to=None if in_list else room_of(history))
