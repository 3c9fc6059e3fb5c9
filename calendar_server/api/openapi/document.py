"""The whole document."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from calendar_server import __version__
from calendar_server.api.openapi.failures import CODES, component_responses
from calendar_server.api.openapi.paths import path_items
from calendar_server.api.openapi.schemas import component_schemas
from calendar_server.api.openapi.socket_messages import socket_section
from calendar_server.api.openapi.wording import Wording
from calendar_server.wire.messages import PROBLEMS, SENTENCES, Language, Sentence

TITLE = Sentence("달력 서버 API", "Dallyeok API")
INTRODUCTION = Sentence(
    "부서와 부서의 이벤트를 읽고 바꿉니다. 본문과 응답은 UTF-8 JSON이고, 한국어는 그대로 보냅니다. 성공한 응답에는 "
    "`success: true`가, 실패한 응답에는 `success: false`와 바뀌지 않는 코드 `error`, 사람이 읽을 `message`가 있습니다. "
    "`message`는 한국어이며, `Accept-Language`에서 영어를 우선하면 영어입니다.\n\n"
    "길이는 앞뒤 공백을 빼고 유니코드 NFC로 바꾼 뒤의 글자 수입니다. 선택 항목의 null은 빈 문자열입니다. 서버가 정하는 항목은 "
    "보내도 무시하고, 모르는 항목은 422로 거절합니다. 잘못된 점은 `details`에 모두 나옵니다.\n\n"
    "응답의 `ETag`를 `If-None-Match`로 보내면 바뀌지 않았을 때 304를, `If-Match`로 보내면 그 상태일 때만 변경합니다. "
    "모든 주소는 HEAD와 OPTIONS도 받습니다.",
    "Reads and changes departments and their events. Bodies and answers are JSON in UTF-8; Korean is sent as itself. A "
    "success has `success: true`; a failure has `success: false`, the stable code `error`, and `message` for people: "
    "Korean, or English where `Accept-Language` prefers it.\n\n"
    "Lengths are counted in characters after trimming and Unicode NFC. Null for an optional text is the empty text. Fields "
    "that the server sets are ignored in a body; fields that nobody knows are refused (422). `details` names all mistakes.\n\n"
    "Send an answer's `ETag` as `If-None-Match` to get 304 while nothing has changed, or as `If-Match` to change the "
    "object only in that state. HEAD and OPTIONS are answered everywhere.",
)
SYNCING = Sentence(
    "빠짐없이 따라가기: 부서마다 변경에는 1부터 빠짐없이 이어지는 번호 `seq`가 있습니다. `cursor`가 오는 곳에는 그 번호가 "
    "`seq`로 함께 옵니다. 목록을 받을 때 `cursor`와 `seq`를 저장해 두고, 소켓에서 `join_department`에 그 `cursor`를 보내거나 "
    "`GET /api/sync/{department_id}`를 호출하면 그사이 놓친 변경이 옵니다.\n\n"
    "변경의 `seq`가 마지막으로 본 번호 + 1이면 반영하고, 그보다 크지 않으면 버리고, 더 크면 그 사이의 변경을 마지막 "
    "`cursor`로 요청합니다. 410 `cursor_expired`나 `sync_reset`을 받으면 목록을 다시 불러옵니다. 변경은 90일 동안 "
    "보관합니다.\n\n"
    "변경 요청마다 `Idempotency-Key`를 하나씩 정해 두고, 응답을 받을 때까지 같은 키와 같은 본문으로 다시 보내세요. 몇 번을 "
    "보내도 한 번만 반영됩니다. 503은 아직 결과가 없다는 뜻이므로 같은 키로 다시 보내면 됩니다.",
    "Following without gaps: the changes of each department are numbered by `seq` from 1 without a gap. Wherever a "
    "`cursor` stands, its number stands beside it as `seq`. Keep both when you load a list; send the `cursor` with "
    "`join_department` on the socket, or to `GET /api/sync/{department_id}`, and you get what you missed.\n\n"
    "Apply a change whose `seq` is your last one + 1, drop one that is not above your last, and where it is higher ask "
    "for what lies between with your last `cursor`. On 410 `cursor_expired` or `sync_reset` load the list again. Changes "
    "are kept for 90 days.\n\n"
    "Choose one `Idempotency-Key` for each write and repeat it with the same body until it is answered: it takes effect "
    "once, however often you send it. A 503 is no outcome yet, so repeat it with the same key.",
)
TAGS: dict[str, Sentence] = {
    "departments": Sentence("부서", "Departments"),
    "events": Sentence("이벤트", "Events"),
    "holidays": Sentence("공휴일", "Holidays"),
    "sync": Sentence("따라잡기", "Catching up"),
    "server": Sentence("서버", "Server"),
}


@lru_cache(maxsize=4)
def openapi_document(language: Language | None = None) -> dict[str, Any]:
    """The OpenAPI 3.1 document in one language, or in both with Korean first. Not to be changed by callers."""
    wording = Wording(language)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": wording.line(TITLE),
            "version": __version__,
            "description": f"{wording.text(INTRODUCTION)}\n\n{wording.text(SYNCING)}",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": wording.line(sentence)} for name, sentence in TAGS.items()],
        "paths": path_items(wording),
        "components": {"schemas": component_schemas(wording), "responses": component_responses(wording)},
        "x-socketio": socket_section(wording),
        "x-codes": _codes(wording),
    }


def _codes(wording: Wording) -> dict[str, Any]:
    """Every code of ``error`` with its status, and every code of ``details``."""
    return {
        "error": [
            {"code": code, "status": status.value, "message": wording.message(SENTENCES[code])}
            for code, status in CODES.items()
        ],
        "details": [{"code": code, "message": wording.message(sentence)} for code, sentence in PROBLEMS.items()],
    }
