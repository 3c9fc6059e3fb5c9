"""Parameters of calls: ids in addresses, what a list is cut by, and conditional headers."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.schemas import DATE_PATTERN, Schema
from calendar_server.api.openapi.wording import Wording
from calendar_server.domain.fields import ID_BYTES_MAX
from calendar_server.services.reading import PAGE_LIMIT_MAX
from calendar_server.wire.messages import Sentence

_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}
_DATE: Schema = {"type": "string", "format": "date", "pattern": DATE_PATTERN}
_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT_MAX}
_DEPARTMENT = Sentence("부서 id.", "The department's id.")
_EVENT = Sentence("이벤트 id.", "The event's id.")

_QUERY: Mapping[str, tuple[Sentence, Schema]] = {
    "from": (Sentence("이 날짜부터(포함).", "From this day on, inclusive."), _DATE),
    "to": (Sentence("이 날짜까지(포함).", "Up to this day, inclusive."), _DATE),
    "limit": (
        Sentence(
            "한 번에 받을 최대 개수. 보내면 응답에 `next_page`가 함께 옵니다.",
            "At most this many; the answer then has a `next_page` too.",
        ),
        _LIMIT,
    ),
    "page": (
        Sentence(
            "이전 응답의 `next_page` 값 그대로. 나머지 조건은 같아야 합니다.",
            "The `next_page` of the answer before, as it was, with the same filter.",
        ),
        {"type": "string"},
    ),
}
_HEADER: Mapping[str, Sentence] = {
    "If-None-Match": Sentence(
        "이미 가진 `ETag`. 그대로이면 본문 없이 304.",
        "The `ETag` that you hold; 304 without a body while it still holds.",
    ),
    "If-Match": Sentence(
        "이 `ETag`일 때만 변경합니다. 그 사이 바뀌었으면 412. 없으면 보낸 항목만 바꿉니다.",
        "Change it only while it has this `ETag`, else 412. Without it, the fields that you send are applied.",
    ),
}


def parameters(names: tuple[str, ...], wording: Wording) -> list[Schema]:
    """The parameters of these names, in their order; ``department`` and ``event`` are the path's ``id``."""
    return [_parameter(name, wording) for name in names]


def _parameter(name: str, wording: Wording) -> Schema:
    if name in _QUERY:
        sentence, schema = _QUERY[name]
        return {"name": name, "in": "query", "description": wording.text(sentence), "schema": schema}
    if name in _HEADER:
        return {
            "name": name,
            "in": "header",
            "description": wording.text(_HEADER[name]),
            "schema": {"type": "string"},
        }
    return _path_parameter(name, wording)


def _path_parameter(name: str, wording: Wording) -> Schema:
    ids = {
        "department": ("id", _DEPARTMENT, examples.DEPARTMENT["id"]),
        "event": ("id", _EVENT, examples.EVENT["id"]),
        "department_id": ("department_id", _DEPARTMENT, examples.DEPARTMENT["id"]),
        "event_id": ("event_id", _EVENT, examples.EVENT["id"]),
    }
    parameter_name, sentence, example = ids[name]
    return {
        "name": parameter_name,
        "in": "path",
        "required": True,
        "description": wording.text(sentence),
        "schema": _ID,
        "example": example,
    }
