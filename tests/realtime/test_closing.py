"""Sockets of a server that is going down."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask_socketio import SocketIO

from calendar_server.realtime import closing
from calendar_server.services.waiting import Waiting


class Ended(Exception):
    """Ends the watch, which otherwise lasts as long as the process."""


def test_sockets_stay_open_until_the_server_stops(
    socketio: SocketIO, poller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = poller()
    answers = iter([False, False, True])
    pauses: list[int] = []

    def pause(_seconds: float) -> None:
        pauses.append(len([each for each in socketio.server.eio.sockets.values() if not each.closed]))
        if len(pauses) == 3:
            raise Ended

    monkeypatch.setattr(socketio, "sleep", pause)
    with pytest.raises(Ended):
        closing._watch(lambda: next(answers), socketio, Waiting())
    assert pauses == [1, 1, 0]
    assert client.http.get(client.path).status_code == 400


def test_long_polls_wait_until_the_server_stops(socketio: SocketIO, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting()
    answers = iter([False, True])
    woken: list[bool] = []

    def pause(_seconds: float) -> None:
        woken.append(waiter.is_set())
        if len(woken) == 2:
            raise Ended

    monkeypatch.setattr(socketio, "sleep", pause)
    with waiting.waiter("departments") as waiter, pytest.raises(Ended):
        closing._watch(lambda: next(answers), socketio, waiting)
    assert woken == [False, True]
    assert waiting.closed


def test_the_watch_runs_in_the_background(socketio: SocketIO, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    monkeypatch.setattr(closing, "LOOK_SECONDS", 60)
    closing.close_sockets_when(asked.set, socketio, Waiting())  # type: ignore[arg-type]
    assert asked.wait(5)
