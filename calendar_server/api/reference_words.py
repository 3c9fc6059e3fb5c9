"""The words of the page for reading that the OpenAPI document does not have."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_server.wire.messages import Sentence

PAGE_WORDS: Mapping[str, Sentence] = {
    "contents": Sentence("차례", "Contents"),
    "overview": Sentence("개요", "Overview"),
    "objects": Sentence("객체", "Objects"),
    "Department": Sentence("부서", "Department"),
    "Event": Sentence("이벤트", "Event"),
    "parameters": Sentence("매개변수", "Parameters"),
    "body": Sentence("본문", "Body"),
    "request": Sentence("요청", "Request"),
    "answer": Sentence("응답", "Answer"),
    "failures": Sentence("실패", "Failures"),
    "required": Sentence("필수", "required"),
    "up_to": Sentence(", {count}자까지", ", up to {count} characters"),
    "codes": Sentence("오류 코드", "Error codes"),
    "codes_intro": Sentence(
        "`error`에 오는 코드입니다. 400, 405, 503은 어느 요청에서나, 413과 415는 본문이 있는 요청에서 올 수 있습니다. "
        "503에는 `Retry-After`가 함께 옵니다.",
        "What stands in `error`. Any call may answer 400, 405 and 503, and one with a body 413 and 415; a 503 has `Retry-After`.",
    ),
    "details": Sentence("항목별 코드", "Codes of fields"),
    "details_intro": Sentence(
        "422의 `details`에서 `code`에 오는 값입니다. N은 숫자입니다.",
        "What stands in `code` of a 422's `details`. N is a number.",
    ),
    "socket": Sentence("실시간 메시지", "Live messages"),
    "from_clients": Sentence("클라이언트 → 서버", "Client to server"),
    "from_server": Sentence("서버 → 클라이언트", "Server to client"),
    "payload": Sentence("내용", "Payload"),
    "acknowledgement": Sentence("확인 응답", "Acknowledgement"),
    "to": Sentence("받는 쪽", "To"),
    "status": Sentence("상태", "Status"),
    "code": Sentence("코드", "Code"),
    "message": Sentence("메시지", "Message"),
    "open_document": Sentence("OpenAPI 문서", "OpenAPI document"),
    "language": Sentence("언어", "Language"),
    "skip": Sentence("본문으로 건너뛰기", "Skip to the content"),
}
