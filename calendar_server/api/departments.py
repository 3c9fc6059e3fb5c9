"""``/api/departments``: the list of departments and each of them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from calendar_server.api.answers import (
    deletion_answer,
    department_answer,
    department_list_answer,
    not_modified,
    request_language,
    respond,
    written_answer,
)
from calendar_server.api.bodies import json_body
from calendar_server.api.context import services
from calendar_server.api.entity_tags import known_to_client, list_tag, object_tag, required_by_client
from calendar_server.api.path_ids import department_key
from calendar_server.api.writes import answer_write

blueprint = Blueprint("departments", __name__, url_prefix="/api/departments")


@blueprint.get("")
def list_departments() -> Response:
    """All departments, oldest first; a client that holds the list already costs one read of its head."""
    reading = services().reading
    known = known_to_client()
    if known and known.matches_weakly(tag := list_tag(reading.departments_head())):
        return not_modified(tag)
    return department_list_answer(reading.departments())


@blueprint.post("")
def create_department() -> Response:
    """A new department."""
    body, editing, cursors = json_body(), services().editing, services().cursors
    return answer_write(
        lambda mutation: editing.create_department(body, mutation),
        lambda written: written_answer(written, cursors, HTTPStatus.CREATED),
        body,
    )


@blueprint.get("/<department_id>")
def get_department(department_id: str) -> Response:
    """One department."""
    department = services().reading.department(department_key(department_id))
    known = known_to_client()
    if known and known.matches_weakly(tag := object_tag(department)):
        return not_modified(tag)
    return respond(department_answer(department))


@blueprint.route("/<department_id>", methods=["PUT", "PATCH"])
def update_department(department_id: str) -> Response:
    """Change the fields that the body names."""
    body, editing, cursors = json_body(), services().editing, services().cursors
    key, matches = department_key(department_id), required_by_client()
    return answer_write(
        lambda mutation: editing.update_department(key, body, matches, mutation),
        lambda written: written_answer(written, cursors),
        body,
    )


@blueprint.delete("/<department_id>")
def delete_department(department_id: str) -> Response:
    """Remove a department and all its events."""
    editing, cursors, language = services().editing, services().cursors, request_language()
    key, matches = department_key(department_id), required_by_client()
    return answer_write(
        lambda mutation: editing.delete_department(key, matches, mutation),
        lambda written: deletion_answer("department_deleted", written, cursors, language),
    )
