"""``paths`` of the document: every operation with its parameters, body and answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from calendar_server.api.openapi.department_operations import DEPARTMENTS
from calendar_server.api.openapi.event_operations import EVENTS
from calendar_server.api.openapi.failures import failures, not_ready, shared_failures
from calendar_server.api.openapi.holiday_operations import HOLIDAYS
from calendar_server.api.openapi.operation import Operation
from calendar_server.api.openapi.parameters import parameters
from calendar_server.api.openapi.schemas import Schema, closed, one_of, reference
from calendar_server.api.openapi.server_operations import SERVER, document_paths
from calendar_server.api.openapi.sync_operations import SYNCS
from calendar_server.api.openapi.wording import Wording
from calendar_server.wire.messages import Sentence

_TAG = Sentence("이 상태를 나타내는 태그.", "The tag of this state.")
_LOCATION = Sentence("새 객체의 주소.", "Where the new object is.")
_REPLAYED = Sentence(
    "같은 `Idempotency-Key`의 첫 응답을 다시 보낸 것입니다. 거절한 응답에도 붙습니다.",
    "This is the first answer to this `Idempotency-Key` again; refusals may have it too.",
)
_OK = Sentence("성공", "Success")
_UNCHANGED = Sentence("그대로입니다. 본문이 없습니다.", "It has not changed; no body.")


def path_items(wording: Wording) -> dict[str, Any]:
    """All path items.

    OpenAPI forbids two paths that differ only in the name of a variable (3.1, "Paths Object"), so the one variable of
    ``/api/events/{...}`` is called ``id``; ``x-path`` says what it is for each operation.
    """
    items: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in DEPARTMENTS + EVENTS + HOLIDAYS + SYNCS + SERVER:
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
    if operation.all_parameters:
        found["parameters"] = parameters(operation.all_parameters, wording)
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
    found |= failures(operation.all_failures, operation.subject, wording)
    found |= shared_failures(operation.shared)
    if operation.operation_id == "ready":
        found["503"] = not_ready(wording)
    return dict(sorted(found.items()))


def _success(operation: Operation, wording: Wording) -> Schema:
    response: Schema = {"description": wording.line(_OK), "content": {"application/json": _success_content(operation)}}
    headers = _headers(("ETag",) * operation.has_tag + ("Location",) * (operation.status == 201), wording)
    if operation.is_write:
        headers["Idempotent-Replayed"] = {"description": wording.line(_REPLAYED), "schema": {"const": "true"}}
    if headers:
        response["headers"] = headers
    return response


def _success_content(operation: Operation) -> Schema:
    form = _success_form(operation.answer, operation.optional)
    example = {"success": True, **operation.example}
    if not operation.other_answer:
        return {"schema": form, "example": example}
    shown = {"full": example, "changes": {"success": True, **operation.other_example}}
    return {
        "schema": one_of([form, _success_form(operation.other_answer)]),
        "examples": {name: {"value": value} for name, value in shown.items()},
    }


def _success_form(answer: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    properties = {"success": {"const": True}, **answer}
    return closed(properties, tuple(name for name in properties if name not in optional))


def _headers(names: tuple[str, ...], wording: Wording) -> Schema:
    sentences = {"ETag": _TAG, "Location": _LOCATION}
    return {
        name: {"required": True, "description": wording.line(sentences[name]), "schema": {"type": "string"}}
        for name in names
    }
