"""Rooms whose messages go out through the direct transport."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import socketio as socketio_library
from engineio import packet as engine_packets
from socketio import packet as socket_packets

from calendar_server import measures
from calendar_server.realtime.direct.outgoing import Outlet, framed
from calendar_server.realtime.direct.transport import DirectTransport


class DirectManager(socketio_library.Manager):  # type: ignore[misc] # the library has no types
    """``emit`` to rooms goes through :attr:`transport` where one has been set; everything else is the library's."""

    transport: DirectTransport | None = None

    def __init__(self) -> None:
        super().__init__()
        self._entered: dict[tuple[str, str], list[str | None]] = {}
        self._found: dict[tuple[str, str | None], tuple[Sequence[Outlet], Sequence[str]]] = {}

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """As the library has it. What needs a packet of its own for each recipient, or bytes, is left to it."""
        room = to or room
        if self.transport is None or callback or skip_sid or not isinstance(room, str | None):
            self._flush()
            measures.deliveries.inc(sum(1 for _ in self.get_participants(namespace, room)))
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **options)
            return
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        encoded = self.server.packet_class(socket_packets.EVENT, namespace=namespace, data=[event, *arguments]).encode()
        for each in encoded if isinstance(encoded, list) else [encoded]:  # binary: with its attachments
            # two packets, because one remembers how it was encoded first, and polling has bytes as base64
            frame, packet = (engine_packets.Packet(engine_packets.MESSAGE, each) for _ in range(2))
            recipients = partial(self._recipients, namespace, room)
            self.transport.fanout.add((namespace, room), recipients, framed(frame.encode()), packet)

    def recipients_changed(self) -> None:
        """A session has got an outlet."""
        self._found.clear()

    def _recipients(self, namespace: str, room: str | None) -> tuple[Sequence[Outlet], Sequence[str]]:
        """Who is in the room: outlets of websockets, and the ids of sessions that have none."""
        found = self._found.get((namespace, room))
        if found is None:
            found = self._find_recipients(namespace, room)
            if len(found[0]) > 1:  # keeping it for the many rooms with one socket would cost more than it saves
                self._found[namespace, room] = found
        return found

    def _find_recipients(self, namespace: str, room: str | None) -> tuple[Sequence[Outlet], Sequence[str]]:
        outlets: list[Outlet] = []
        others: list[str] = []
        sessions = self.server.eio.sockets
        for session_id in self.rooms.get(namespace, {}).get(room, {}).values():
            session = sessions.get(session_id)
            if session is not None and not session.closed:
                if type(session.queue) is Outlet:
                    outlets.append(session.queue)
                else:
                    others.append(session_id)
        return outlets, others

    def _flush(self) -> None:
        if self.transport is not None:
            self.transport.flush()

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        self._flush()
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._found.pop((namespace, room), None)
        entered = self._entered.setdefault((namespace, sid), [])
        if room not in entered:
            entered.append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        self._flush()
        super().basic_leave_room(sid, namespace, room)
        self._found.pop((namespace, room), None)
        entered = self._entered.get((namespace, sid), [])
        if room in entered:
            entered.remove(room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """As the library has it, without looking through the rooms of everybody else, as in the next."""
        return [room for room in self._entered.get((namespace, sid), ()) if room is not None]

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        for room in list(self._entered.get((namespace, sid), ())):
            self.basic_leave_room(sid, namespace, room)
        self._entered.pop((namespace, sid), None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]
