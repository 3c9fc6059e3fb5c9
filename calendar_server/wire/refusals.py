"""Requests that are refused before any route sees them."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from calendar_server.wire.languages import preferred_language
from calendar_server.wire.messages import sentence
from calendar_server.wire.strict_json import dump_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Refused(Exception):
    """The request is answered with ``status`` and the sentence of ``code``."""

    def __init__(self, code: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.params = params


def answer_refused(refused: Refused, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The answer to a refused request: JSON in the form of every failure, in the client's language."""
    language = preferred_language(environ.get("HTTP_ACCEPT_LANGUAGE"))
    message = sentence(refused.code, language, refused.params)
    body = dump_bytes({"success": False, "error": refused.code, "message": message})
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept-Language"),
    ]
    start_response(f"{refused.status.value} {refused.status.phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
