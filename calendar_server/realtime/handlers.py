"""What clients may ask over a socket; each request is answered through its acknowledgement, whatever it holds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import socketio as socketio_library

from calendar_server.errors import CalendarError
from calendar_server.realtime.payloads import optional_department_id, required_department_id
from calendar_server.realtime.rooms import room_of
from calendar_server.services.reading import Reading
from calendar_server.wire.languages import preferred_language
from calendar_server.wire.messages import Language, failure_json, sentence
from calendar_server.wire.objects import department_json, event_json

_log = logging.getLogger(__name__)

Answer = dict[str, Any]
Handler = Callable[[str, tuple[Any, ...]], Answer]


class CalendarNamespace(socketio_library.Namespace):  # type: ignore[misc] # the library has no types
    """The default namespace. Handlers take the socket's id and the client's arguments, and return the acknowledgement."""

    def __init__(self, reading: Reading) -> None:
        super().__init__("/")
        self._reading = reading
        self._handlers: Mapping[str, Handler] = {
            "join_department": self.join_department,
            "leave_department": self.leave_department,
            "sync_request": self.sync_request,
        }

    def trigger_event(self, event: str, sid: str, *arguments: Any) -> Answer | None:
        """Called by the library for whatever comes in; never raises, because the library could only log it."""
        try:
            if event == "connect":
                self.emit("connected", self._greeting(sid), to=sid)
                return None
            if event == "disconnect":
                return None
            return self._acknowledgement(event, sid, arguments)
        except Exception:
            return self._unexpected(event, sid)

    def join_department(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """Join first and look afterwards: what is written in between is heard, not lost.

        :raises DepartmentNotFound: there is no such department; the socket is not in its room then.
        """
        department_id = required_department_id(arguments)
        room = room_of(department_id)
        was_member = room in self.rooms(sid)
        self.enter_room(sid, room)
        try:
            self._reading.department_head(department_id)
        except Exception:
            if not was_member:
                self.leave_room(sid, room)
            raise
        return {"success": True, "department_id": department_id}

    def leave_department(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """Leave the room, also one that was never joined."""
        department_id = required_department_id(arguments)
        self.leave_room(sid, room_of(department_id))
        return {"success": True, "department_id": department_id}

    def sync_request(self, sid: str, arguments: tuple[Any, ...]) -> Answer:
        """All events of a department, or the list of departments where none is named.

        :raises DepartmentNotFound:
        """
        department_id = optional_department_id(arguments)
        answer: Answer = {"success": True, "department_id": department_id, "full": True}
        if department_id is None:
            answer["departments"] = [department_json(each) for each in self._reading.departments().departments]
        else:
            answer["events"] = [event_json(each) for each in self._reading.events(department_id).events]
        self.emit("sync_response", answer, to=sid)
        return answer

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

    def _failure(self, code: str, sid: str) -> Answer:
        return {"success": False, "error": code, "message": sentence(code, self._language(sid))}

    def _language(self, sid: str) -> Language:
        """As the handshake's ``Accept-Language`` has it."""
        environ = self.server.get_environ(sid, self.namespace) or {}
        return preferred_language(environ.get("HTTP_ACCEPT_LANGUAGE"))
