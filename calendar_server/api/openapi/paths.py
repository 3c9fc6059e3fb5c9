"""``paths`` of the document: every operation with its parameters, body and answers."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from calendar_server.api.openapi.department_operations import DEPARTMENTS
from calendar_server.api.openapi.event_operations import EVENTS
from calendar_server.api.openapi.failures import failures, not_ready, shared_failures
from calendar_server.api.openapi.operation import Operation
from calendar_server.api.openapi.parameters import parameters
from calendar_server.api.openapi.schemas import Schema, closed, reference
from calendar_server.api.openapi.server_operations import SERVER, document_paths
from calendar_server.api.openapi.wording import Wording
from calendar_server.wire.messages import Sentence

_TAG = Sentence("이 상태를 나타내는 태그.", "The tag of this state.")
_LOCATION = Sentence("새 객체의 주소.", "Where the new object is.")
_OK = Sentence("성공", "Success")
_UNCHANGED = Sentence("그대로입니다. 본문이 없습니다.", "It has not changed; no body.")


def path_items(wording: Wording) -> dict[str, Any]:
    """All path items.

    OpenAPI forbids two paths that differ only in the name of a variable (3.1, "Paths Object"), so the one variable of
    ``/api/events/{...}`` is called ``id``; ``x-path`` says what it is for each operation.
    """
    items: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in DEPARTMENTS + EVENTS + SERVER:
        items[_key(operation)][operation.method] = _operation(operation, wording)
    return {**items, **document_paths(wording)}


def _key(operation: Operation) -> str:
    return re.sub(r"^/api/events/\{\w+\}$", "/api/events/{id}", operation.path)


def _operation(operation: Operation, wording: Wording) -> Schema:
    found: Schema = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": wording.line(operation.summary),
        "x-path": operation.path,
    }
    if operation.description:
        found["description"] = wording.text(operation.description)
    if operation.parameters:
        found["parameters"] = parameters(operation.parameters, wording)
    if operation.body:
        found["requestBody"] = _request_body(operation)
    found["responses"] = _responses(operation, wording)
    return found


def _request_body(operation: Operation) -> Schema:
    content = {"schema": reference(operation.body or ""), "example": operation.body_example}
    return {"required": True, "content": {"application/json": content}}


def _responses(operation: Operation, wording: Wording) -> dict[str, Schema]:
    found = {str(operation.status): _success(operation, wording)}
    if "If-None-Match" in operation.parameters:
        found["304"] = {"description": wording.line(_UNCHANGED), "headers": _headers(("ETag",), wording)}
    found |= failures(operation.failures, operation.subject, wording)
    found |= shared_failures(operation.shared)
    if operation.operation_id == "ready":
        found["503"] = not_ready(wording)
    return dict(sorted(found.items()))


def _success(operation: Operation, wording: Wording) -> Schema:
    properties = {"success": {"const": True}, **operation.answer}
    required = tuple(name for name in properties if name not in operation.optional)
    content = {"schema": closed(properties, required), "example": {"success": True, **operation.example}}
    response: Schema = {"description": wording.line(_OK), "content": {"application/json": content}}
    names = ("ETag",) * operation.has_tag + ("Location",) * (operation.status == 201)
    if names:
        response["headers"] = _headers(names, wording)
    return response


def _headers(names: tuple[str, ...], wording: Wording) -> Schema:
    sentences = {"ETag": _TAG, "Location": _LOCATION}
    return {
        name: {"required": True, "description": wording.line(sentences[name]), "schema": {"type": "string"}}
        for name in names
    }
