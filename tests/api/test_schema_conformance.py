"""Requests made from the OpenAPI document by Schemathesis: every answer is one that the document describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from calendar_server.api import register
from calendar_server.api.openapi import examples
from calendar_server.api.sync import WAIT_MAX_SECONDS
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit, Head
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.services.calendar import Calendar
from calendar_server.store.embedded import EmbeddedStore

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

OPERATIONS = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


_FOLDER = TemporaryDirectory()
_STORE = EmbeddedStore(Path(_FOLDER.name) / "calendar.sqlite3")
_CALENDAR = Calendar(_STORE)
_DEPARTMENT = Department(**examples.DEPARTMENT)
_EVENT = CalendarEvent(**{field: examples.EVENT[field] for field in CalendarEvent.__slots__})


def _app() -> Flask:
    app = Flask("calendar_rest_conformance", static_folder=None)
    register(app, _CALENDAR)
    return app


schema = schemathesis.openapi.from_wsgi("/api/openapi.json", _app())


@pytest.fixture(autouse=True, scope="module")
def _closed_store() -> Iterator[None]:
    yield
    _STORE.close()
    _FOLDER.cleanup()


def _keep_examples() -> None:
    """Nothing but the department and the event that the document's examples name, as they were at first."""
    for department in _STORE.list_departments().departments:
        _STORE.commit([Edit(department, None)])
    for made in (_DEPARTMENT, _EVENT):
        _STORE.commit([Edit(None, made)])


def _existing(case: schemathesis.Case) -> dict[str, str]:
    parameters = case.operation.definition.raw.get("parameters", ())
    return {each["name"]: each["example"] for each in parameters if each["in"] == "path"}


def _do_not_wait(case: schemathesis.Case) -> None:
    """Long polls would only make the run long."""
    if str((case.query or {}).get("wait")) in map(str, range(1, WAIT_MAX_SECONDS + 1)):
        case.query["wait"] = 0


@schema.parametrize()
@OPERATIONS
def test_answers_are_as_the_document_describes_them(case: schemathesis.Case) -> None:
    _do_not_wait(case)
    case.call_and_validate(checks=list(CHECKS))


@schema.include(path_regex="{").parametrize()
@OPERATIONS
def test_answers_about_what_exists_are_as_described(case: schemathesis.Case) -> None:
    _keep_examples()
    case.path_parameters = _existing(case)
    _do_not_wait(case)
    answer = case.call_and_validate(checks=list(CHECKS))
    assert answer.status_code != 404


@schema.include(path_regex="/api/sync/").parametrize()
@OPERATIONS
def test_changes_since_a_cursor_are_as_described(case: schemathesis.Case) -> None:
    _keep_examples()
    case.path_parameters = _existing(case)
    history = case.path_parameters.get("department_id", DEPARTMENTS_HISTORY)
    head = _STORE.head(history)
    case.query = {**(case.query or {}), "cursor": _CALENDAR.cursors.text(history, Head(head.last_seq - 1, head.epoch))}
    _do_not_wait(case)
    answer = case.call_and_validate(checks=list(CHECKS))
    assert answer.status_code not in (400, 404, 410)
