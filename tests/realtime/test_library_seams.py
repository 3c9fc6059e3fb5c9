"""The checks around what the libraries keep to themselves."""

from __future__ import annotations

import inspect
import sys
import time
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
from engineio.exceptions import SocketIsClosedError
from engineio.server import Server as EngineServer
from engineio.socket import Socket as EngineSession
from flask import Flask
from flask_socketio import SocketIO
from gunicorn.workers.base_async import AsyncWorker
from realtime.direct.pretended import Holder, Wire
from socketio.base_manager import BaseManager
from socketio.manager import Manager as SocketManager
from socketio.server import Server as SocketServer

from calendar_server.realtime import library_seams
from calendar_server.realtime.direct.outgoing import Outlet
from calendar_server.realtime.packets import PACKET_MAX_BYTES


class RawSocket:
    """A connection whose ``send`` takes three bytes at a time, as one that does not block may."""

    def __init__(self) -> None:
        self.sent = b""
        self.shut = False

    def send(self, data: bytes) -> int:
        self.sent += data[:3]
        return 3

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def shutdown(self, _how: int) -> None:
        self.shut = True


class RawWebSocket:
    """A websocket that hands out ``frames`` and then breaks."""

    def __init__(self, *frames: Any) -> None:
        self.frames = list(frames)
        self.connection = RawSocket()
        self.ws = SimpleNamespace(sock=self.connection)
        self.closed = False

    def wait(self) -> Any:
        if not self.frames:
            raise TimeoutError
        return self.frames.pop(0)

    def close(self) -> None:
        self.closed = True


def checked(raw: RawWebSocket, session: Any = None) -> Any:
    return library_seams._CheckedWebSocket(raw, session or SimpleNamespace(closed=False))


@pytest.mark.parametrize("frame", [None, "", "x", b"40", "42{}", "4" * (PACKET_MAX_BYTES + 1)])
def test_after_an_unsound_frame_the_websocket_is_over(frame: Any) -> None:
    websocket = checked(RawWebSocket("40", frame, "40"))
    assert [websocket.wait() for _ in range(3)] == ["40", None, None]


def test_a_broken_connection_is_over_without_an_error() -> None:
    assert checked(RawWebSocket()).wait() is None


def test_after_its_close_packet_nothing_is_taken_from_a_client() -> None:
    websocket = checked(RawWebSocket("1", "40"))
    assert [websocket.wait(), websocket.wait()] == ["1", None]


def test_a_session_that_was_closed_takes_nothing_more() -> None:
    session = SimpleNamespace(closed=False)
    websocket = checked(RawWebSocket("40", "40"), session)
    assert websocket.wait() == "40"
    session.closed = True
    assert websocket.wait() is None


def test_closing_hangs_up() -> None:
    raw = RawWebSocket()
    checked(raw).close()
    assert raw.closed
    assert raw.connection.shut


def test_frames_are_sent_whole() -> None:
    raw = RawSocket()
    environ = {"gunicorn.socket": raw, "PATH_INFO": "/"}
    library_seams.send_whole_frames(environ)
    assert environ["gunicorn.socket"].send(b"a long frame") == 12  # type: ignore[attr-defined]
    assert raw.sent == b"a long frame"
    environ["gunicorn.socket"].shutdown(2)  # type: ignore[attr-defined] # all else is the socket's own
    assert raw.shut


def test_fragments_are_bounded_together() -> None:
    class Message:
        def push(self, data: bytes, final: bool = False) -> None:
            pass

    message = library_seams._bounded(Message)()
    message.push(b"x" * PACKET_MAX_BYTES)
    with pytest.raises(ValueError, match="too long"):
        message.push(b"x")


def test_a_broadcast_survives_a_socket_that_closes_under_it(socketio: SocketIO, poller: Any) -> None:
    closing, staying = poller(), poller()

    def closed(_packet: Any) -> None:
        raise SocketIsClosedError

    socketio.server.eio.sockets[closing.session_id].send = closed
    socketio.emit("department_created", {"id": "d1"})
    assert "department_created" in staying.get()


