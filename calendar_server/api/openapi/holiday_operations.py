"""The call under ``/api/holidays``."""

from __future__ import annotations

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.operation import Operation
from calendar_server.api.openapi.schemas import reference
from calendar_server.wire.messages import Sentence

HOLIDAYS: tuple[Operation, ...] = (
    Operation(
        "listHolidays",
        "get",
        "/api/holidays",
        "holidays",
        Sentence("공휴일 목록", "List holidays"),
        Sentence(
            "대한민국의 공휴일을 날짜 순서로, 하루에 하나씩 돌려줍니다. 대체공휴일과 알려진 임시공휴일도 들어 있으며, 관리자는 "
            "`HOLIDAYS_FILE`로 더하거나 뺄 수 있습니다.",
            "The public holidays of South Korea in their order, one for each day, with substitute days and the temporary "
            "ones that are known. The administrator adds and removes days in `HOLIDAYS_FILE`.",
        ),
        ("first_day", "last_day", "If-None-Match"),
        answer={"holidays": {"type": "array", "items": reference("Holiday")}},
        example={"holidays": examples.HOLIDAYS},
        failures=("validation_failed",),
        shared=("BadRequest", "MethodNotAllowed"),
        has_tag=True,
    ),
)
