"""The answer to bytes that the web server cannot read as HTTP, which never reach the application."""

from __future__ import annotations

from http import HTTPStatus

from calendar_server.api.answers import JSON_HEADERS, NOT_STORED
from calendar_server.errors import Problem
from calendar_server.wire.messages import problem_json, sentence
from calendar_server.wire.strict_json import dump_bytes


def unreadable_answer(status: int, found: str) -> bytes:
    """A whole HTTP answer after which the connection is closed; ``found`` is what the web server did not like.

    Nothing is known of the client, so the message is Korean, with ``found`` as the web server says it.
    """
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    code = "internal_error" if is_ours else "bad_request"
    failure = {"success": False, "error": code, "message": sentence(code, "ko")}
    if found:
        sayable = found.encode("utf-8", "replace").decode()
        failure["details"] = [problem_json(Problem("HTTP", "unreadable", {"found": sayable}), "ko")]
    body = dump_bytes(failure)
    headers = [*JSON_HEADERS, NOT_STORED, ("Content-Length", str(len(body))), ("Connection", "close")]
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
