"""``/api/events``: a department's events and each of them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from calendar_server.api.answers import (
    deletion_answer,
    event_answer,
    event_list_answer,
    not_modified,
    request_language,
    respond,
    written_answer,
)
from calendar_server.api.bodies import json_body
from calendar_server.api.context import services
from calendar_server.api.entity_tags import known_to_client, list_tag, object_tag, required_by_client
from calendar_server.api.path_ids import department_key, event_key
from calendar_server.api.writes import answer_write
from calendar_server.errors import Invalid
from calendar_server.services.reading import EventQuery

blueprint = Blueprint("events", __name__, url_prefix="/api/events")


@blueprint.get("/<department_id>")
def list_events(department_id: str) -> Response:
    """A department's events; a client that holds the list already costs one read of the department's head."""
    department_id = department_key(department_id)
    query = _wanted_events(department_id)
    reading = services().reading
    known = known_to_client()
    if known and known.matches_weakly(tag := list_tag(reading.department_head(department_id), query)):
        return not_modified(tag)
    return event_list_answer(department_id, reading.events(department_id, query), query)


@blueprint.post("/<department_id>")
def create_event(department_id: str) -> Response:
    """A new event, with the client's id for it where the body has one."""
    body, editing, cursors = json_body(), services().editing, services().cursors
    key = department_key(department_id)
    return answer_write(
        lambda mutation: editing.create_event(key, body, mutation),
        lambda written: written_answer(written, cursors, HTTPStatus.CREATED),
        body,
    )


@blueprint.get("/<department_id>/<event_id>")
def get_event(department_id: str, event_id: str) -> Response:
    """One event of a department."""
    event = services().reading.event(department_key(department_id), event_key(event_id))
    known = known_to_client()
    if known and known.matches_weakly(tag := object_tag(event)):
        return not_modified(tag)
    return respond(event_answer(event))


@blueprint.route("/<event_id>", methods=["PUT", "PATCH"])
def update_event(event_id: str) -> Response:
    """Change the fields that the body names; another ``department_id`` moves the event."""
    body, editing, cursors = json_body(), services().editing, services().cursors
    key, matches = event_key(event_id), required_by_client()
    return answer_write(
        lambda mutation: editing.update_event(key, body, matches, mutation),
        lambda written: written_answer(written, cursors),
        body,
    )


@blueprint.delete("/<event_id>")
def delete_event(event_id: str) -> Response:
    """Remove an event."""
    editing, cursors, language = services().editing, services().cursors, request_language()
    key, matches = event_key(event_id), required_by_client()
    return answer_write(
        lambda mutation: editing.delete_event(key, matches, mutation),
        lambda written: deletion_answer("event_deleted", written, cursors, language),
    )


def _wanted_events(department_id: str) -> EventQuery:
    """What the query string asks for. :raises Invalid: it cannot be read, and the department exists."""
    asked = request.args
    try:
        return EventQuery.parse(
            asked.get("from"), asked.get("to"), asked.get("limit"), asked.get("page"), asked.get("q")
        )
    except Invalid:
        services().reading.department_head(department_id)
        raise
