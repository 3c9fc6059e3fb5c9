"""What the gate lets through, and with what."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder

from calendar_server.config import Settings
from calendar_server.wire.gate import Gate
from calendar_server.wire.logs import request_id

Environ = dict[str, Any]


class Inner:
    """An application that keeps what it was asked, and sends a CORS header of its own."""

    def __init__(self) -> None:
        self.environ: Environ | None = None
        self.body = b""
        self.id = ""

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.environ = environ
        self.body = environ["wsgi.input"].read()
        self.id = request_id.get()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")])
        return [b"inside"]


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def client(inner: Inner) -> Client:
    return Client(Gate(inner, Settings()))


def test_a_request_passes_with_an_id(client: Client, inner: Inner) -> None:
    answer = client.get("/", headers={"X-Request-ID": "from-the-proxy"}, buffered=True)
    assert (answer.status_code, answer.text) == (200, "inside")
    assert answer.headers["X-Request-ID"] == inner.id == "from-the-proxy"
    assert request_id.get() == "-"


@pytest.mark.parametrize("wanted", ["", "a b", "x" * 65, "한글", "a\tb"])
def test_an_insane_id_is_replaced(client: Client, inner: Inner, wanted: str) -> None:
    environ = EnvironBuilder("/").get_environ()
    environ["HTTP_X_REQUEST_ID"] = wanted
    assert client.open(environ).headers["X-Request-ID"] == inner.id
    assert len(inner.id) == 32


@pytest.mark.parametrize("host", ["evil.example", "a b"])
def test_a_refused_host_does_not_reach_the_application(client: Client, inner: Inner, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["success"] is False
    assert inner.environ is None


def test_refusals_are_in_the_clients_language(client: Client) -> None:
    korean = client.get("/", headers={"Host": "evil.example"})
    english = client.get("/", headers={"Host": "evil.example", "Accept-Language": "en"})
    assert korean.json is not None
    assert english.json is not None
    assert korean.json["message"].startswith("허용되지 않은 호스트")
    assert english.json["message"].startswith("This host name is not served")


def test_a_foreign_origin_is_served_without_cors_headers_but_not_on_the_socket(client: Client, inner: Inner) -> None:
    foreign = {"Origin": "https://evil.example"}
    answer = client.get("/api/departments", headers=foreign)
    assert answer.status_code == 200
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118
    assert answer.headers["Vary"] == "Origin"
    assert client.get("/socket.io/", headers=foreign).status_code == 400
    assert client.get("/socket.io", headers=foreign).status_code == 400
    assert client.get("/socket.iophobia", headers=foreign).status_code == 200


def test_an_allowed_origin_replaces_what_the_application_says(client: Client) -> None:
    answer = client.get("/", headers={"Origin": "http://localhost:3000"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["http://localhost:3000"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


def test_a_preflight_is_answered_here(client: Client, inner: Inner) -> None:
    asking = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "DELETE"}
    answer = client.options("/api/departments", headers=asking)
    assert answer.status_code == 204
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    assert inner.environ is None
    client.options("/api/departments", headers={**asking, "Origin": "https://evil.example"})
    assert inner.environ is not None, "for strangers it is a request as any other"


def test_the_body_arrives_with_its_length(client: Client, inner: Inner) -> None:
    client.post("/", data="부서".encode())
    assert inner.body.decode() == "부서"
    assert inner.environ is not None
    assert inner.environ["CONTENT_LENGTH"] == "6"


def test_each_request_is_one_line_of_the_log_and_cannot_write_more(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "calendar_server.access"):
        client.get("/a%0Ab%ED%95%9C", buffered=True)
        client.get("/socket.io/?EIO=4", buffered=True)
    rest, sockets = caplog.records
    assert rest.getMessage().startswith("GET /a\\nb한 200 ")
    assert (rest.levelno, sockets.levelno) == (logging.INFO, logging.DEBUG)


def test_what_ends_a_websocket_passes_through_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def websocket(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise StopIteration

    with caplog.at_level(logging.DEBUG, "calendar_server.access"), pytest.raises(StopIteration):
        Gate(websocket, Settings())(EnvironBuilder("/socket.io/").get_environ(), lambda *_: lambda _: None)
    assert " 101 " in caplog.records[0].getMessage()
