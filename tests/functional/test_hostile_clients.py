"""Garbage of every kind gets a 4xx or a closed socket; never a 5xx, never a trace in the log."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
import requests
import websocket
from functional.raw_http import exchange
from functional.serving import Server
from functional.talking import create_department, listening

POLLING = "/socket.io/?EIO=4&transport=polling"
CLOSE_SECONDS = 5

HOSTILE_PACKETS = [
    "", "x", "é", "²", "9", "7{}", "0", "6", "0{}", "2", "2x", "bAAAA", "4", "4x", "44", '44"x"', "4é", "4²[]",
    "42", "42{}", "42[]", "42[[]]", "42[1]", "42[null]", '42[{"a":1}]', "42nope", '42["a"', '42["connect",{}]',
    '42["disconnect"]', '42["a",NaN]', '42["a",1e999]', '42["a","\\ud800"]', "42" + "[" * 3_000, "42" + "9" * 30 + '["a"]',
    "4299999999999999999999999999999999", "40[]", "40null", '401{"a":1}', "41x", '43["x"]', "43", "431{}",
    '45["a"]', '451-["a",{"_placeholder":true,"num":0}]', '4599999999-["a"]', '461-1["a"]', "42/", '42/x["a"',
    "d=4", "x" * 70_000, '42["a","' + "x" * 70_000 + '"]',
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_trace_in_the_log(server: Server) -> Iterator[None]:
    yield
    assert "Traceback" not in server.log
    assert requests.get(server.url + "/healthz", timeout=10).status_code == 200


def _polling_session(server: Server) -> str:
    opened = requests.get(server.url + POLLING, timeout=10).text
    sid = opened.partition('"sid":"')[2].partition('"')[0]
    address = f"{server.url}{POLLING}&sid={sid}"
    assert requests.post(address, data="40", timeout=10).status_code == 200
    assert requests.get(address, timeout=10).text.startswith("40")
    return address


@contextmanager
def _websocket(server: Server, query: str = "", **options: Any) -> Iterator[websocket.WebSocket]:
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket{query}"
    connection = websocket.create_connection(address, timeout=CLOSE_SECONDS, **options)
    try:
        yield connection
    finally:
        connection.shutdown()


@contextmanager
def _connected_websocket(server: Server) -> Iterator[websocket.WebSocket]:
    with _websocket(server) as connection:
        assert connection.recv().startswith("0")
        connection.send("40")
        assert connection.recv().startswith("40")
        assert connection.recv().startswith('42["connected"')
        yield connection


def _is_closed_by_server(connection: websocket.WebSocket) -> bool:
    try:
        while connection.recv():
            pass
    except websocket.WebSocketTimeoutException:
        return False
    except (websocket.WebSocketException, OSError):
        pass
    return True


@pytest.mark.parametrize("packet", HOSTILE_PACKETS, ids=lambda packet: repr(packet[:24]))
def test_a_hostile_packet_ends_its_session(server: Server, packet: str) -> None:
    address = _polling_session(server)
    assert requests.post(address, data=packet.encode(), timeout=10).status_code in (400, 413)
    assert requests.get(address, timeout=10).status_code == 400, "the session is still there"

    with _connected_websocket(server) as connection:
        connection.send(packet)
        assert _is_closed_by_server(connection)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"4\xff", b"3\x1e" * 40, b"1\x1e40", b"2probe", b"5", b"42[\x00]"])
def test_payloads_that_only_polling_can_carry(server: Server, body: bytes) -> None:
    address = _polling_session(server)
    assert requests.post(address, data=body, timeout=10).status_code == 400
    assert requests.post(address, data="3", timeout=10).status_code == 400, "the session is still there"


FRAMES = [
    b"\x81\x85\x00\x00\x00\x00\xff\xfe\xfd\xfc\xfb",  # text that is no UTF-8
    b"\x82\x84\x00\x00\x00\x00\x00\x01\x02\x03",  # binary
    b"\x81\x0240",  # not masked
    b"\xf1\x82\x00\x00\x00\x0040",  # reserved bits
    b"\x83\x82\x00\x00\x00\x0040",  # unknown opcode
    b"\x80\x82\x00\x00\x00\x0040",  # continuation of nothing
    b"\x88\x81\x00\x00\x00\x00\x03",  # close with half a code
    b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff",  # a length beyond everything
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame[:2].hex())
def test_a_broken_frame_ends_its_websocket(server: Server, frame: bytes) -> None:
    with _connected_websocket(server) as connection:
        with suppress(OSError):  # it may hang up before it has read all
            connection.sock.sendall(frame + b"\x00" * 70_000)
        assert _is_closed_by_server(connection)


def test_endless_fragments_end_the_websocket(server: Server) -> None:
    with _connected_websocket(server) as connection:
        with suppress(OSError):
            for number in range(6):
                opcode = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
                connection.send_frame(websocket.ABNF.create_frame("x" * 30_000, opcode, fin=0))
        assert _is_closed_by_server(connection)


def test_a_namespace_that_is_not_there_cannot_be_joined(server: Server) -> None:
    with _connected_websocket(server) as connection:
        connection.send("40/nowhere,")
        assert connection.recv().startswith("44/nowhere,")
        connection.send('42/nowhere,1["join_department"]')
        connection.send('427["no_such_event"]')
        assert connection.recv().startswith("437[")


HOSTILE_CURSORS = [
    "", "x", ".", "..", ".x", "x.", "가나다", "\x00", "null", "WyJkIl0", "WyJkIl0.", "WyJkIl0.AAAA",
    "W10.AAAAAAAAAAAAAAAAAAAAAAAAAAA", ".eJwDAAAAAAE.AAAAAAAAAAAAAAAAAAAAAAAAAAA", "=" * 100, "A" * 4_000, "%00%ff",
    "../../etc/passwd", "' OR 1=1 --",
]  # fmt: skip


def test_cursors_that_this_server_never_gave_out_are_refused(server: Server) -> None:
    department_id = create_department(server)["id"]
    with listening(server) as listener:
        for cursor in HOSTILE_CURSORS:
            for event in ("join_department", "sync_request"):
                answer = listener.ask(event, {"department_id": department_id, "cursor": cursor})
                assert (answer["success"], answer["error"]) == (False, "cursor_invalid"), cursor
            for name in (department_id, "departments"):
                query: dict[str, str | int] = {"cursor": cursor, "wait": 20}
                refused = requests.get(f"{server.url}/api/sync/{name}", params=query, timeout=10)
                assert (refused.status_code, refused.json()["error"]) == (400, "cursor_invalid"), cursor
        for cursor in (7, 1.5, True, [], {}, ["x"]):
            answer = listener.ask("join_department", {"department_id": department_id, "cursor": cursor})
            assert (answer["success"], answer["error"]) == (False, "validation_failed"), cursor


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
BAD_REQUESTS = [
    ("GET", "", {}), ("GET", "?EIO=3&transport=polling", {}), ("GET", "?EIO=4&transport=pigeon", {}),
    ("GET", "?EIO=x&transport=polling", {}), ("GET", "?EIO=4&transport=polling&sid=nobody", {}),
    ("GET", "?EIO=4&transport=polling&sid=", {}), ("POST", "?EIO=4&transport=polling", {}),
    ("POST", "?EIO=4&transport=polling&sid=nobody", {}), ("GET", "?EIO=4&transport=websocket", {}),
    ("GET", "?EIO=4&transport=websocket&sid=nobody", HANDSHAKE), ("GET", "?EIO=4&transport=polling&j=0", {}),
    ("GET", "?EIO=4&transport=polling&j=", {}), ("GET", "?EIO=4&transport=polling&j=alert(1)", {}),
    ("GET", "?%ff=%ff&transport=%00", {}), ("POST", "?EIO=4&transport=websocket", HANDSHAKE),
    *(("GET", "?EIO=4&transport=websocket", {**HANDSHAKE, name: "nonsense"}) for name in HANDSHAKE),
    *(
        ("GET", "?EIO=4&transport=websocket", {key: value for key, value in HANDSHAKE.items() if key != name})
        for name in HANDSHAKE
    ),
    ("GET", "?EIO=4&transport=websocket", {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key1": "1"}),
]  # fmt: skip


@pytest.mark.parametrize("request_line", BAD_REQUESTS, ids=str)
def test_a_bad_request_to_the_endpoint_is_a_400(server: Server, request_line: tuple[str, str, dict[str, str]]) -> None:
    method, query, headers = request_line
    answer = requests.request(method, f"{server.url}/socket.io/{query}", headers=headers, timeout=10)
    assert answer.status_code == 400


def test_extensions_that_cannot_be_read_do_no_harm(server: Server) -> None:
    header = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=nonsense; =;,,"
    with _websocket(server, header=[header]) as connection:
        assert connection.recv().startswith("0")


def test_an_upgrade_without_its_probe_leaves_the_polling_session_alone(server: Server) -> None:
    address = _polling_session(server)
    for first in ("x", '42["join_department"]', "2probe"):
        with _websocket(server, "&sid=" + address.partition("&sid=")[2]) as connection:
            connection.send(first)
            if first == "2probe":
                assert connection.recv() == "3probe"
                connection.send("garbage")
            assert _is_closed_by_server(connection)
    assert requests.post(address, data='421["no_such_event"]', timeout=10).status_code == 200
    deadline = time.monotonic() + CLOSE_SECONDS
    while "431[" not in (text := requests.get(address, timeout=10).text):
        assert time.monotonic() < deadline, text


def test_of_two_websockets_that_want_one_session_the_second_is_turned_away(server: Server) -> None:
    query = "&sid=" + _polling_session(server).partition("&sid=")[2]
    with ExitStack() as stack:
        first = stack.enter_context(_websocket(server, query))
        with suppress(websocket.WebSocketBadStatusException):
            second = stack.enter_context(_websocket(server, query))
            first.send("2probe")
            assert first.recv() == "3probe"
            second.send("2probe")
            assert _is_closed_by_server(second)
            first.send("5")
            first.send('421["no_such_event"]')
            while not first.recv().startswith("431["):
                pass


def test_a_flood_of_malformed_requests_brings_no_server_error(server: Server) -> None:
    dice = random.Random(20240120)
    statuses = [exchange(server, _malformed(dice), seconds=1).status for _ in range(150)]
    assert [status for status in statuses if status >= 500 and status != 501] == []
    assert sum(400 <= status < 500 for status in statuses) > 60


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW", "get", "P\x00ST", "")
PATHS = (
    "/api/departments", "/api/departments/%00", "/api/events/%ff%fe", "/api/events/../..", "/api/events/" + "x" * 3_000,
    "/socket.io/", POLLING, POLLING + "&sid=%00", "/api/departments?limit=%ff", "*", "http://evil.example/", "/%zz",
    "/api/events/x?from=2024-13-45&limit=-1", "/healthz/../api", "/부서", "", "/api/sync/departments?cursor=%ff&wait=25",
    "/api/sync/%00?limit=0&wait=1e9", "/api/sync/x?cursor=" + "A" * 3_000,
)  # fmt: skip
HEADERS = (
    "Content-Length: 4", "Content-Length: 99999999999", "Content-Length: x", "Transfer-Encoding: chunked",
    "Content-Type: application/json", "Content-Type: \xff", "Host: \x01", "Host: 127.0.0.1", "X-Request-ID: \x7f\x80",
    "Origin: null", "Origin: http://[", "If-None-Match: ,,,\"", "If-Match: W/", "Accept-Language: ;q=,*;;", "Upgrade: websocket",
    "Connection: upgrade", "Expect: 100-continue", "Script_Name: /x", "SCRIPT_NAME: /x", "X-Forwarded-Host: evil", ": x", "x",
    "Cookie: \xff=\xfe", "Range: bytes=-", "Idempotency-Key: \x80",
)  # fmt: skip
BODIES = (
    b"",
    b"{}",
    b"[" * 5_000,
    b"\xff\xfe",
    b'{"name":"\\ud800"}',
    b"ffffffffffff\r\n",
    b"2\r\n{}\r\n0\r\n\r\n",
    b"NaN",
)


def _malformed(dice: random.Random) -> bytes:
    version = dice.choice(("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", ""))
    headers = [*dice.sample(HEADERS, dice.randint(0, 4)), "Connection: close"]
    if dice.random() < 0.7:
        headers.insert(0, "Host: localhost")
    head = f"{dice.choice(METHODS)} {dice.choice(PATHS)} {version}\r\n" + "".join(f"{line}\r\n" for line in headers)
    return head.encode("utf-8" if dice.random() < 0.5 else "latin-1", "replace") + b"\r\n" + dice.choice(BODIES)
