"""``x-socketio``: what goes over the socket, for which OpenAPI itself has no place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.schemas import Schema, closed, reference
from calendar_server.api.openapi.wording import Wording
from calendar_server.domain.fields import ID_BYTES_MAX
from calendar_server.wire.messages import SENTENCES, Sentence

_INTRODUCTION = Sentence(
    "Socket.IO 프로토콜 5(클라이언트 3.x, 4.x)의 기본 네임스페이스를 씁니다. 변경은 REST로 하고, 소켓으로는 다른 사람의 변경을 "
    "바로 받습니다. 클라이언트가 보내는 메시지는 모두 확인 응답(ack)을 받습니다. 실패하면 ack는 "
    "`{success: false, error, message}`이고 코드는 REST와 같습니다.\n\n"
    "부서와 이벤트의 변경 메시지에는 두 번째 인자 `{department_id, seq, mutation_id}`가 있습니다. `seq`는 그 부서의 변경을 "
    "1부터 빠짐없이 센 번호이고, 부서 목록의 변경이면 `department_id`가 null입니다.",
    "Socket.IO protocol 5 (clients 3.x and 4.x), default namespace. Changes are made through REST; the socket tells about "
    "other people's changes as they happen. Whatever a client sends is acknowledged; a failure's acknowledgement is "
    "`{success: false, error, message}` with the codes of REST.\n\n"
    "Messages of changes have a second argument `{department_id, seq, mutation_id}`: `seq` counts the changes of that "
    "department from 1 without a gap; `department_id` is null for changes of the list of departments.",
)
_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}
_DEPARTMENT_ID: Schema = {"department_id": _ID}
_ROOM = Sentence("부서의 방", "the department's room")
_EVERYONE = Sentence("모두", "everyone")
_CALLER = Sentence("보낸 사람", "the caller")

_SUCCESS: Schema = {"const": True}
_JOINED: Schema = closed({"success": _SUCCESS, "department_id": _ID})
_SYNC_OF_DEPARTMENT = closed(
    {
        "success": _SUCCESS,
        "department_id": _ID,
        "full": {"const": True},
        "events": {"type": "array", "items": reference("Event")},
    }
)
_SYNC_OF_LIST = closed(
    {
        "success": _SUCCESS,
        "department_id": {"type": "null"},
        "full": {"const": True},
        "departments": {"type": "array", "items": reference("Department")},
    }
)
_SYNC: Schema = {"anyOf": [_SYNC_OF_DEPARTMENT, _SYNC_OF_LIST]}
_META: Schema = closed(
    {
        "department_id": {"type": ["string", "null"]},
        "seq": {"type": "integer", "minimum": 1},
        "mutation_id": {"type": ["string", "null"]},
    }
)
_JOINED_EXAMPLE: Mapping[str, Any] = {"success": True, "department_id": examples.DEPARTMENT["id"]}
_SYNC_EXAMPLE: Mapping[str, Any] = {**_JOINED_EXAMPLE, "full": True, "events": [examples.EVENT]}


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
    department = {"department_id": examples.DEPARTMENT["id"]}
    return [
        {
            "event": "join_department",
            "description": wording.text(
                Sentence(
                    "부서의 방에 들어가 그 변경을 받습니다.", "Joins the department's room and hears of its changes."
                )
            ),
            "payload": closed(_DEPARTMENT_ID),
            "example": department,
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
            "example": department,
            "acknowledgement": _JOINED,
            "acknowledgementExample": dict(_JOINED_EXAMPLE),
        },
        {
            "event": "sync_request",
            "description": wording.text(
                Sentence(
                    "부서의 모든 이벤트를 다시 받습니다. `department_id`가 없으면 부서 목록입니다. "
                    "같은 내용이 `sync_response`로도 옵니다.",
                    "All events of the department; without a `department_id`, the list of departments. "
                    "The same comes as `sync_response`.",
                )
            ),
            "payload": closed(_DEPARTMENT_ID, required=()),
            "example": department,
            "acknowledgement": _SYNC,
            "acknowledgementExample": dict(_SYNC_EXAMPLE),
        },
    ]


def _sent_by_server(wording: Wording) -> list[dict[str, Any]]:
    event, department = examples.EVENT, examples.DEPARTMENT
    gone_event = {"id": event["id"], "department_id": event["department_id"]}
    connected = {"message": SENTENCES["connected"].text(wording.language or "ko"), "sid": "mWpF0iQYyF5yX0pXAAAB"}
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
        ("sync_reset", _ROOM, closed({"department_id": _ID, "reason": {"type": "string"}}), ended),
    ]
    return [
        {"event": name, "to": wording.line(audience), "payload": payload, "example": dict(example), **_second(name)}
        for name, audience, payload, example in rows
    ]


def _second(name: str) -> dict[str, Any]:
    """The second argument that messages of changes have."""
    return {"meta": _META} if name.startswith(("department_", "event_")) else {}
