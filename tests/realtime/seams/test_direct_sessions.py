"""Sessions whose websockets the direct transport carries, and what is remembered of their requests."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import pytest
from engineio.packet import NOOP
from engineio.socket import Socket as EngineSession
from flask import Flask
from flask_socketio import SocketIO
from realtime.direct.pretended import Holder, Wire

from calendar_server.realtime.direct.outgoing import Outlet
from calendar_server.realtime.seams import going_direct
from calendar_server.realtime.seams.direct_rooms import DirectManager
from calendar_server.realtime.seams.direct_sessions import _PING, Sessions


def test_a_clock_that_is_set_ends_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SocketIO(Flask("test"), async_mode="threading").server.eio
    session = EngineSession(engine, "e1")
    sessions = Sessions(SimpleNamespace(eio=engine))
    assert sessions.ping(session)
    hour_later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: hour_later)
    session.send(_PING)
    assert not session.closed
    assert sessions.is_overdue(session)


class TestTakingOver:
    @pytest.fixture
    def session(self) -> EngineSession:
        return EngineSession(SocketIO(Flask("test"), async_mode="threading").server.eio, "e1")

    @pytest.fixture
    def sessions(self, session: EngineSession) -> Sessions:
        manager = SimpleNamespace(recipients_changed=lambda: None)
        return Sessions(SimpleNamespace(eio=session.server, manager=manager))

    def test_only_one_websocket_may(self, session: EngineSession, sessions: Sessions) -> None:
        assert [sessions.probed(session) for _ in range(2)] == [True, False]
        sessions.taken_over(session, Outlet(Wire(), Holder()))
        assert not sessions.probed(session)

    def test_nobody_may_once_the_session_is_over(self, session: EngineSession, sessions: Sessions) -> None:
        session.closed = True
        assert not sessions.probed(session)

    def test_a_session_that_ended_meanwhile_ends(self, session: EngineSession, sessions: Sessions) -> None:
        assert sessions.probed(session)
        session.close(wait=False, abort=True)
        while not session.queue.empty():  # as a poll does that was waiting
            session.queue.get()
        holder = Holder()
        sessions.taken_over(session, Outlet(Wire(), holder))
        assert holder.told == ["said_all"]

    def test_a_poll_that_still_waits_is_ended(self, session: EngineSession, sessions: Sessions) -> None:
        polled = session.queue
        assert sessions.probed(session)
        sessions.taken_over(session, Outlet(Wire(), Holder()))
        assert polled.get(timeout=1).packet_type == NOOP


@pytest.mark.parametrize(("joined", "ends"), [(False, True), (True, False)])
def test_a_session_that_joins_no_namespace_is_ended(joined: bool, ends: bool) -> None:
    engine = SocketIO(Flask("test"), async_mode="threading").server.eio
    server = SimpleNamespace(eio=engine, manager=DirectManager(), environ={})
    server.manager.set_server(SimpleNamespace(packet_class=SimpleNamespace(json=None), logger=None))
    session = EngineSession(engine, "e1")
    engine.sockets["e1"] = session
    if joined:
        server.manager.basic_enter_room("s1", "/", None, eio_sid="e1")
    Sessions(server).end_unless_connected(session)
    assert session.closed is ends
    assert ("e1" in engine.sockets) is not ends


def test_what_requests_have_in_common_is_kept_once_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.12 never lets go of a text that was interned, and clients choose what stands in their requests."""
    environs = [{"HTTP_USER_AGENT": "".join(["Browser ", "1"]), "HTTP_COOKIE": "x" * 8_000} for _ in range(2)]
    interned: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(sys, "intern", lambda text: interned.append(text) or text)
        one, other = (going_direct._remembered(environ) for environ in environs)
    assert interned == []
    assert one["HTTP_USER_AGENT"] is other["HTTP_USER_AGENT"]
    assert one["HTTP_COOKIE"] == "x" * 8_000
    assert going_direct._common.cache_info().currsize <= going_direct._COMMON_TEXTS