def test_closing_all_reaches_everyone_even_if_one_fails(
    socketio: SocketIO, poller: Any, caplog: pytest.LogCaptureFixture
) -> None:
    failing, other = poller(), poller()

    def fail(**_: Any) -> None:
        raise OSError("broken")

    socketio.server.eio.sockets[failing.session_id].close = fail
    library_seams.close_all_sessions(socketio.server.eio)
    assert socketio.server.eio.sockets[other.session_id].closed
    assert "could not be closed" in caplog.text


@pytest.mark.parametrize(("library", "version"), library_seams.LEANED_ON.items())
def test_the_libraries_are_those_that_were_read(library: str, version: str) -> None:
    """When this fails, read again what the docstrings of the module lean on, then raise the version there."""
    assert metadata.version(library) == version


def test_the_private_parts_of_the_libraries_are_where_they_were() -> None:
    """What :func:`go_direct` leans on; each line fails clearly where a new version has changed it."""
    session_source = inspect.getsource(EngineSession)
    assert "self.queue.put(pkt)" in inspect.getsource(EngineSession.send)
    assert "self.queue.put(None)" in inspect.getsource(EngineSession.close)
    assert "self.server.start_background_task(self._send_ping)" in inspect.getsource(EngineSession.schedule_ping)
    assert "self.server._async['websocket'](" in inspect.getsource(EngineSession._upgrade_websocket)
    assert "self.upgrading or self.upgraded" in session_source
    connect = inspect.getsource(EngineServer._handle_connect)
    assert connect.index("s.schedule_ping()") < connect.index("s.connected = True")
    assert connect.index("self.sockets[sid] = s") < connect.index("s.schedule_ping()")
    assert "self.eio.send(eio_sid, encoded_packet)" in inspect.getsource(SocketServer._send_packet)
    assert "self.environ[eio_sid] = environ" in inspect.getsource(SocketServer._handle_eio_connect)
    for changed in (BaseManager.basic_enter_room, BaseManager.basic_leave_room):
        assert "self.rooms[namespace][room]" in inspect.getsource(changed)
    known = {"rooms", "pending_connect", "pending_disconnect", "callbacks", "eio_to_sid", "json", "logger", "server"}
    assert set(vars(BaseManager())) == known


def test_gunicorn_ends_a_connection_without_an_answer_where_the_application_says_so() -> None:
    source = inspect.getsource(AsyncWorker)
    assert "except StopIteration:\n            raise" in inspect.getsource(AsyncWorker.handle_request)
    assert "except StopIteration as e:" in source
    assert "util.close(client)" in source


def test_membership_is_the_librarys_own(manager: library_seams.DirectManager) -> None:
    """The same calls on the library's manager and on ours lead to the same rooms."""
    stock = SocketManager()
    stock.set_server(manager.server)
    for each in (stock, manager):
        for number in range(3):
            each.basic_enter_room(f"s{number}", "/", None, eio_sid=f"e{number}")
            each.basic_enter_room(f"s{number}", "/", f"s{number}", eio_sid=f"e{number}")
            each.basic_enter_room(f"s{number}", "/", "team")
        each.basic_enter_room("s1", "/", "other")
        each.basic_leave_room("s0", "/", "team")
        each.basic_leave_room("s0", "/", "never joined")
        each.pre_disconnect("s2", "/")
        each.basic_disconnect("s2", "/")
        each.basic_close_room("other", "/")
    assert manager.rooms == stock.rooms
    assert manager.pending_disconnect == stock.pending_disconnect == {}
    for sid in ("s0", "s1", "s2"):
        assert sorted(manager.get_rooms(sid, "/")) == sorted(stock.get_rooms(sid, "/"))


