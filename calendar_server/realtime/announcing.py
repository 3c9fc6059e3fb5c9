"""Sends committed changes to those who watch, in the order of their numbers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

from flask_socketio import SocketIO

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change
from calendar_server.domain.departments import Department
from calendar_server.realtime.rooms import room_of
from calendar_server.wire.objects import department_json, event_json

_log = logging.getLogger(__name__)


class Announcer:
    """Takes changes from writers and emits them from one background task, so that no writer waits for a client."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._changes = socketio.server.eio.create_queue()
        self._starting = threading.Lock()
        self._started = False

    def announce(self, changes: Sequence[Change]) -> None:
        """Hand over ``changes`` to be sent. It neither waits nor raises; a change that is lost here, clients catch up on."""
        try:
            for change in changes:
                self._changes.put(change)
            self._start_once()
        except Exception:
            _log.exception("changes could not be announced")

    def _start_once(self) -> None:
        """Begin with the first change: a task started earlier would stay behind in the process that forks the workers."""
        with self._starting:
            if not self._started:
                self._socketio.start_background_task(self._send_all)
                self._started = True

    def _send_all(self) -> None:
        while True:
            change = self._changes.get()
            try:
                self.send(change)
            except Exception:
                _log.exception("%s %s of %s was not sent", change.type, change.seq, change.history)
            self._socketio.sleep(0)

    def send(self, change: Change) -> None:
        """Emit one change: departments to everyone, events to their department's room."""
        in_list = change.history == DEPARTMENTS_HISTORY
        message = (subject_message(change), meta_message(change))
        self._socketio.emit(change.type, message, to=None if in_list else room_of(change.history))
        if change.type == "department_deleted":
            self._close_room(change.subject.id)

    def _close_room(self, department_id: str) -> None:
        room = room_of(department_id)
        self._socketio.emit("sync_reset", {"department_id": department_id, "reason": "department_deleted"}, to=room)
        self._socketio.close_room(room)


def subject_message(change: Change) -> dict[str, Any]:
    """The first argument: the object as it is now or, of a deletion, its ids."""
    subject = change.subject
    if isinstance(subject, Department):
        return {"id": subject.id} if change.type == "department_deleted" else department_json(subject)
    if change.type == "event_deleted":
        return {"id": subject.id, "department_id": subject.department_id}
    return event_json(subject)


def meta_message(change: Change) -> dict[str, Any]:
    """The second argument, which older clients never look at: where the change stands in which history."""
    department_id = None if change.history == DEPARTMENTS_HISTORY else change.history
    return {"department_id": department_id, "seq": change.seq, "mutation_id": change.mutation_id}
