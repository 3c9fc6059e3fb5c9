"""Engine.IO sessions whose websockets the direct transport carries."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from engineio import packet as engine_packets
from engineio.exceptions import SocketIsClosedError, UnknownPacketError
from engineio.socket import Socket as EngineSession

from calendar_server.realtime.direct.outgoing import Outlet
from calendar_server.realtime.seams.engine_sessions import close_session, is_upgrading

_PING = engine_packets.Packet(engine_packets.PING)


class Sessions:
    """What the direct transport does to sessions of ``engineio``: see ``direct.connection`` and ``direct.heartbeat``."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._engine = server.eio

    def send_packet(self, session_id: str, packet: Any) -> None:
        """Send to a session that may poll, or be gone."""
        self._engine.send_packet(session_id, packet)

    def ping(self, session: EngineSession) -> bool:
        if session.closed:
            self._remove(session)
            return False
        session.last_ping = math.inf  # the library would compare it with a clock that may be set; the heartbeat looks
        session.send(_PING)
        return True

    def pong(self, session: EngineSession) -> None:
        session.schedule_ping()

    def is_overdue(self, session: EngineSession) -> bool:
        return not session.closed and session.last_ping is not None

    def time_out(self, session: EngineSession) -> None:
        session.close(wait=False, reason=self._engine.reason.PING_TIMEOUT)
        self._remove(session)

    def end_unless_connected(self, session: EngineSession) -> None:
        """Close a session that has joined no namespace."""
        manager = self._server.manager
        if session.closed or any(manager.sid_from_eio_sid(session.sid, each) for each in manager.get_namespaces()):
            return
        close_session(session)
        self._remove(session)

    def receive(self, session: EngineSession, packet: str) -> None:
        with suppress(UnknownPacketError, SocketIsClosedError):
            session.receive(engine_packets.Packet(encoded_packet=packet))

    def probed(self, session: EngineSession) -> bool:
        if session.closed or is_upgrading(session):
            return False
        session.upgrading = True
        session.queue.put(engine_packets.Packet(engine_packets.NOOP))  # ends the poll that waits
        return True

    def taken_over(self, session: EngineSession, outlet: Outlet) -> None:
        """What was emitted for polling and not fetched goes first."""
        outlet.holder.before_writing()
        session.upgrading, session.upgraded, session.connected = False, True, True
        kept, session.queue = session.queue, outlet
        self._server.manager.recipients_changed()
        while not kept.empty():
            outlet.put(kept.get())
        kept.put(engine_packets.Packet(engine_packets.NOOP))  # a poll that still waits would end the session in vain
        if session.closed:
            outlet.put(None)

    def upgrade_failed(self, session: EngineSession) -> None:
        session.upgrading = False

    def lost(self, session: EngineSession) -> None:
        session.close(wait=False, abort=True, reason=self._engine.reason.TRANSPORT_CLOSE)
        self._remove(session)

    def _remove(self, session: EngineSession) -> None:
        if self._engine.sockets.get(session.sid) is session:
            del self._engine.sockets[session.sid]