def test_what_requests_have_in_common_is_kept_once_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.12 never lets go of a text that was interned, and clients choose what stands in their requests."""
    environs = [{"HTTP_USER_AGENT": "".join(["Browser ", "1"]), "HTTP_COOKIE": "x" * 8_000} for _ in range(2)]
    interned: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(sys, "intern", lambda text: interned.append(text) or text)
        one, other = (library_seams._remembered(environ) for environ in environs)
    assert interned == []
    assert one["HTTP_USER_AGENT"] is other["HTTP_USER_AGENT"]
    assert one["HTTP_COOKIE"] == "x" * 8_000
    assert library_seams._common.cache_info().currsize <= library_seams._COMMON_TEXTS


def test_a_clock_that_is_set_ends_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SocketIO(Flask("test"), async_mode="threading").server.eio
    session = EngineSession(engine, "e1")
    sessions = library_seams.Sessions(SimpleNamespace(eio=engine))
    assert sessions.ping(session)
    hour_later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: hour_later)
    session.send(library_seams._PING)
    assert not session.closed
    assert sessions.is_overdue(session)


class TestTakingOver:
    @pytest.fixture
    def session(self) -> EngineSession:
        return EngineSession(SocketIO(Flask("test"), async_mode="threading").server.eio, "e1")

    @pytest.fixture
    def sessions(self, session: EngineSession) -> library_seams.Sessions:
        manager = SimpleNamespace(recipients_changed=lambda: None)
        return library_seams.Sessions(SimpleNamespace(eio=session.server, manager=manager))

    def test_only_one_websocket_may(self, session: EngineSession, sessions: library_seams.Sessions) -> None:
        assert [sessions.probed(session) for _ in range(2)] == [True, False]
        sessions.taken_over(session, Outlet(Wire(), Holder()))
        assert not sessions.probed(session)

    def test_nobody_may_once_the_session_is_over(
        self, session: EngineSession, sessions: library_seams.Sessions
    ) -> None:
        session.closed = True
        assert not sessions.probed(session)

    def test_a_session_that_ended_meanwhile_ends(
        self, session: EngineSession, sessions: library_seams.Sessions
    ) -> None:
        assert sessions.probed(session)
        session.close(wait=False, abort=True)
        while not session.queue.empty():  # as a poll does that was waiting
            session.queue.get()
        holder = Holder()
        sessions.taken_over(session, Outlet(Wire(), holder))
        assert holder.told == ["said_all"]

    def test_a_poll_that_still_waits_is_ended(self, session: EngineSession, sessions: library_seams.Sessions) -> None:
        polled = session.queue
        assert sessions.probed(session)
        sessions.taken_over(session, Outlet(Wire(), Holder()))
        assert polled.get(timeout=1).packet_type == library_seams.engine_packets.NOOP


def test_nothing_is_kept_of_a_socket_that_has_gone(manager: library_seams.DirectManager) -> None:
    manager.basic_enter_room("s", "/", None, eio_sid="e")
    manager.basic_enter_room("s", "/", "team")
    manager.basic_disconnect("s", "/")
    assert (manager.rooms, manager._entered, manager._found) == ({}, {}, {})


@pytest.fixture
def manager() -> library_seams.DirectManager:
    made = library_seams.DirectManager()
    made.set_server(SimpleNamespace(packet_class=SimpleNamespace(json=None), logger=None))
    return made


@pytest.mark.parametrize(("joined", "ends"), [(False, True), (True, False)])
def test_a_session_that_joins_no_namespace_is_ended(joined: bool, ends: bool) -> None:
    engine = SocketIO(Flask("test"), async_mode="threading").server.eio
    server = SimpleNamespace(eio=engine, manager=library_seams.DirectManager(), environ={})
    server.manager.set_server(SimpleNamespace(packet_class=SimpleNamespace(json=None), logger=None))
    session = EngineSession(engine, "e1")
    engine.sockets["e1"] = session
    if joined:
        server.manager.basic_enter_room("s1", "/", None, eio_sid="e1")
    library_seams.Sessions(server).end_unless_connected(session)
    assert session.closed is ends
    assert ("e1" in engine.sockets) is not ends
