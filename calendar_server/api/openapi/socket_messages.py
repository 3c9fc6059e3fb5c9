"""``x-socketio``: what goes over the socket, for which OpenAPI itself has no place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.operation import PLACE
from calendar_server.api.openapi.schemas import UUID_PATTERN, Schema, closed, one_of, reference
from calendar_server.api.openapi.wording import Wording
from calendar_server.domain.fields import ID_BYTES_MAX, VIEWER_NAME_MAX, VIEWERS_NAMED_MAX
from calendar_server.wire.messages import SENTENCES, Sentence

_INTRODUCTION = Sentence(
    "Socket.IO 프로토콜 5(클라이언트 3.x, 4.x)의 기본 네임스페이스를 씁니다. 변경은 REST로 하고, 소켓으로는 다른 사람의 변경을 "
    "바로 받습니다. 클라이언트가 보내는 메시지는 모두 확인 응답(ack)을 받습니다. 실패하면 ack는 "
    "`{success: false, error, message}`이고 코드는 REST와 같습니다.\n\n"
    "부서와 이벤트의 변경 메시지에는 두 번째 인자 `{department_id, seq, cursor, mutation_id}`가 있습니다. `seq`는 그 부서의 "
    "변경을 1부터 빠짐없이 센 번호이고, 부서 목록의 변경이면 `department_id`가 null입니다. `seq`가 마지막으로 본 번호 + "
    "1이면 반영하고, 크지 않으면 버리고, 더 크면 마지막 `cursor`로 `sync_request`를 보냅니다.\n\n"
    "서버가 받는 패킷은 64 KiB까지이고 바이너리는 받지 않습니다. 잘못된 패킷을 보낸 연결은 끊습니다. 한 연결은 부서 "
    "1,000개까지 볼 수 있습니다(`too_many_departments`). 받은 메시지를 읽지 않아 1 MiB나 1,000개가 넘게 밀린 연결도 끊으며, "
    "다시 접속해 `cursor`로 이어받으면 됩니다.",
    "Socket.IO protocol 5 (clients 3.x and 4.x), default namespace. Changes are made through REST; the socket tells about "
    "other people's changes as they happen. Whatever a client sends is acknowledged; a failure's acknowledgement is "
    "`{success: false, error, message}` with the codes of REST.\n\n"
    "Messages of changes have a second argument `{department_id, seq, cursor, mutation_id}`: `seq` counts the changes of "
    "that department from 1 without a gap; `department_id` is null for changes of the list of departments. Apply a `seq` "
    "that is your last one + 1, drop one that is not above your last, and where it is higher send `sync_request` with "
    "your last `cursor`.\n\n"
    "A packet may have 64 KiB, and no binary; a connection that sends anything unsound is closed. One connection may watch "
    "1,000 departments (`too_many_departments`). Who does not read, so that more than 1 MiB or 1,000 messages wait, is "
    "disconnected, and goes on from its `cursor` when it comes back.",
)
_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}
_DEPARTMENT_ID: Schema = {"department_id": _ID}
_ROOM = Sentence("부서의 방", "the department's room")
_ROOM_REGULARLY = Sentence("부서의 방, 15초마다", "the department's room, every 15 s")
_ROOM_OF_VIEWERS = Sentence(
    "부서의 방, 보고 있는 사람이 바뀔 때(1초에 몇 번까지). 100명까지 이름이 오고 `count`는 전체 인원",
    "the department's room, when its viewers change (a few times a second at most); up to 100 are named, `count` is all",
)
_RELOADING = Sentence(
    "이력으로는 따라잡을 수 없어 목록을 다시 불러와야 하는 쪽",
    "whoever cannot be served from the history and must reload",
)
_EVERYONE = Sentence("모두", "everyone")
_CALLER = Sentence("보낸 사람", "the caller")

_SUCCESS: Schema = {"const": True}
_EVENTS: Schema = {"type": "array", "items": reference("Event")}
_DEPARTMENTS: Schema = {"type": "array", "items": reference("Department")}
_CURSOR: Schema = {"cursor": reference("Cursor")}
_LEFT_FIELDS: dict[str, Schema] = {"success": _SUCCESS, "department_id": _ID}
_JOINED_FIELDS: dict[str, Schema] = {**_LEFT_FIELDS, **PLACE}
_MISSED: dict[str, Schema] = {
    "changes": {"type": "array", "items": reference("Change")},
    "has_more": {"type": "boolean"},
}
_JOINED: Schema = one_of(
    [
        closed(_JOINED_FIELDS),
        closed({**_JOINED_FIELDS, **_MISSED}),
        closed({**_JOINED_FIELDS, "reset": {"const": True}, "events": _EVENTS}),
    ]
)
_OF_LIST: dict[str, Schema] = {**_JOINED_FIELDS, "department_id": {"type": "null"}}
_SYNC: Schema = one_of(
    [
        closed({**_JOINED_FIELDS, "full": {"const": True}, "events": _EVENTS}),
        closed({**_OF_LIST, "full": {"const": True}, "departments": _DEPARTMENTS}),
        closed({**_JOINED_FIELDS, "full": {"const": False}, **_MISSED}),
        closed({**_OF_LIST, "full": {"const": False}, **_MISSED}),
    ]
)
_META: Schema = closed(
    {
        "department_id": {"type": ["string", "null"]},
        "seq": {"type": "integer", "minimum": 1},
        "cursor": reference("Cursor"),
        "mutation_id": {"type": ["string", "null"]},
    }
)
_VIEWER_ID: Schema = {"type": "string", "minLength": 1}
_SHOWN_AS: dict[str, Schema] = {
    "name": {"type": "string", "minLength": 1, "maxLength": VIEWER_NAME_MAX},
    "editing": {"type": ["string", "null"], "pattern": UUID_PATTERN},
}
_PRESENCE: Schema = closed(
    {
        **_DEPARTMENT_ID,
        "viewers": {"type": "array", "maxItems": VIEWERS_NAMED_MAX, "items": closed({"id": _VIEWER_ID, **_SHOWN_AS})},
        "count": {"type": "integer", "minimum": 0},
    }
)
_OF_DEPARTMENT: Mapping[str, Any] = {"department_id": examples.DEPARTMENT["id"]}
_LEFT_EXAMPLE: Mapping[str, Any] = {"success": True, **_OF_DEPARTMENT}
_SEEN_EXAMPLE: Mapping[str, Any] = {**_OF_DEPARTMENT, "cursor": examples.EVENTS_PLACE_BEFORE["cursor"]}
_MISSED_EXAMPLE: Mapping[str, Any] = {"changes": [examples.CHANGE], "has_more": False, **examples.EVENTS_PLACE}
_JOINED_EXAMPLE: Mapping[str, Any] = {**_LEFT_EXAMPLE, **_MISSED_EXAMPLE}
_SYNC_EXAMPLE: Mapping[str, Any] = {**_LEFT_EXAMPLE, "full": False, **_MISSED_EXAMPLE}
_META_EXAMPLE: Mapping[str, Any] = {**_OF_DEPARTMENT, **examples.EVENTS_PLACE, "mutation_id": examples.MUTATION_ID}
_SHOWN_EXAMPLE: Mapping[str, Any] = {"name": "김하나", "editing": examples.EVENT["id"]}
_VIEWER_EXAMPLE: Mapping[str, Any] = {"id": "hT3mZc9QpB0x", **_SHOWN_EXAMPLE}
_PRESENCE_EXAMPLE: Mapping[str, Any] = {**_OF_DEPARTMENT, "viewers": [_VIEWER_EXAMPLE], "count": 1}
_LIST_META_EXAMPLE: Mapping[str, Any] = {"department_id": None, **examples.LIST_PLACE, "mutation_id": None}


def socket_section(wording: Wording) -> dict[str, Any]:
    """The whole section."""
    return {
        "path": "/socket.io/",
        "namespace": "/",
        "description": wording.text(_INTRODUCTION),
        "clientToServer": _sent_by_clients(wording),
        "serverToClient": _sent_by_server(wording),
    }


def _sent_by_clients(wording: Wording) -> list[dict[str, Any]]:
    return [
        {
            "event": "join_department",
            "description": wording.text(
                Sentence(
                    "부서의 방에 들어가 그 변경을 받습니다. `cursor`를 보내면 그사이 놓친 변경이 `changes`로 옵니다. "
                    "`has_more`가 true이면 나머지는 `sync_request`로 받습니다. `cursor`가 만료되었으면 `reset: true`와 "
                    "함께 모든 이벤트가 옵니다.",
                    "Joins the department's room and hears of its changes. With a `cursor`, `changes` is what was missed; "
                    "while `has_more` is true, go on with `sync_request`. Where the cursor has expired, `reset: true` and "
                    "all events come instead.",
                )
            ),
            "payload": closed({**_DEPARTMENT_ID, **_CURSOR}, required=("department_id",)),
            "example": dict(_SEEN_EXAMPLE),
            "acknowledgement": _JOINED,
            "acknowledgementExample": dict(_JOINED_EXAMPLE),
        },
        {
            "event": "leave_department",
            "description": wording.text(
                Sentence(
                    "방에서 나갑니다. 들어간 적이 없어도 성공입니다.", "Leaves; success also where it never joined."
                )
            ),
            "payload": closed(_DEPARTMENT_ID),
            "example": dict(_OF_DEPARTMENT),
            "acknowledgement": closed(_LEFT_FIELDS),
            "acknowledgementExample": dict(_LEFT_EXAMPLE),
        },
        {
            "event": "sync_request",
            "description": wording.text(
                Sentence(
                    "`cursor` 뒤의 변경을 받습니다(`full: false`). `cursor`가 없거나 만료되었으면 모든 이벤트가 "
                    "옵니다(`full: true`). "
                    "`department_id`가 없으면 부서 목록입니다. 같은 내용이 `sync_response`로도 옵니다.",
                    "The changes after the `cursor` (`full: false`); all events without one, or where it has expired "
                    "(`full: true`). Without a `department_id`, the list of departments. The same comes as `sync_response`.",
                )
            ),
            "payload": closed({**_DEPARTMENT_ID, **_CURSOR}, required=()),
            "example": dict(_SEEN_EXAMPLE),
            "acknowledgement": _SYNC,
            "acknowledgementExample": dict(_SYNC_EXAMPLE),
        },
        {
            "event": "presence_update",
            "description": wording.text(
                Sentence(
                    "이 부서를 보고 있는 사람의 이름과, 편집하려고 열어 둔 이벤트(없으면 null)를 방에 알립니다. 바뀔 때마다, "
                    "그리고 보고 있는 동안 10초마다 보냅니다. 방에서 나가거나 연결이 끊기면 바로, 25초 동안 보내지 않으면 "
                    "그 뒤에 목록에서 빠지며 어디에도 저장하지 않습니다. 방에 들어와 있지 않으면 `not_in_room`입니다. "
                    "ack의 `id`는 `viewers`에서 자신을 가리킵니다.",
                    "Tells the room who looks at the department, and which event he has open for editing (or null). Send it "
                    "at each change, and every 10 s while looking. Who leaves the room or disconnects is gone at once, who "
                    "sends nothing for 25 s soon after; nothing is stored. `not_in_room` where the room was not joined. "
                    "The `id` of the acknowledgement names you among the `viewers`.",
                )
            ),
            "payload": closed({**_DEPARTMENT_ID, **_SHOWN_AS}, required=("department_id", "name")),
            "example": {**_OF_DEPARTMENT, **_SHOWN_EXAMPLE},
            "acknowledgement": closed({**_LEFT_FIELDS, "id": _VIEWER_ID}),
            "acknowledgementExample": {**_LEFT_EXAMPLE, "id": _VIEWER_EXAMPLE["id"]},
        },
    ]


def _sent_by_server(wording: Wording) -> list[dict[str, Any]]:
    event, department = examples.EVENT, examples.DEPARTMENT
    gone_event = {"id": event["id"], "department_id": event["department_id"]}
    connected = {"message": SENTENCES["connected"].text(wording.language or "ko"), "sid": "mWpF0iQYyF5yX0pXAAAB"}
    head = {**_OF_DEPARTMENT, **examples.EVENTS_PLACE}
    ended = {"department_id": department["id"], "reason": "department_deleted"}
    rows: list[tuple[str, Sentence, Schema, Mapping[str, Any]]] = [
        ("connected", _CALLER, {"type": "object", "required": ["message"]}, connected),
        ("department_created", _EVERYONE, reference("Department"), department),
        ("department_updated", _EVERYONE, reference("Department"), examples.CHANGED_DEPARTMENT),
        ("department_deleted", _EVERYONE, closed({"id": _ID}), {"id": department["id"]}),
        ("event_created", _ROOM, reference("Event"), event),
        ("event_updated", _ROOM, reference("Event"), examples.CHANGED_EVENT),
        ("event_deleted", _ROOM, closed({"id": _ID, "department_id": _ID}), gone_event),
        ("sync_response", _CALLER, _SYNC, _SYNC_EXAMPLE),
        ("department_head", _ROOM_REGULARLY, closed({**_DEPARTMENT_ID, **PLACE}), head),
        ("presence", _ROOM_OF_VIEWERS, _PRESENCE, _PRESENCE_EXAMPLE),
        ("sync_reset", _RELOADING, closed({"department_id": _ID, "reason": {"type": "string"}}), ended),
    ]
    return [
        {"event": name, "to": wording.line(audience), "payload": payload, "example": dict(example), **_second(name)}
        for name, audience, payload, example in rows
    ]


def _second(name: str) -> dict[str, Any]:
    """The second argument that messages of changes have."""
    if name.startswith("event_"):
        return {"meta": _META, "metaExample": dict(_META_EXAMPLE)}
    if name in ("department_created", "department_updated", "department_deleted"):
        return {"meta": _META, "metaExample": dict(_LIST_META_EXAMPLE)}
    return {}
