"""Answers of success: one function for each thing that is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, request, url_for

from calendar_server.api.entity_tags import list_tag, object_tag
from calendar_server.domain.changes import DepartmentList
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.services.reading import EventPage, EventQuery
from calendar_server.wire.languages import preferred_language
from calendar_server.wire.messages import Language, sentence
from calendar_server.wire.objects import department_json, event_json
from calendar_server.wire.strict_json import dump_bytes

REVALIDATE = "private, no-cache"
NOT_STORED = "no-store"


def department_answer(department: Department, status: int = HTTPStatus.OK) -> Response:
    """One department, after a read or a write."""
    response = _tagged({"department": department_json(department)}, object_tag(department), status)
    if status == HTTPStatus.CREATED:
        response.headers["Location"] = url_for("departments.get_department", department_id=department.id)
    return response


def event_answer(event: CalendarEvent, status: int = HTTPStatus.OK) -> Response:
    """One event, after a read or a write."""
    response = _tagged({"event": event_json(event)}, object_tag(event), status)
    if status == HTTPStatus.CREATED:
        response.headers["Location"] = url_for("events.get_event", department_id=event.department_id, event_id=event.id)
    return response


def department_list_answer(found: DepartmentList) -> Response:
    """All departments."""
    return _tagged({"departments": [department_json(each) for each in found.departments]}, list_tag(found.head))


def event_list_answer(page: EventPage, query: EventQuery) -> Response:
    """A department's events; with ``next_page`` where the client asked for a page."""
    body: dict[str, Any] = {"events": [event_json(event) for event in page.events]}
    if query.limit is not None:
        body["next_page"] = page.next_page
    return _tagged(body, list_tag(page.head, query))


def deletion_answer(code: str) -> Response:
    """That something is gone, in the client's language."""
    response = json_response({"success": True, "message": sentence(code, request_language())})
    response.vary.add("Accept-Language")
    return response


def not_modified(tag: str) -> Response:
    """304: the client holds the state that ``tag`` names (RFC 9110, 15.4.5)."""
    response = Response(status=HTTPStatus.NOT_MODIFIED)
    del response.headers["Content-Type"]
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = REVALIDATE
    return response


def json_response(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    """``body`` as JSON, never kept by a cache."""
    response = Response(dump_bytes(body), status=status, content_type="application/json")
    response.headers["Cache-Control"] = NOT_STORED
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def request_language() -> Language:
    """The language of the client that asks."""
    return preferred_language(request.headers.get("Accept-Language"))


def _tagged(body: Mapping[str, Any], tag: str, status: int = HTTPStatus.OK) -> Response:
    """An answer that the client may keep, and must ask about before it uses it again."""
    response = json_response({"success": True, **body}, status)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = REVALIDATE
    return response
