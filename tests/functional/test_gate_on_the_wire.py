"""What the gate does as a client sees it, on every kind of server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import requests
from functional.raw_http import chunked, exchange, post
from functional.serving import Server

MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _no_trace_in_the_log(server: Server) -> Iterator[None]:
    yield
    assert "Traceback" not in server.log


def _department_of(size: int) -> bytes:
    """A body of exactly ``size`` bytes whose description is too long."""
    frame = json.dumps({"name": "이름", "description": ""}, ensure_ascii=False).encode()
    return frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"')


@pytest.mark.parametrize("size", [MEBIBYTE - 1, MEBIBYTE])
def test_bodies_up_to_the_limit_are_read(server: Server, size: int) -> None:
    body = _department_of(size)
    assert len(body) == size
    counted = exchange(server, post("/api/departments", f"Content-Length: {size}\r\n", body))
    pieces = [body[start : start + 60_000] for start in range(0, size, 60_000)]
    in_chunks = exchange(server, post("/api/departments", "Transfer-Encoding: chunked\r\n", chunked(pieces)))
    for answer in (counted, in_chunks):
        assert answer.status == 422
        assert answer.json()["details"][0]["code"] == "too_long"


def test_longer_bodies_are_refused_and_the_answer_arrives(server: Server) -> None:
    for size in (MEBIBYTE + 1, 5 * MEBIBYTE):
        body = _department_of(size)
        counted = exchange(server, post("/api/departments", f"Content-Length: {size}\r\n", body))
        pieces = [body[start : start + 60_000] for start in range(0, size, 60_000)]
        in_chunks = exchange(server, post("/api/departments", "Transfer-Encoding: chunked\r\n", chunked(pieces)))
        for answer in (counted, in_chunks):
            assert (answer.status, answer.json()["error"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: ²",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
    ],
)
def test_lengths_that_cannot_be_meant_are_refused(server: Server, headers: str) -> None:
    assert exchange(server, post("/api/departments", headers + "\r\n", b"0\r\n\r\n")).status == 400


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n"])
def test_broken_chunks_are_refused(server: Server, body: bytes) -> None:
    answer = exchange(server, post("/api/departments", "Transfer-Encoding: chunked\r\n", body))
    assert answer.status == 400


UNREADABLE = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "method": (b"G\xc3\x84T /api/departments HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "version": (b"GET /api/departments HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "long line": (b"GET /api/departments?" + b"q" * 9_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "header": (b"GET /api/departments HTTP/1.1\r\nHost: 127.0.0.1\r\nno colon\r\n\r\n", 400),
    "long header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    "coding": (b"POST /api/departments HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: magic\r\n\r\n", 501),
}


@pytest.mark.parametrize("server", ["gunicorn-eventlet", "gunicorn-gevent"], indirect=True)
@pytest.mark.parametrize("name", UNREADABLE)
def test_gunicorn_refuses_what_is_no_http_in_json(server: Server, name: str) -> None:
    request, status = UNREADABLE[name]
    answer = exchange(server, request)
    assert answer.status == status, answer.headers
    assert "Content-Type: application/json" in answer.headers
    failure = answer.json()
    assert (failure["success"], failure["error"], failure["message"]) == (
        False,
        "bad_request",
        "요청을 이해할 수 없습니다.",
    )
    (detail,) = failure["details"]
    assert (detail["field"], detail["code"]) == ("HTTP", "unreadable")
    assert re.fullmatch(r"HTTP 요청으로 읽을 수 없습니다\(.+\)\.", detail["message"], re.DOTALL)


def test_a_body_without_length_is_no_body(server: Server) -> None:
    answer = exchange(server, post("/api/departments", "", b""))
    assert (answer.status, answer.json()["error"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80"]
)
def test_other_hosts_are_refused(server: Server, host: str) -> None:
    for path in ("/api/departments", "/healthz", "/socket.io/?EIO=4&transport=polling"):
        answer = requests.get(server.url + path, headers={"Host": host, "Accept-Language": "en"}, timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (400, "host_not_allowed")
        assert "TRUSTED_HOSTS" in answer.json()["message"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:5000", "192.168.0.7", "192.168.0.7:80", "[::1]:5000", "[fe80::1]"]
)
def test_addresses_and_localhost_are_served(server: Server, host: str) -> None:
    assert requests.get(server.url + "/healthz", headers={"Host": host}, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "a b", "127.0.0.1:99999", "127.0.0.1:x", "[::1", "user@127.0.0.1", "a,b", "1:2:3"]
)
def test_malformed_hosts_are_refused(server: Server, host: str) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    assert exchange(server, request).status == 400


def test_only_old_clients_need_no_host(server: Server) -> None:
    assert exchange(server, b"GET /healthz HTTP/1.0\r\n\r\n").status == 200
    assert exchange(server, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").status == 400


def test_foreign_pages_get_no_cors_headers_and_no_socket(server: Server) -> None:
    foreign = {"Origin": "https://evil.example"}
    answer = requests.get(server.url + "/api/departments", headers=foreign, timeout=10)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    refused = requests.get(server.url + "/socket.io/?EIO=4&transport=polling", headers=foreign, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "origin_not_allowed")


def test_allowed_pages_get_each_cors_header_once(server: Server) -> None:
    local = {"Origin": "http://localhost:3000"}
    for path in ("/api/departments", "/socket.io/?EIO=4&transport=polling"):
        with requests.get(server.url + path, headers=local, timeout=10, stream=True) as answer:
            sent = answer.raw.headers
            assert sent.getlist("Access-Control-Allow-Origin") == ["http://localhost:3000"]
            assert sent.getlist("Access-Control-Allow-Credentials") == ["true"]
            assert "Origin" in answer.headers["Vary"]


def test_a_preflight_names_what_is_allowed(server: Server) -> None:
    asking = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PUT"}
    answer = requests.options(server.url + "/api/departments", headers=asking, timeout=10)
    assert answer.status_code == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]


def test_the_request_id_is_taken_over_where_it_is_sane(server: Server) -> None:
    sane = requests.get(server.url + "/healthz", headers={"X-Request-ID": "abc-1.2_3"}, timeout=10)
    assert sane.headers["X-Request-ID"] == "abc-1.2_3"
    server.wait_for_log("[abc-1.2_3] GET /healthz 200")
    insane = requests.get(server.url + "/healthz", headers={"X-Request-ID": "a b\tc" * 30}, timeout=10)
    assert len(insane.headers["X-Request-ID"]) == 32
