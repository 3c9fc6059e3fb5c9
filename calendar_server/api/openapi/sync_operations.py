"""The calls under ``/api/sync``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.operation import OF_SYNCS, PLACE, Operation
from calendar_server.api.openapi.schemas import Schema, reference
from calendar_server.wire.messages import Sentence


def _full(name: str, schema: str) -> dict[str, Schema]:
    return {"full": {"const": True}, name: {"type": "array", "items": reference(schema)}, **PLACE}


CHANGES: Mapping[str, Schema] = {
    "full": {"const": False},
    "changes": {"type": "array", "items": reference("Change")},
    "has_more": {"type": "boolean"},
    **PLACE,
}


def _changes_example(change: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    return {"full": False, "changes": [change], "has_more": False, **place}


_SYNC_DEPARTMENT = Operation(
    "syncDepartment",
    "get",
    "/api/sync/{department_id}",
    "sync",
    Sentence("부서의 변경 따라잡기", "Catch up with a department"),
    Sentence(
        "`cursor` 없이 호출하면 모든 이벤트와 `cursor`가 옵니다(`full: true`). `cursor`를 보내면 그 뒤의 변경만 번호 순서로 "
        "옵니다(`full: false`). `has_more`가 true이면 새 `cursor`로 이어서 호출합니다. 410이면 목록을 다시 불러옵니다.",
        "Without a `cursor` you get all events and a `cursor` (`full: true`); with one, the changes after it in the order "
        "of their numbers (`full: false`). While `has_more` is true, go on with the new `cursor`. On 410 load the list "
        "again.",
    ),
    ("department_id", "cursor", "changes", "wait"),
    answer=_full("events", "Event"),
    example={"full": True, "events": [examples.EVENT], **examples.EVENTS_PLACE_BEFORE},
    other_answer=CHANGES,
    other_example=_changes_example(examples.CHANGE, examples.EVENTS_PLACE),
    failures=(
        "cursor_invalid",
        "bad_request",
        "host_not_allowed",
        "department_not_found",
        "cursor_expired",
        "validation_failed",
    ),
    shared=OF_SYNCS,
)

SYNCS: tuple[Operation, ...] = (
    replace(
        _SYNC_DEPARTMENT,
        operation_id="syncDepartments",
        path="/api/sync/departments",
        summary=Sentence("부서 목록의 변경 따라잡기", "Catch up with the list of departments"),
        description=Sentence(
            "부서의 변경과 같습니다. `events` 대신 `departments`가 옵니다.",
            "The same for the list of departments, with `departments` in place of `events`.",
        ),
        parameters=("cursor", "changes", "wait"),
        answer=_full("departments", "Department"),
        example={"full": True, "departments": [examples.DEPARTMENT], **examples.LIST_PLACE},
        other_example=_changes_example(examples.LIST_CHANGE, examples.LIST_PLACE),
        failures=("cursor_invalid", "bad_request", "host_not_allowed", "cursor_expired", "validation_failed"),
    ),
    _SYNC_DEPARTMENT,
)
