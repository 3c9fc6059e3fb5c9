"""The sentences that people read, in Korean and English, by the stable code of what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from calendar_server.errors import CalendarError, Invalid, Problem

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")


class Sentence(NamedTuple):
    """One sentence in both languages; ``{name}`` stands for a parameter."""

    ko: str
    en: str

    def text(self, language: Language, params: Mapping[str, Any] | None = None) -> str:
        return (self.ko if language == "ko" else self.en).format_map(params or {})


SENTENCES: Mapping[str, Sentence] = {
    "department_deleted": Sentence("부서가 삭제되었습니다.", "The department has been deleted."),
    "event_deleted": Sentence("이벤트가 삭제되었습니다.", "The event has been deleted."),
    "connected": Sentence("서버에 연결되었습니다.", "Connected to the server."),
    "validation_failed": Sentence("입력한 내용을 확인해 주세요.", "Please check what you entered."),
    "invalid_json": Sentence("요청 본문이 올바른 JSON이 아닙니다.", "The request body is not valid JSON."),
    "json_required": Sentence(
        "Content-Type이 application/json인 요청만 받습니다.",
        "Only requests with Content-Type application/json are taken.",
    ),
    "body_too_large": Sentence(
        "요청 본문이 너무 큽니다. 최대 {max_bytes}바이트까지 보낼 수 있습니다.",
        "The request body is too large: at most {max_bytes} bytes.",
    ),
    "not_found": Sentence("요청한 주소를 찾을 수 없습니다.", "There is nothing at this address."),
    "method_not_allowed": Sentence("이 주소에서는 쓸 수 없는 메서드입니다.", "This address does not take that method."),
    "too_many_sockets": Sentence(
        "동시 접속이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
        "Too many connections are open. Please try again later.",
    ),
    "too_many_departments": Sentence(
        "한 연결에서 볼 수 있는 부서는 {max}개까지입니다.", "One connection can watch at most {max} departments."
    ),
    "bad_request": Sentence("요청을 이해할 수 없습니다.", "The request cannot be understood."),
    "host_not_allowed": Sentence(
        "허용되지 않은 호스트 이름입니다. 관리자는 TRUSTED_HOSTS에 추가해 주세요.",
        "This host name is not served. The administrator can add it to TRUSTED_HOSTS.",
    ),
    "origin_not_allowed": Sentence(
        "허용되지 않은 출처(origin)입니다. 관리자는 CORS_ORIGINS에 추가해 주세요.",
        "This origin is not allowed. The administrator can add it to CORS_ORIGINS.",
    ),
    "unknown_event": Sentence("알 수 없는 소켓 이벤트입니다.", "There is no socket event of this name."),
    "not_in_room": Sentence(
        "먼저 join_department로 부서의 방에 들어가야 합니다.", "Join the department's room with join_department first."
    ),
    "jsonp_refused": Sentence("JSONP는 지원하지 않습니다.", "JSONP is not supported."),
    "department_not_found": Sentence("부서를 찾을 수 없습니다.", "There is no such department."),
    "event_not_found": Sentence("이벤트를 찾을 수 없습니다.", "There is no such event."),
    "department_exists": Sentence("같은 이름의 부서가 이미 있습니다.", "A department of this name exists already."),
    "event_exists": Sentence("같은 id의 이벤트가 이미 있습니다.", "An event with this id exists already."),
    "version_conflict": Sentence(
        "그사이 다른 사람이 변경했습니다. 최신 내용을 확인해 주세요.",
        "Somebody has changed it in the meantime. Please look at the current version.",
    ),
    "cursor_invalid": Sentence(
        "커서가 올바르지 않습니다. 목록을 다시 불러와 주세요.", "The cursor is not valid. Please load the list again."
    ),
    "cursor_expired": Sentence(
        "커서가 너무 오래되었습니다. 목록을 다시 불러와 주세요.", "The cursor has expired. Please load the list again."
    ),
    "idempotency_key_reused": Sentence(
        "같은 Idempotency-Key로 다른 요청을 이미 처리했습니다.",
        "Another request with this Idempotency-Key has been answered already.",
    ),
    "store_unavailable": Sentence(
        "저장소가 잠시 응답하지 않습니다. 잠시 후 다시 시도해 주세요.",
        "The store is not answering at the moment. Please try again shortly.",
    ),
    "internal_error": Sentence("서버에서 오류가 발생했습니다.", "An error occurred on the server."),
}

PROBLEMS: Mapping[str, Sentence] = {
    "required": Sentence("꼭 입력해야 합니다.", "This is required."),
    "type_string": Sentence("문자열이어야 합니다.", "This must be a string."),
    "type_object": Sentence("JSON 객체여야 합니다.", "This must be a JSON object."),
    "type_boolean": Sentence("true나 false여야 합니다.", "This must be true or false."),
    "unreadable": Sentence("HTTP 요청으로 읽을 수 없습니다({found}).", "This cannot be read as HTTP ({found})."),
    "not_unicode": Sentence("올바른 유니코드 문자열이 아닙니다.", "This is not valid Unicode text."),
    "control_characters": Sentence("제어 문자는 쓸 수 없습니다.", "Control characters are not allowed."),
    "too_long": Sentence(
        "최대 {max}자까지 입력할 수 있습니다(현재 {actual}자).", "At most {max} characters (now {actual})."
    ),
    "invalid_date": Sentence(
        "YYYY-MM-DD 형식의 실제 날짜여야 합니다.", "This must be a date of the calendar, written YYYY-MM-DD."
    ),
    "invalid_url": Sentence(
        "http:// 또는 https://로 시작하는 주소여야 합니다.",
        "This must be an address beginning with http:// or https://.",
    ),
    "invalid_uuid": Sentence("UUID 형식이어야 합니다.", "This must be a UUID."),
    "unknown_field": Sentence("알 수 없는 항목입니다.", "This field is not known."),
    "mismatch": Sentence("주소의 부서와 같아야 합니다.", "This must be the department of the address."),
    "unknown_department": Sentence("부서를 찾을 수 없습니다.", "There is no such department."),
    "out_of_range": Sentence(
        "{min}부터 {max}까지의 정수여야 합니다.", "This must be a whole number from {min} to {max}."
    ),
    "before_from": Sentence("from보다 앞설 수 없습니다.", "This must not lie before from."),
    "range_too_long": Sentence(
        "from부터 {years}년을 넘을 수 없습니다.", "This must lie at most {years} years after from."
    ),
    "invalid_key": Sentence(
        "공백 없는 ASCII 문자 1~{max}자여야 합니다.", "This must be 1 to {max} visible ASCII characters."
    ),
    "invalid_page": Sentence(
        "이전 응답의 next_page 값을 그대로 보내야 합니다.",
        "This must be the next_page of an earlier answer, as it was.",
    ),
}


def sentence(code: str, language: Language, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for ``code``."""
    return SENTENCES[code].text(language, params)


def problem_json(problem: Problem, language: Language) -> dict[str, str]:
    """One entry of ``details``."""
    text = PROBLEMS[problem.code].text(language, problem.params)
    return {"field": problem.field, "code": problem.code, "message": text}


def in_both_languages(problem: Problem) -> str:
    """For the log, whose reader's language nobody knows."""
    korean, english = (problem_json(problem, language)["message"] for language in ("ko", "en"))
    return f"{korean} / {english}"


def failure_json(error: CalendarError, language: Language) -> dict[str, Any]:
    """The body of a failed answer, the same in REST and in acknowledgements."""
    failure: dict[str, Any] = {"success": False, "error": error.code, "message": sentence(error.code, language)}
    if isinstance(error, Invalid):
        failure["details"] = [problem_json(problem, language) for problem in error.problems]
    return failure
