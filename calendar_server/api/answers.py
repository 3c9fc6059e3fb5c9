"""Answers of success: one function for each thing that is answered with.

Those of writes are values (:class:`~calendar_server.domain.receipts.StoredAnswer`), made without looking at the present
request: they are stored with the write, so that its repetition is answered with the very same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, request

from calendar_server.api.context import services
from calendar_server.api.entity_tags import document_tag, list_tag, object_tag
from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.domain.cursors import Cursors
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.holidays import Holiday
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.services.holding import Held
from calendar_server.services.mutations import Written
from calendar_server.services.reading import EventPage, EventQuery
from calendar_server.wire.languages import preferred_language
from calendar_server.wire.messages import Language, sentence
from calendar_server.wire.objects import department_json, event_json
from calendar_server.wire.places import place_json
from calendar_server.wire.strict_json import dump_bytes

JSON_HEADERS = (("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff"))
REVALIDATE = ("Cache-Control", "private, no-cache")
NOT_STORED = ("Cache-Control", "no-store")
VARIES = ("Vary", "Accept-Language")


def department_answer(department: Department) -> StoredAnswer:
    """One department, after a read."""
    return _tagged({"department": department_json(department)}, object_tag(department))


def event_answer(event: CalendarEvent) -> StoredAnswer:
    """One event, after a read."""
    return _tagged({"event": event_json(event)}, object_tag(event))


def written_answer(written: Written, cursors: Cursors, status: int = HTTPStatus.OK) -> StoredAnswer:
    """A department or an event after a write, and where the change stands."""
    subject = written.subject
    if isinstance(subject, Department):
        body, address = {"department": department_json(subject)}, f"departments/{quote(subject.id)}"
    else:
        body, address = {"event": event_json(subject)}, f"events/{quote(subject.department_id)}/{quote(subject.id)}"
    body = {**body, **place_json(cursors, written.history, written.head)}
    created = (("Location", f"/api/{address}"),) if status == HTTPStatus.CREATED else ()
    return _tagged(body, object_tag(subject), status, created)


def deletion_answer(code: str, written: Written | None, cursors: Cursors, language: Language) -> StoredAnswer:
    """That something is gone, and where that stands; None where it had gone before."""
    place = place_json(cursors, written.history, written.head) if written else {}
    body = {"success": True, "message": sentence(code, language), **place}
    return StoredAnswer(HTTPStatus.OK, (*JSON_HEADERS, NOT_STORED, VARIES), dump_bytes(body))


def department_list_answer(held: Held[Department]) -> Response:
    """All departments."""
    body = held.rendered("list", _render_departments(services().cursors))
    return respond(_with_tag(body, list_tag(held.head)))


def event_list_answer(department_id: str, page: EventPage, query: EventQuery) -> Response:
    """A department's events; with ``next_page`` where the client asked for a page."""
    cursors, held = services().cursors, page.held
    if query == EventQuery():
        body = held.rendered("list", lambda whole: _render_events(department_id, whole, cursors))
    else:
        paged = {} if query.limit is None else {"next_page": page.next_page}
        events = [event_json(event) for event in page.events]
        body = dump_bytes({"success": True, "events": events, **paged, **place_json(cursors, department_id, held.head)})
    return respond(_with_tag(body, list_tag(held.head, query)))


def holiday_list_answer(holidays: Sequence[Holiday]) -> Response:
    """Holidays, with a tag of what they look like: they belong to no history."""
    body = dump_bytes({"success": True, "holidays": [asdict(each) for each in holidays]})
    return respond(_with_tag(body, document_tag(body)))


def _render_departments(cursors: Cursors) -> Any:
    def render(held: Held[Department]) -> bytes:
        departments = [department_json(each) for each in held.ordered]
        place = place_json(cursors, DEPARTMENTS_HISTORY, held.head)
        return dump_bytes({"success": True, "departments": departments, **place})

    return render


def _render_events(department_id: str, held: Held[CalendarEvent], cursors: Cursors) -> bytes:
    events = [event_json(event) for event in held.ordered]
    return dump_bytes({"success": True, "events": events, **place_json(cursors, department_id, held.head)})


def not_modified(tag: str) -> Response:
    """304: the client holds the state that ``tag`` names (RFC 9110, 15.4.5)."""
    response = Response(status=HTTPStatus.NOT_MODIFIED)
    del response.headers["Content-Type"]
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = REVALIDATE[1]
    return response


def json_response(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    """``body`` as JSON, never kept by a cache."""
    return respond(StoredAnswer(status, (*JSON_HEADERS, NOT_STORED), dump_bytes(body)))


def respond(answer: StoredAnswer) -> Response:
    """The answer to the present request."""
    return Response(answer.body, status=answer.status, headers=list(answer.headers))


def request_language() -> Language:
    """The language of the client that asks."""
    return preferred_language(request.headers.get("Accept-Language"))


def _tagged(
    body: Mapping[str, Any], tag: str, status: int = HTTPStatus.OK, more: tuple[tuple[str, str], ...] = ()
) -> StoredAnswer:
    return _with_tag(dump_bytes({"success": True, **body}), tag, status, more)


def _with_tag(
    body: bytes, tag: str, status: int = HTTPStatus.OK, more: tuple[tuple[str, str], ...] = ()
) -> StoredAnswer:
    """An answer that the client may keep, and must ask about before it uses it again."""
    return StoredAnswer(int(status), (*JSON_HEADERS, REVALIDATE, ("ETag", tag), *more), body)
