"""Errors → answers: the one place where a status and a body are chosen for what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from calendar_server.api.answers import JSON_HEADERS, NOT_STORED, VARIES, json_response, request_language, respond
from calendar_server.api.bodies import InvalidJson, JsonRequired
from calendar_server.api.entity_tags import object_tag, subject_json
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.errors import (
    CalendarError,
    Conflict,
    CursorExpired,
    CursorInvalid,
    Invalid,
    KeyReused,
    NotFound,
    StoreUnavailable,
    StoreUnusable,
    VersionConflict,
)
from calendar_server.wire.messages import Language, failure_json, sentence
from calendar_server.wire.strict_json import dump_bytes

_log = logging.getLogger(__name__)

STATUS: Mapping[type[CalendarError], HTTPStatus] = {
    InvalidJson: HTTPStatus.BAD_REQUEST,
    CursorInvalid: HTTPStatus.BAD_REQUEST,
    CursorExpired: HTTPStatus.GONE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    VersionConflict: HTTPStatus.PRECONDITION_FAILED,
    JsonRequired: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnusable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The nearest class counts; an error without one here is a mistake of ours (500)."""

HTTP_CODES: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}
"""Codes of what Flask itself refuses; ``bad_request`` for any other."""

UNUSABLE_RETRY_SECONDS = 30
"""When to come again while an administrator has to do something first."""


def register_error_handlers(app: Flask) -> None:
    """Answer every failure of ``app`` as JSON."""
    app.register_error_handler(CalendarError, answer_calendar_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_unexpected)


def answer_calendar_error(error: CalendarError) -> Response:
    """What the server raised on purpose."""
    if status_of(error) is None:
        return answer_unexpected(error)
    _log_failure(error)
    return respond(failure_answer(error, request_language()))


def failure_answer(error: CalendarError, language: Language) -> StoredAnswer:
    """The answer to a request that ``error`` ended."""
    body = failure_json(error, language)
    headers = [*JSON_HEADERS, NOT_STORED, VARIES]
    if isinstance(error, VersionConflict) and error.current is not None:
        body["current"] = subject_json(error.current)
        headers.append(("ETag", object_tag(error.current)))
    if isinstance(error, StoreUnavailable | StoreUnusable):
        headers.append(("Retry-After", str(retry_after_seconds(error))))
    return StoredAnswer(status_of(error) or HTTPStatus.INTERNAL_SERVER_ERROR, tuple(headers), dump_bytes(body))


def answer_http_error(error: HTTPException) -> AnyResponse:
    """What Flask and Werkzeug refuse, with their headers (``Allow`` of a 405 among them)."""
    original = error.get_response()
    if original.status_code < HTTPStatus.BAD_REQUEST:
        return original
    if original.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code = "internal_error"
    else:
        code = HTTP_CODES.get(original.status_code, "bad_request")
    response = failure_response(_failure(code), original.status_code)
    kept = ((name, value) for name, value in original.headers if name in ("Allow", "Retry-After"))
    response.headers.extend(kept)
    return response


def answer_unexpected(error: Exception) -> Response:
    """A mistake of ours: the trace goes to the log, the client learns only that it happened."""
    _log.error("unexpected error", exc_info=error)
    return failure_response(_failure("internal_error"), HTTPStatus.INTERNAL_SERVER_ERROR)


def failure_response(body: Mapping[str, Any], status: int) -> Response:
    """A failure's body with the headers that all of them have."""
    response = json_response(body, status)
    response.vary.add("Accept-Language")
    return response


def status_of(error: CalendarError) -> HTTPStatus | None:
    """The status for ``error``, by the nearest of its classes."""
    return next((STATUS[each] for each in type(error).__mro__ if each in STATUS), None)


def retry_after_seconds(error: CalendarError) -> int:
    """When a client may come again after a 503."""
    return error.retry_after_seconds if isinstance(error, StoreUnavailable) else UNUSABLE_RETRY_SECONDS


def _failure(code: str) -> dict[str, Any]:
    return {"success": False, "error": code, "message": sentence(code, request_language())}


def _log_failure(error: CalendarError) -> None:
    if isinstance(error, StoreUnusable):
        _log.error("the store is not usable: %s", "; ".join(error.problems))
    elif isinstance(error, StoreUnavailable):
        _log.warning("the store is not available: %s", error)
