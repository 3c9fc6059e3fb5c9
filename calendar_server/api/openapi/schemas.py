"""The shapes of objects, bodies and answers (JSON Schema 2020-12), with the limits that the domain's rules have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.wording import Wording
from calendar_server.domain.cursors import LONGEST_CURSOR
from calendar_server.domain.fields import DESCRIPTION_MAX, ID_BYTES_MAX, NAME_MAX, TIME_MAX, TITLE_MAX, URL_MAX
from calendar_server.domain.validation import DEPARTMENT_REQUIRED, EVENT_REQUIRED, SERVER_FIELDS
from calendar_server.wire.messages import PROBLEMS, Sentence

Schema = dict[str, Any]

UUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CLOCK_PATTERN = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
TIMESTAMP_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"
URL_PATTERN = '^(|[Hh][Tt][Tt][Pp][Ss]?://[^\\s<>"\\\\]+)$'
VISIBLE_PATTERN = "\\S"

_DESCRIPTIONS: Mapping[str, Sentence] = {
    "id": Sentence(
        "UUID. 예전 데이터에는 다른 형태의 id가 있을 수 있습니다.", "A UUID; older data may hold ids of another form."
    ),
    "department_id": Sentence("이벤트가 속한 부서의 id.", "The id of the department that the event belongs to."),
    "name": Sentence(
        "부서 이름. 대소문자를 구분하지 않고 유일합니다.", "The name; unique, whatever the case of its letters."
    ),
    "description": Sentence("설명.", "A description."),
    "event_date": Sentence("날짜, `YYYY-MM-DD`.", "The day, `YYYY-MM-DD`."),
    "title": Sentence("제목.", "The title."),
    "time": Sentence(
        "사람이 쓰는 그대로의 시간, 예: `오후 2:00`, `14:00~15:30`.",
        "The time as people write it, for example `오후 2:00` or `2-4 PM`.",
    ),
    "start_time": Sentence(
        "`time`에서 읽은 시작 시각(`HH:MM`). 읽을 수 없으면 null.",
        "The start as read from `time` (`HH:MM`); null where it cannot be read.",
    ),
    "end_time": Sentence(
        "`time`에서 읽은 종료 시각(`HH:MM`). 읽을 수 없으면 null. 시작보다 이르면 다음 날입니다.",
        "The end as read from `time` (`HH:MM`); null where it cannot be read. Before the start, it lies on the next day.",
    ),
    "url": Sentence("빈 문자열 또는 http/https 주소.", "Empty, or an http or https address."),
    "created_at": Sentence("만든 때(UTC, 밀리초까지).", "When it was made (UTC, with milliseconds)."),
    "updated_at": Sentence("마지막으로 바뀐 때(UTC).", "When it last changed (UTC)."),
    "last_modified": Sentence("마지막으로 바뀐 때(UTC).", "When it last changed (UTC)."),
    "version": Sentence("1에서 시작하여 바뀔 때마다 1씩 늘어납니다.", "1 at creation, one more with each change."),
}

_STORED_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}
_TIMESTAMP: Schema = {"type": "string", "format": "date-time", "pattern": TIMESTAMP_PATTERN}
_CLOCK: Schema = {"type": ["string", "null"], "pattern": CLOCK_PATTERN}
_DATE: Schema = {"type": "string", "format": "date", "pattern": DATE_PATTERN}

_STORED: Mapping[str, Schema] = {
    "id": _STORED_ID,
    "department_id": _STORED_ID,
    "name": {"type": "string", "minLength": 1, "maxLength": NAME_MAX},
    "description": {"type": "string", "maxLength": DESCRIPTION_MAX},
    "event_date": _DATE,
    "title": {"type": "string", "minLength": 1, "maxLength": TITLE_MAX},
    "time": {"type": "string", "maxLength": TIME_MAX},
    "start_time": _CLOCK,
    "end_time": _CLOCK,
    "url": {"type": "string", "maxLength": URL_MAX},
    "created_at": _TIMESTAMP,
    "updated_at": _TIMESTAMP,
    "last_modified": _TIMESTAMP,
    "version": {"type": "integer", "minimum": 1},
}
"""Each field as answers show it."""

_SENT: Mapping[str, Schema] = {
    "id": {"type": "string", "format": "uuid", "pattern": UUID_PATTERN},
    "department_id": _STORED_ID,
    "name": {**_STORED["name"], "pattern": VISIBLE_PATTERN},
    "description": {"type": ["string", "null"], "maxLength": DESCRIPTION_MAX},
    "event_date": _DATE,
    "title": {**_STORED["title"], "pattern": VISIBLE_PATTERN},
    "time": {"type": ["string", "null"], "maxLength": TIME_MAX},
    "url": {"type": ["string", "null"], "maxLength": URL_MAX, "pattern": URL_PATTERN},
}
"""Each field as bodies may have it."""

_IGNORED = Sentence("서버가 정하는 값이며, 보내도 무시합니다.", "Set by the server; ignored in a body.")
_CHOSEN_ID = Sentence(
    "클라이언트가 정하는 id(선택). 이미 있으면 409 `event_exists`.",
    "An id of the client's choice (optional); 409 `event_exists` where it is taken.",
)
_MOVED_TO = Sentence(
    "다른 부서의 id를 보내면 이벤트가 그 부서로 옮겨집니다.", "The id of another department moves the event there."
)


_CURSOR = Sentence(
    "어디까지 보았는지를 나타내는 값. 내용을 해석하거나 만들지 말고 그대로 돌려보냅니다.",
    "How far you have seen. Opaque and signed: keep it and send it back as it is.",
)
_SEQ = Sentence("`cursor`가 가리키는 변경의 번호.", "The number of the change that `cursor` stands for.")
_CHANGE = Sentence(
    "이력의 변경 하나. `type`은 소켓 메시지의 이름이고 `data`는 그 첫 번째 인자입니다. `mutation_id`는 그 변경의 "
    "`Idempotency-Key`이며, 없었으면 null입니다.",
    "One change of a history: `type` is the socket event's name and `data` its first argument; `mutation_id` is the "
    "write's `Idempotency-Key`, null where it had none.",
)
_HOLIDAY = Sentence(
    "공휴일 하나. 두 공휴일이 겹치면 `어린이날·부처님오신날`처럼 한 이름으로 옵니다.",
    "One holiday; where two fall on one day, both are named together.",
)
_SUBSTITUTE = Sentence("대체공휴일인지.", "A substitute for a holiday that fell on another free day.")
_TEMPORARY = Sentence(
    "그해에만 정해진 날인지(임시공휴일, 관리자가 추가한 날).",
    "Decided for that year alone: temporary holidays, and what the administrator has added.",
)


def component_schemas(wording: Wording) -> dict[str, Schema]:
    """``components.schemas``: the objects and the bodies of writes."""
    own: Schema = {"id": _described("id", _SENT["id"], wording, _CHOSEN_ID)}
    moved: Schema = {"department_id": _described("department_id", _SENT["department_id"], wording, _MOVED_TO)}
    return {
        "Department": _stored(examples.DEPARTMENT, wording),
        "Event": _stored(examples.EVENT, wording),
        "NewDepartment": _body(examples.NEW_DEPARTMENT, {}, DEPARTMENT_REQUIRED, wording),
        "DepartmentChanges": _body(examples.NEW_DEPARTMENT, {}, (), wording) | _shown(examples.DEPARTMENT_CHANGES),
        "NewEvent": _body(examples.NEW_EVENT, own, EVENT_REQUIRED, wording),
        "EventChanges": _body(examples.NEW_EVENT, moved, (), wording) | _shown(examples.EVENT_CHANGES),
        "Problem": _problem(wording),
        "Cursor": {"description": wording.text(_CURSOR), "type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR},
        "Seq": {"description": wording.text(_SEQ), "type": "integer", "minimum": 0},
        "Change": _change(wording),
        "Holiday": _holiday(wording),
    }


def answer_schema(**properties: Schema) -> Schema:
    """An answer of success with ``properties``, all of them present."""
    return closed({"success": {"const": True}, **properties})


def closed(properties: Mapping[str, Schema], required: tuple[str, ...] | None = None) -> Schema:
    """An object of exactly these properties."""
    return {
        "type": "object",
        "required": list(properties if required is None else required),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def one_of(forms: Sequence[Schema]) -> Schema:
    """Exactly one of ``forms``."""
    return forms[0] if len(forms) == 1 else {"oneOf": list(forms)}


def reference(name: str) -> Schema:
    """A schema of ``components.schemas``."""
    return {"$ref": f"#/components/schemas/{name}"}


def _stored(example: Mapping[str, Any], wording: Wording) -> Schema:
    return closed({field: _described(field, _STORED[field], wording) for field in example}) | _shown(example)


def _body(fields: Mapping[str, Any], more: Mapping[str, Schema], required: tuple[str, ...], wording: Wording) -> Schema:
    properties = {field: _described(field, _SENT[field], wording) for field in fields} | dict(more)
    ignored = {"readOnly": True, "description": wording.text(_IGNORED)}
    properties |= {field: ignored for field in sorted(SERVER_FIELDS) if field not in properties}
    return closed(properties, required) | _shown(fields)


def _problem(wording: Wording) -> Schema:
    description = Sentence("위반한 규칙 하나.", "One broken rule.")
    properties: dict[str, Schema] = {
        "field": {"type": "string"},
        "code": {"type": "string", "enum": list(PROBLEMS)},
        "message": {"type": "string", "minLength": 1},
    }
    return {"description": wording.text(description), **closed(properties)}


def _change(wording: Wording) -> Schema:
    gone_event = closed({"id": _STORED_ID, "department_id": _STORED_ID})
    forms = [
        _change_of(("department_created", "department_updated"), reference("Department")),
        _change_of(("department_deleted",), closed({"id": _STORED_ID})),
        _change_of(("event_created", "event_updated"), reference("Event")),
        _change_of(("event_deleted",), gone_event),
    ]
    return {"description": wording.text(_CHANGE), **one_of(forms), **_shown(examples.CHANGE)}


def _change_of(types: tuple[str, ...], data: Schema) -> Schema:
    return closed(
        {
            "seq": {"type": "integer", "minimum": 1},
            "type": {"enum": list(types)},
            "data": data,
            "at": _TIMESTAMP,
            "mutation_id": {"type": ["string", "null"]},
        }
    )


def _holiday(wording: Wording) -> Schema:
    properties: dict[str, Schema] = {
        "date": _DATE,
        "name": {"type": "string", "minLength": 1},
        "name_en": {"type": "string", "minLength": 1},
        "substitute": {"type": "boolean", "description": wording.text(_SUBSTITUTE)},
        "temporary": {"type": "boolean", "description": wording.text(_TEMPORARY)},
    }
    return {"description": wording.text(_HOLIDAY), **closed(properties)} | _shown(examples.HOLIDAYS[0])


def _described(field: str, schema: Schema, wording: Wording, sentence: Sentence | None = None) -> Schema:
    return {**schema, "description": wording.text(sentence or _DESCRIPTIONS[field])}


def _shown(example: Mapping[str, Any]) -> Schema:
    return {"examples": [dict(example)]}
