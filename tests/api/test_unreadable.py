"""Answers to what is no HTTP request."""

from __future__ import annotations

import json

import pytest

from calendar_server.api.unreadable import unreadable_answer


def parts(answer: bytes) -> tuple[str, list[str], dict[str, object]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert f"Content-Length: {len(body)}" in headers
    return first, headers, json.loads(body)


@pytest.mark.parametrize(
    ("status", "first", "code"),
    [
        (400, "HTTP/1.1 400 Bad Request", "bad_request"),
        (431, "HTTP/1.1 431 Request Header Fields Too Large", "bad_request"),
        (501, "HTTP/1.1 501 Not Implemented", "bad_request"),
        (500, "HTTP/1.1 500 Internal Server Error", "internal_error"),
    ],
)
def test_it_is_a_failure_like_all_others(status: int, first: str, code: str) -> None:
    line, headers, failure = parts(unreadable_answer(status, "bad <line>"))
    assert line == first
    assert {"Content-Type: application/json", "Cache-Control: no-store", "Connection: close"} <= set(headers)
    assert (failure["success"], failure["error"]) == (False, code)
    assert failure["details"] == [
        {"field": "HTTP", "code": "unreadable", "message": "HTTP 요청으로 읽을 수 없습니다(bad <line>)."}
    ]


def test_of_a_mistake_of_ours_nothing_more_is_said() -> None:
    assert "details" not in parts(unreadable_answer(500, ""))[2]


@pytest.mark.parametrize("found", ["\ud800", "a\r\nX-Injected: 1", "한글", "{0} %s {found}"])
def test_what_the_client_sent_harms_nothing(found: str) -> None:
    _line, headers, failure = parts(unreadable_answer(400, found))
    assert len(headers) == 5
    assert failure["details"]
