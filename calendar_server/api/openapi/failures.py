"""Answers of failure: which code comes with which status, and what its body looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from calendar_server.api.openapi.schemas import Schema, closed, one_of, reference
from calendar_server.api.openapi.wording import Wording
from calendar_server.wire.messages import PROBLEMS, SENTENCES
from calendar_server.wire.request_bodies import BODY_MAX_BYTES

CODES: Mapping[str, HTTPStatus] = {
    "invalid_json": HTTPStatus.BAD_REQUEST,
    "bad_request": HTTPStatus.BAD_REQUEST,
    "host_not_allowed": HTTPStatus.BAD_REQUEST,
    "origin_not_allowed": HTTPStatus.BAD_REQUEST,
    "jsonp_refused": HTTPStatus.BAD_REQUEST,
    "cursor_invalid": HTTPStatus.BAD_REQUEST,
    "not_found": HTTPStatus.NOT_FOUND,
    "department_not_found": HTTPStatus.NOT_FOUND,
    "event_not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "department_exists": HTTPStatus.CONFLICT,
    "event_exists": HTTPStatus.CONFLICT,
    "cursor_expired": HTTPStatus.GONE,
    "version_conflict": HTTPStatus.PRECONDITION_FAILED,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "json_required": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "validation_failed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "too_many_sockets": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Every code that an answer may carry, by its status."""

SHARED: Mapping[str, tuple[str, ...]] = {
    "BadRequest": ("bad_request", "host_not_allowed"),
    "BadBody": ("invalid_json", "bad_request", "host_not_allowed"),
    "MethodNotAllowed": ("method_not_allowed",),
    "BodyTooLarge": ("body_too_large",),
    "JsonRequired": ("json_required",),
    "StoreUnavailable": ("store_unavailable",),
}
"""``components.responses``: what many calls may answer."""

_MESSAGE: Schema = {"type": "string", "minLength": 1}
_HEADERS: Mapping[HTTPStatus, tuple[str, Schema]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: ("Allow", {"type": "string"}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", {"type": "string", "pattern": "^[0-9]+$"}),
}


def component_responses(wording: Wording) -> dict[str, Schema]:
    """The shared answers in full."""
    return {name: _response(codes, CODES[codes[0]], None, wording) for name, codes in SHARED.items()}


def shared_failures(names: Iterable[str]) -> dict[str, Schema]:
    """References to shared answers, by status."""
    return {str(CODES[SHARED[name][0]].value): {"$ref": f"#/components/responses/{name}"} for name in names}


def failures(codes: Iterable[str], subject: str, wording: Wording) -> dict[str, Schema]:
    """Answers with these codes, by status. ``subject`` is the schema of what stands in ``current`` of a 412."""
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in codes:
        by_status.setdefault(CODES[code], []).append(code)
    return {str(status.value): _response(found, status, subject, wording) for status, found in by_status.items()}


def not_ready(wording: Wording) -> Schema:
    """The 503 of ``/readyz``: one entry of ``details`` for each thing that is wrong."""
    codes = ("store_unavailable",)
    response = _response(codes, HTTPStatus.SERVICE_UNAVAILABLE, None, wording)
    problem: dict[str, Schema] = {
        "field": {"const": ""},
        "code": {"const": "store_unavailable"},
        "message": _MESSAGE,
    }
    details: Schema = {"type": "array", "items": closed(problem), "minItems": 1}
    example = _example("store_unavailable", wording)
    example["details"] = [{"field": "", "code": "store_unavailable", "message": "the database does not answer"}]
    response["content"]["application/json"] = {
        "schema": _failure_schema(codes, {"details": details}),
        "examples": {"store_unavailable": {"value": example}},
    }
    return response


def _response(codes: Iterable[str], status: HTTPStatus, subject: str | None, wording: Wording) -> Schema:
    codes = tuple(codes)
    response: Schema = {
        "description": "\n\n".join(f"`{code}` {wording.message(SENTENCES[code])}" for code in codes),
        "content": {
            "application/json": {
                "schema": one_of(_forms(codes, subject)),
                "examples": {code: {"value": _example(code, wording)} for code in codes if code != "version_conflict"},
            }
        },
    }
    if status in _HEADERS:
        name, schema = _HEADERS[status]
        response["headers"] = {name: {"required": True, "schema": schema}}
    return response


def _failure_schema(codes: tuple[str, ...], extras: Mapping[str, Schema]) -> Schema:
    return closed({"success": {"const": False}, "error": {"enum": list(codes)}, "message": _MESSAGE, **extras})


def _forms(codes: tuple[str, ...], subject: str | None) -> list[Schema]:
    """One form for each code that brings more than its message, and one for all others together."""
    extras = {code: _extras(code, subject) for code in codes}
    plain = tuple(code for code in codes if not extras[code])
    forms = [_failure_schema((code,), more) for code, more in extras.items() if more]
    return [*forms, _failure_schema(plain, {})] if plain else forms


def _extras(code: str, subject: str | None) -> dict[str, Schema]:
    if code == "validation_failed":
        return {"details": {"type": "array", "items": reference("Problem"), "minItems": 1}}
    if code == "version_conflict" and subject is not None:
        return {"current": reference(subject)}
    return {}


def _example(code: str, wording: Wording) -> dict[str, Any]:
    language = wording.language or "ko"
    numbers = {"max_bytes": BODY_MAX_BYTES}
    example: dict[str, Any] = {
        "success": False,
        "error": code,
        "message": SENTENCES[code].text(language, numbers),
    }
    if code == "validation_failed":
        example["details"] = [{"field": "title", "code": "required", "message": PROBLEMS["required"].text(language)}]
    return example
