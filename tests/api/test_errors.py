"""Every failure is JSON with a stable code, in the client's language, without a trace of how it came about."""

from __future__ import annotations

import logging

import pytest
from werkzeug.exceptions import ImATeapot, ServiceUnavailable

from calendar_server.errors import CalendarError, ConfigurationError, StoreUnavailable, StoreUnusable

WRITES = [
    ("post", "/api/departments", {"name": "영업팀"}),
    ("put", "/api/departments/{department}", {"name": "새 이름"}),
    ("delete", "/api/departments/{department}", None),
    ("post", "/api/events/{department}", {"event_date": "2024-02-01", "title": "새 회의"}),
    ("put", "/api/events/{event}", {"title": "새 제목"}),
    ("delete", "/api/events/{event}", None),
]
READS = [
    ("get", "/api/departments", None),
    ("get", "/api/departments/{department}", None),
    ("get", "/api/events/{department}", None),
    ("get", "/api/events/{department}/{event}", None),
]


@pytest.mark.parametrize(
    "address",
    [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/departments/a/b",
        "/api/events",
        "/elsewhere",
        "//api/departments",
        "/api//departments",
        "/api/%2e%2e",
        "/%FF",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_unknown_address_is_404_in_json(client, address, method):
    answer = client.open(address, base_url="http://localhost", method=method.upper())
    assert answer.status_code == 404
    assert answer.content_type == "application/json"
    assert answer.json == {"success": False, "error": "not_found", "message": "요청한 주소를 찾을 수 없습니다."}


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PUT", "/api/departments", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/api/departments/x", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}),
        ("NONSENSE", "/api/events/x", {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}),
        ("DELETE", "/api/events/x/y", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_wrong_method_is_405_and_names_those_that_are_allowed(client, method, address, allowed):
    answer = client.open(address, method=method)
    assert (answer.status_code, answer.json["error"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed
    options = client.options(address)
    assert (options.status_code, options.data) == (204, b"")
    assert set(options.headers["Allow"].split(", ")) == allowed


def test_head_is_get_without_a_body(client, department):
    for address in ("/api/departments", f"/api/events/{department['id']}", "/api/events/none", "/healthz"):
        got, head = client.get(address), client.head(address)
        assert (head.status_code, head.data) == (got.status_code, b"")
        assert head.headers == got.headers


def test_trailing_slash_is_the_same_address(client, department):
    assert client.get("/api/departments/").json["departments"] == [department]
    assert client.get(f"/api/events/{department['id']}/").json["events"] == []


@pytest.mark.parametrize(
    ("accepted", "message"),
    [
        (None, "부서를 찾을 수 없습니다."),
        ("ko", "부서를 찾을 수 없습니다."),
        ("ko-KR,en;q=0.9", "부서를 찾을 수 없습니다."),
        ("fr", "부서를 찾을 수 없습니다."),
        ("*", "부서를 찾을 수 없습니다."),
        (";;;q=", "부서를 찾을 수 없습니다."),
        ("en", "There is no such department."),
        ("en-GB;q=0.8, ko;q=0.2", "There is no such department."),
        ("fr, en;q=0.1", "There is no such department."),
    ],
)
def test_message_is_korean_unless_english_is_preferred(client, accepted, message):
    answer = client.get("/api/departments/none", headers={"Accept-Language": accepted} if accepted else {})
    assert answer.json["message"] == message
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "address", "body"), WRITES + READS)
def test_store_that_does_not_answer_is_503_with_retry_after(
    client, department, event, watched_store, method, address, body
):
    before = [client.get("/api/departments").json, client.get(f"/api/events/{department['id']}").json]
    watched_store.failure = StoreUnavailable("connection to 10.0.0.5 timed out", retry_after_seconds=7)
    answer = client.open(
        address.format(department=department["id"], event=event["id"]), method=method.upper(), json=body
    )
    assert (answer.status_code, answer.json["error"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"] == "7"
    assert "10.0.0.5" not in answer.text
    watched_store.failure = None
    assert [client.get("/api/departments").json, client.get(f"/api/events/{department['id']}").json] == before


@pytest.mark.parametrize(("method", "address", "body"), WRITES)
def test_commit_that_fails_changes_nothing(client, department, event, watched_store, method, address, body):
    before = [client.get("/api/departments").json, client.get(f"/api/events/{department['id']}").json]
    watched_store.failure, watched_store.failing = StoreUnavailable("disk is full"), frozenset({"commit"})
    answer = client.open(
        address.format(department=department["id"], event=event["id"]), method=method.upper(), json=body
    )
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    watched_store.failure = None
    assert [client.get("/api/departments").json, client.get(f"/api/events/{department['id']}").json] == before


def test_store_that_is_not_set_up_is_503_and_the_log_says_why(client, watched_store, caplog):
    watched_store.failure = StoreUnusable(["table 'events' is missing"])
    answer = client.get("/api/departments")
    assert (answer.status_code, answer.json["error"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "events" not in answer.text
    assert "table 'events' is missing" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("secret detail"),
        KeyError("secret detail"),
        ConfigurationError(["secret detail"]),
        CalendarError("secret detail"),
    ],
)
def test_mistake_of_ours_is_500_without_a_trace_but_logged_with_one(client, watched_store, caplog, error):
    watched_store.failure = error
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/departments", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert answer.json == {"success": False, "error": "internal_error", "message": "An error occurred on the server."}
    assert "Traceback" in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ImATeapot(), 418, "bad_request"), (ServiceUnavailable(retry_after=9), 503, "internal_error")],
)
def test_any_other_refusal_of_flask_is_json_too(client, watched_store, error, status, code):
    watched_store.failure = error
    answer = client.get("/api/departments")
    assert (answer.status_code, answer.json["error"]) == (status, code)
    assert answer.headers.get("Retry-After") == ("9" if status == 503 else None)
