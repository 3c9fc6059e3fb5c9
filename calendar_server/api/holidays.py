"""``/api/holidays``: the days on which calendars of South Korea are printed in red."""

from __future__ import annotations

from flask import Blueprint, Response, request

from calendar_server.api.answers import holiday_list_answer, not_modified
from calendar_server.api.context import services
from calendar_server.api.entity_tags import known_to_client
from calendar_server.services.holidays import parse_range

blueprint = Blueprint("holidays", __name__, url_prefix="/api/holidays")


@blueprint.get("")
def list_holidays() -> Response:
    """Those from one day to another, both inclusive."""
    first, last = parse_range(request.args.get("from"), request.args.get("to"))
    answer = holiday_list_answer(services().holidays.between(first, last))
    known = known_to_client()
    if known and known.matches_weakly(answer.headers["ETag"]):
        return not_modified(answer.headers["ETag"])
    return answer
