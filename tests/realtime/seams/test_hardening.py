"""The checks around what the libraries keep to themselves."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from engineio.exceptions import SocketIsClosedError
from flask_socketio import SocketIO

from calendar_server.realtime.packets import PACKET_MAX_BYTES
from calendar_server.realtime.seams import hardening
from calendar_server.realtime.seams.engine_sessions import close_all_sessions


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
    return hardening._CheckedWebSocket(raw, session or SimpleNamespace(closed=False))


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
    hardening.send_whole_frames(environ)
    assert environ["gunicorn.socket"].send(b"a long frame") == 12  # type: ignore[attr-defined]
    assert raw.sent == b"a long frame"
    environ["gunicorn.socket"].shutdown(2)  # type: ignore[attr-defined] # all else is the socket's own
    assert raw.shut


def test_fragments_are_bounded_together() -> None:
    class Message:
        def push(self, data: bytes, final: bool = False) -> None:
            pass

    message = hardening._bounded(Message)()
    message.push(b"x" * PACKET_MAX_BYTES)
    with pytest.raises(ValueError, match="too long"):
        message.push(b"x")


class Session:
    """An Engine.IO session that polls; ``upgrade`` is what its library does with a websocket."""

    def __init__(self, upgrade: Any) -> None:
        self.connected, self.upgrading, self.upgraded, self.closed = True, False, False, False
        self._upgrade = upgrade

    def websocket_handler(self, websocket: Any) -> Any:
        return self._upgrade(self, websocket)


def handlers_of(session: Session) -> Any:
    """What runs for each websocket of ``session`` once its handshake is done."""
    made: list[Any] = []
    libraries = {"websocket": lambda handle, _server: made.append(handle), "queue": object, "queue_empty": Exception}
    engine = SimpleNamespace(_async=libraries, send_packet=None, sockets={})
    hardening.harden(engine)
    engine._async["websocket"](session.websocket_handler, engine)
    return made[0]


def test_of_two_websockets_whose_handshakes_are_done_the_first_has_the_session() -> None:
    second = RawWebSocket("2probe")

    def upgrade(session: Session, _websocket: Any) -> str:
        assert handle(second) == []
        assert second.connection.shut
        assert session.upgrading, "the second has taken nothing from the first"
        session.upgraded, session.upgrading = True, False
        return "served"

    session = Session(upgrade)
    handle = handlers_of(session)
    assert handle(RawWebSocket("2probe")) == "served"
    assert second.frames == ["2probe"], "nobody has read what it said"
    assert handle(RawWebSocket("2probe")) == []


def test_until_the_first_is_gone_there_is_no_other() -> None:
    second = RawWebSocket("2probe")

    def upgrade(session: Session, _websocket: Any) -> None:
        session.upgrading = False  # as the library does where the probe was none
        assert handle(second) == []

    handle = handlers_of(Session(upgrade))
    handle(RawWebSocket("4"))
    assert second.connection.shut


@pytest.mark.parametrize("failure", [OSError, None])
def test_after_an_upgrade_that_failed_there_may_be_another(failure: type[Exception] | None) -> None:
    def upgrade(session: Session, _websocket: Any) -> None:
        if failure is not None:
            raise failure

    session = Session(upgrade)
    handle = handlers_of(session)
    with suppress(OSError):
        handle(RawWebSocket())
    assert not session.upgrading


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
    close_all_sessions(socketio.server.eio)
    assert socketio.server.eio.sockets[other.session_id].closed
    assert "could not be closed" in caplog.text
