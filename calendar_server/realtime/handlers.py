"""What clients may ask over a socket; each request is answered through its acknowledgement, whatever it holds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import socketio as socketio_library

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, events_history
from calendar_server.errors import CalendarError, CursorExpired, NotInRoom
from calendar_server.realtime.announcing import Announcer
from calendar_server.realtime.payloads import optional_cursor, optional_department_id, required_department_id, viewer
from calendar_server.realtime.presence import Presence
from calendar_server.realtime.rooms import room_of
from calendar_server.services.calendar import Calendar
from calendar_server.wire.languages import preferred_language
from calendar_server.wire.messages import Language, failure_json, sentence
from calendar_server.wire.places import change_json, everything_json, place_json

_log = logging.getLogger(__name__)

DEPARTMENTS_PER_SOCKET = 1_000

Answer = dict[str, Any]
Handler = Callable[[str, tuple[Any, ...]], Answer]


class CalendarNamespace(socketio_library.Namespace):  # type: ignore[misc] # the library has no types
    """The default namespace. Handlers take the socket's id and the client's arguments, and return the acknowledgement."""

    def __init__(self, calendar: Calendar, announcer: Announcer, presence: Presence) -> None:
        super().__init__("/")
        self._calendar = calendar
        self._announcer = announcer
        self._presence = presence
        self._handlers: Mapping[str, Handler] = {
            "join_department": self.join_department,
            "leave_department": self.leave_department,
            "sync_request": self.sync_request,
            "presence_update": self.presence_update,
        }

    def trigger_event(self, event: str, sid: str, *arguments: Any) -> Answer | None:
        """Called by the library for whatever comes in; never raises, because the library could only log it."""
        try:
            if event == "connect":
                self._connect(sid)
                return None
            if event == "disconnect":
                self._presence.disconnect(sid)
                return None
            return self._acknowledgement(event, sid, arguments)
        except Exception:
            return self._unexpected(event, sid)

    def join_department(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """Join first and look afterwards: what is written in between is heard, not lost.

        With a cursor the answer holds what was missed or, where the log does not reach back to it, everything.

        :raises DepartmentNotFound, CursorInvalid: the socket is not in the room then.
        """
        department_id = required_department_id(arguments)
        room = room_of(department_id)
        rooms = self.rooms(sid)
        was_member = room in rooms
        if not was_member and len(rooms) > DEPARTMENTS_PER_SOCKET:  # one is the socket's own
            return self._failure("too_many_departments", sid, {"max": DEPARTMENTS_PER_SOCKET})
        self.enter_room(sid, room)
        try:
            self._announcer.watch(events_history(department_id))
            return {"success": True, "department_id": department_id, **self._missed(department_id, arguments)}
        except Exception:
            if not was_member:
                self.leave_room(sid, room)
            raise

    def leave_department(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """Leave the room, also one that was never joined."""
        department_id = required_department_id(arguments)
        self.leave_room(sid, room_of(department_id))
        self._presence.leave(sid, department_id)
        return {"success": True, "department_id": department_id}

    def sync_request(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """What happened since the cursor or, without one or where it has expired, everything: of a department's events,
        or of the list of departments where none is named.

        :raises DepartmentNotFound, CursorInvalid:
        """
        department_id = optional_department_id(arguments)
        history = DEPARTMENTS_HISTORY if department_id is None else events_history(department_id)
        cursor = optional_cursor(arguments)
        if department_id is None:
            self._announcer.watch(history)  # where the store was away when the socket connected
        try:
            found = self._everything(history) if cursor is None else self._changes(history, cursor)
        except CursorExpired:
            found = self._everything(history)
        answer = {"success": True, "department_id": department_id, "full": "changes" not in found, **found}
        self.emit("sync_response", answer, to=sid)
        return answer

    def presence_update(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """Who looks at the department through this socket; to be sent at each change, and every ten seconds.

        :raises NotInRoom: it looks at no such department.
        """
        department_id = required_department_id(arguments)
        name, editing = viewer(arguments)
        if room_of(department_id) not in self.rooms(sid):
            raise NotInRoom(department_id)
        viewer_id = self._presence.update(sid, department_id, name, editing)
        return {"success": True, "department_id": department_id, "id": viewer_id}

    def _connect(self, sid: str) -> None:
        """Greet, and announce the list of departments from now on; while the store is away, from its return."""
        with suppress(CalendarError):
            self._announcer.watch(DEPARTMENTS_HISTORY)
        self.emit("connected", self._greeting(sid), to=sid)

    def _missed(self, department_id: str, arguments: tuple[Any, ...]) -> Answer:
        """What a socket that joins is told beside its success."""
        cursor = optional_cursor(arguments)
        if cursor is None:
            head = self._calendar.syncing.head(department_id)
            return place_json(self._calendar.cursors, department_id, head)
        try:
            return self._changes(department_id, cursor)
        except CursorExpired:
            return {"reset": True, **self._everything(department_id)}

    def _changes(self, history: str, cursor: str) -> Answer:
        missed = self._calendar.syncing.missed(history, cursor)
        return {
            "changes": [change_json(change) for change in missed.changes],
            "has_more": missed.has_more,
            **place_json(self._calendar.cursors, history, missed.head),
        }

    def _everything(self, history: str) -> Answer:
        return everything_json(self._calendar, history)

    def _acknowledgement(self, event: str, sid: str, arguments: tuple[Any, ...]) -> Answer:
        handler = self._handlers.get(event)
        if handler is None:
            return self._failure("unknown_event", sid)
        try:
            return handler(sid, arguments)
        except CalendarError as error:
            return failure_json(error, self._language(sid))

    def _unexpected(self, event: str, sid: str) -> Answer | None:
        if not self.server.manager.is_connected(sid, self.namespace):
            _log.debug("%s of a socket that has gone", event)
            return None
        _log.exception("unexpected error in %s", event)
        return self._failure("internal_error", sid)

    def _greeting(self, sid: str) -> Answer:
        return {"message": sentence("connected", self._language(sid)), "sid": sid}

    def _failure(self, code: str, sid: str, params: Mapping[str, Any] | None = None) -> Answer:
        return {"success": False, "error": code, "message": sentence(code, self._language(sid), params)}

    def _language(self, sid: str) -> Language:
        """As the handshake's ``Accept-Language`` has it."""
        environ = self.server.get_environ(sid, self.namespace) or {}
        return preferred_language(environ.get("HTTP_ACCEPT_LANGUAGE"))
