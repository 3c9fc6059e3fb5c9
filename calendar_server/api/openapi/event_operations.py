"""The calls under ``/api/events``."""

from __future__ import annotations

from dataclasses import replace

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.operation import DELETION, OF_DELETIONS, OF_WRITES, PATCH_IS_PUT, PLACE, Operation
from calendar_server.api.openapi.schemas import Schema, reference
from calendar_server.wire.messages import SENTENCES, Sentence

_EVENT: dict[str, Schema] = {"event": reference("Event")}
_WRITTEN: dict[str, Schema] = {**_EVENT, **PLACE}

_CHANGE_EVENT = Operation(
    "updateEvent",
    "put",
    "/api/events/{event_id}",
    "events",
    Sentence("이벤트 수정", "Change an event"),
    Sentence(
        "보낸 항목만 바뀌고 `version`이 1 늘어납니다. 바뀌는 것이 없으면 그대로 200이며 알림도 없습니다. "
        "받은 객체를 통째로 돌려보내도 됩니다. 새 `department_id`를 보내면 그 부서로 옮겨지고, "
        "이전 부서의 방에는 `event_deleted`, 새 부서의 방에는 `event_created`가 갑니다.",
        "Applies the fields that you send and counts `version` up. What changes nothing is answered 200 with the event "
        "as it is, and nobody is told. A whole object may be sent back. A new `department_id` moves the event: "
        "`event_deleted` goes to the old department's room, `event_created` to the new one's.",
    ),
    ("event", "If-Match"),
    "EventChanges",
    examples.EVENT_CHANGES,
    answer=_WRITTEN,
    example={"event": examples.CHANGED_EVENT, **examples.EVENTS_PLACE},
    failures=("event_not_found", "version_conflict", "validation_failed"),
    shared=OF_WRITES,
    has_tag=True,
)

EVENTS: tuple[Operation, ...] = (
    Operation(
        "listEvents",
        "get",
        "/api/events/{department_id}",
        "events",
        Sentence("부서의 이벤트 목록", "List a department's events"),
        Sentence(
            "조건이 없으면 전부입니다. 순서는 `event_date`, `start_time`(null이 먼저), `id`입니다. `limit`이나 `page`를 "
            "보내면 `next_page`가 함께 오고, 더 없으면 null입니다.",
            "All of them unless you cut the list, ordered by `event_date`, `start_time` (null first), `id`. With `limit` or "
            "`page` the answer has a `next_page`, null at the end.",
        ),
        ("department", "from", "to", "q", "limit", "page", "If-None-Match"),
        answer={
            "events": {"type": "array", "items": reference("Event")},
            "next_page": {"type": ["string", "null"], "minLength": 1},
            **PLACE,
        },
        optional=("next_page",),
        example={"events": [examples.EVENT], **examples.EVENTS_PLACE},
        failures=("department_not_found", "validation_failed"),
        has_tag=True,
    ),
    Operation(
        "createEvent",
        "post",
        "/api/events/{department_id}",
        "events",
        Sentence("이벤트 만들기", "Create an event"),
        Sentence(
            "본문에 `id`(UUID)를 넣으면 그 id로 만듭니다. 네트워크가 끊긴 뒤 다시 보내도 두 번 만들어지지 않습니다.",
            "An `id` (a UUID) in the body is honoured, so that a request sent again after a cut makes nothing twice.",
        ),
        ("department",),
        "NewEvent",
        examples.NEW_EVENT,
        201,
        _WRITTEN,
        example={"event": examples.EVENT, **examples.EVENTS_PLACE},
        failures=("department_not_found", "event_exists", "validation_failed"),
        shared=OF_WRITES,
        has_tag=True,
    ),
    Operation(
        "getEvent",
        "get",
        "/api/events/{department_id}/{event_id}",
        "events",
        Sentence("이벤트 보기", "Get an event"),
        parameters=("department_id", "event_id", "If-None-Match"),
        answer=_EVENT,
        example={"event": examples.EVENT},
        failures=("department_not_found", "event_not_found"),
        has_tag=True,
    ),
    _CHANGE_EVENT,
    replace(_CHANGE_EVENT, method="patch", operation_id="patchEvent", description=PATCH_IS_PUT),
    Operation(
        "deleteEvent",
        "delete",
        "/api/events/{event_id}",
        "events",
        Sentence("이벤트 삭제", "Delete an event"),
        parameters=("event", "If-Match"),
        answer=DELETION,
        example={"message": SENTENCES["event_deleted"].ko, **examples.EVENTS_PLACE},
        failures=("event_not_found", "version_conflict"),
        shared=OF_DELETIONS,
    ),
)
