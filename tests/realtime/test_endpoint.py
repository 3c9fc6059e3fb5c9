"""Requests that the socket endpoint refuses, and what is left of their sessions."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.test import Client

from calendar_server.realtime.packets import PACKET_MAX_BYTES

HANDSHAKE = {
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def is_gone(socketio: SocketIO, client: Any) -> bool:
    return bool(client.http.get(client.path).status_code == 400) and socketio.server.manager.rooms == {}


@pytest.mark.parametrize("body", [b"", b"x", b"4", b"42{}", b"\xff", b"1\x1e40", b"b4", b'451-["a"]'])
def test_an_unsound_payload_ends_its_session(poller: Any, socketio: SocketIO, body: bytes) -> None:
    client = poller()
    assert client.post(body) == 400
    assert is_gone(socketio, client)


def test_a_payload_beyond_the_limit_ends_its_session(poller: Any, socketio: SocketIO) -> None:
    client = poller()
    assert client.post(b"3" * (PACKET_MAX_BYTES + 1)) == 413
    assert is_gone(socketio, client)


def test_the_longest_payload_is_taken(poller: Any) -> None:
    head, tail = '421["no_such_event","', '"]'
    longest = head + "x" * (PACKET_MAX_BYTES - len(head) - len(tail)) + tail
    assert "unknown_event" in poller().ask(longest)


def test_jsonp_is_refused(app: Flask, socketio: SocketIO) -> None:
    for index in ("0", "", "alert(1)"):
        answer = Client(app).get(f"/socket.io/?EIO=4&transport=polling&j={index}")
        assert answer.status_code == 400
        assert answer.json is not None
        assert answer.json["error"] == "jsonp_refused"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("session_id", ["nobody", "", "%00", "%ff"])
def test_unknown_sessions_are_refused(app: Flask, socketio: SocketIO, method: str, session_id: str) -> None:
    path = f"/socket.io/?EIO=4&transport=polling&sid={session_id}"
    assert Client(app).open(path, method=method, data=b"3").status_code == 400


def test_a_closed_session_is_unknown_even_while_the_library_keeps_it(poller: Any, socketio: SocketIO) -> None:
    client = poller()
    socketio.server.eio.sockets[client.session_id].close(wait=False)
    assert client.session_id in socketio.server.eio.sockets
    assert client.post("3") == 400


@pytest.mark.parametrize("missing", HANDSHAKE)
@pytest.mark.parametrize("instead", [None, "nonsense"])
def test_incomplete_websocket_handshakes_are_refused(
    app: Flask, socketio: SocketIO, missing: str, instead: str | None
) -> None:
    headers = {name: value for name, value in HANDSHAKE.items() if name != missing}
    if instead is not None:
        headers[missing] = instead
    answer = Client(app).get("/socket.io/?EIO=4&transport=websocket", headers=headers)
    assert answer.status_code == 400
    assert socketio.server.eio.sockets == {}


def test_a_polling_request_does_not_become_a_websocket(poller: Any) -> None:
    client = poller(Connection="Upgrade", Upgrade="websocket")
    assert "unknown_event" in client.ask('421["no_such_event"]')


def test_a_second_upgrade_of_one_session_is_refused(poller: Any, socketio: SocketIO) -> None:
    client = poller()
    socketio.server.eio.sockets[client.session_id].upgrading = True
    path = f"/socket.io/?EIO=4&transport=websocket&sid={client.session_id}"
    assert client.http.get(path, headers=HANDSHAKE).status_code == 400


def test_other_addresses_are_not_looked_at(app: Flask, socketio: SocketIO) -> None:
    assert Client(app).get("/elsewhere?j=1&sid=x").status_code == 404
