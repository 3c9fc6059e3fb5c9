"""``/api/sync``: what a client missed since its cursor, at once or as soon as there is something."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import Blueprint, Response, request

from calendar_server.api.answers import json_response
from calendar_server.api.context import services
from calendar_server.api.path_ids import department_key
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, events_history
from calendar_server.errors import Invalid, Problem
from calendar_server.services.syncing import LIMIT_MAX, Missed
from calendar_server.wire.places import change_json, everything_json, place_json

WAIT_MAX_SECONDS = 25

blueprint = Blueprint("sync", __name__, url_prefix="/api/sync")


@blueprint.get("/departments")
def sync_departments() -> Response:
    """The list of departments, or what happened to it."""
    return _answer(DEPARTMENTS_HISTORY)


@blueprint.get("/<department_id>")
def sync_department(department_id: str) -> Response:
    """A department's events, or what happened to them."""
    return _answer(events_history(department_key(department_id)))


@dataclass(frozen=True, slots=True)
class SyncQuery:
    """``cursor``: None for everything. ``wait_seconds``: how long to wait where nothing was missed."""

    cursor: str | None
    limit: int
    wait_seconds: int

    @classmethod
    def parse(cls) -> SyncQuery:
        """From the present request's query string. :raises Invalid: with all that is wrong with it."""
        problems: list[Problem] = []
        limit = _whole_number("limit", 1, LIMIT_MAX, LIMIT_MAX, problems)
        wait = _whole_number("wait", 0, WAIT_MAX_SECONDS, 0, problems)
        if problems:
            raise Invalid(problems)
        return cls(request.args.get("cursor"), limit, wait)


def _whole_number(name: str, least: int, most: int, default: int, problems: list[Problem]) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 4 and least <= int(text) <= most:
        return int(text)
    problems.append(Problem(name, "out_of_range", {"min": least, "max": most}))
    return default


def _answer(history: str) -> Response:
    try:
        query = SyncQuery.parse()
    except Invalid:
        services().syncing.head(history)
        raise
    if query.cursor is None:
        return json_response({"success": True, "full": True, **everything_json(services(), history)})
    missed = _wait_for_changes(history, query.cursor, query)
    body = {
        "success": True,
        "full": False,
        "changes": [change_json(change) for change in missed.changes],
        "has_more": missed.has_more,
        **place_json(services().cursors, history, missed.head),
    }
    return json_response(body)


def _wait_for_changes(history: str, cursor: str, query: SyncQuery) -> Missed:
    """What was missed or, where that is nothing, what happens within the time that the client waits."""
    syncing, waiting = services().syncing, services().waiting
    deadline = time.monotonic() + query.wait_seconds
    with waiting.waiter(history) as changed:
        while True:
            changed.clear()
            missed = syncing.missed(history, cursor, query.limit)
            remaining = deadline - time.monotonic()
            if missed.changes or remaining <= 0 or waiting.closed:
                return missed
            changed.wait(remaining)
