"""The libraries are as they were when they were read."""

from __future__ import annotations

import inspect
from importlib import metadata

import pytest
from engineio.server import Server as EngineServer
from engineio.socket import Socket as EngineSession
from gunicorn.workers.base_async import AsyncWorker
from socketio.base_manager import BaseManager
from socketio.server import Server as SocketServer

from calendar_server.realtime.seams import LEANED_ON


@pytest.mark.parametrize(("library", "version"), LEANED_ON.items())
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
