"""Parameters of calls: ids in addresses, what a list is cut by, where a client stands, and headers."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.schemas import DATE_PATTERN, Schema
from calendar_server.api.openapi.wording import Wording
from calendar_server.api.sync import WAIT_MAX_SECONDS
from calendar_server.api.writes import KEY_MAX
from calendar_server.domain.fields import ID_BYTES_MAX, SEARCH_MAX
from calendar_server.services.holidays import YEARS_MAX
from calendar_server.services.reading import PAGE_LIMIT_MAX
from calendar_server.services.syncing import LIMIT_MAX
from calendar_server.wire.messages import Sentence

_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}
_DATE: Schema = {"type": "string", "format": "date", "pattern": DATE_PATTERN}
_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT_MAX}
_WAIT: Schema = {"type": "integer", "minimum": 0, "maximum": WAIT_MAX_SECONDS, "default": 0}
_KEY: Schema = {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"}
_DEPARTMENT = Sentence("부서 id.", "The department's id.")
_EVENT = Sentence("이벤트 id.", "The event's id.")

_QUERY: Mapping[str, tuple[Sentence, Schema]] = {
    "from": (Sentence("이 날짜부터(포함).", "From this day on, inclusive."), _DATE),
    "to": (Sentence("이 날짜까지(포함).", "Up to this day, inclusive."), _DATE),
    "q": (
        Sentence(
            "제목이나 설명에서 찾을 검색어. 띄어 쓴 단어가 모두 있어야 하며 대소문자는 구분하지 않습니다.",
            "What to look for in title and description: all words must occur, in whatever case.",
        ),
        {"type": "string", "maxLength": SEARCH_MAX},
    ),
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
    "first_day": (Sentence("이 날짜부터(포함).", "From this day on, inclusive."), _DATE),
    "last_day": (
        Sentence(
            f"이 날짜까지(포함). `from`부터 {YEARS_MAX}년을 넘을 수 없습니다.",
            f"Up to this day, inclusive; at most {YEARS_MAX} years after `from`.",
        ),
        _DATE,
    ),
    "cursor": (
        Sentence(
            "마지막으로 받은 `cursor` 값 그대로. 없으면 전부 받습니다.",
            "The last `cursor` that you were given, as it was; without one you get everything.",
        ),
        {"type": "string"},
    ),
    "changes": (
        Sentence("한 번에 받을 변경의 최대 개수.", "At most this many changes."),
        {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_MAX},
    ),
    "wait": (
        Sentence(
            "놓친 변경이 없을 때 다음 변경을 기다리는 시간(초). 그동안 변경이 없으면 빈 목록이 옵니다.",
            "Where nothing was missed, wait this many seconds for the next change; the list is empty if none comes.",
        ),
        _WAIT,
    ),
}
_NAMES: Mapping[str, str] = {"changes": "limit", "first_day": "from", "last_day": "to"}
"""Where a parameter's own name is not that by which operations list it here."""
_REQUIRED = ("first_day", "last_day")

_HEADER: Mapping[str, tuple[Sentence, Schema]] = {
    "If-None-Match": (
        Sentence(
            "이미 가진 `ETag`. 그대로이면 본문 없이 304.",
            "The `ETag` that you hold; 304 without a body while it still holds.",
        ),
        {"type": "string"},
    ),
    "If-Match": (
        Sentence(
            "이 `ETag`일 때만 변경합니다. 그사이 바뀌었으면 412. 없으면 보낸 항목만 바꿉니다.",
            "Change it only while it has this `ETag`, else 412. Without it, the fields that you send are applied.",
        ),
        {"type": "string"},
    ),
    "Idempotency-Key": (
        Sentence(
            "클라이언트가 이 변경에 붙이는 이름(예: UUID). 7일 안에 같은 이름과 같은 본문으로 다시 보내면 한 번만 반영되고 "
            "첫 응답이 그대로 옵니다. 본문이 다르면 422 `idempotency_key_reused`. 변경 이력에는 `mutation_id`로 남습니다.",
            "Your own name for this write, for example a UUID. The same name and body within 7 days have one effect and "
            "get the first answer again; another body gets 422 `idempotency_key_reused`. The change carries it as "
            "`mutation_id`.",
        ),
        _KEY,
    ),
}


def parameters(names: tuple[str, ...], wording: Wording) -> list[Schema]:
    """The parameters of these names, in their order.

    ``department`` and ``event`` are the path's ``id``, ``changes`` is the ``limit`` of a sync, ``first_day`` and
    ``last_day`` are a ``from`` and ``to`` that must be there.
    """
    return [_parameter(name, wording) for name in names]


def _parameter(name: str, wording: Wording) -> Schema:
    if name in _QUERY:
        sentence, schema = _QUERY[name]
        own_name = _NAMES.get(name, name)
        required = {"required": True} if name in _REQUIRED else {}
        return {"name": own_name, "in": "query", **required, "description": wording.text(sentence), "schema": schema}
    if name in _HEADER:
        sentence, schema = _HEADER[name]
        return {"name": name, "in": "header", "description": wording.text(sentence), "schema": schema}
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
