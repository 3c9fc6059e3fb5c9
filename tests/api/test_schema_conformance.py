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
from calendar_server.domain.changes import Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.services.editing import Editing
from calendar_server.services.reading import Reading
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
_DEPARTMENT = Department(**examples.DEPARTMENT)
_EVENT = CalendarEvent(**{field: examples.EVENT[field] for field in CalendarEvent.__slots__})


def _app() -> Flask:
    app = Flask("calendar_rest_conformance", static_folder=None)
    register(app, editing=Editing(_STORE), reading=Reading(_STORE), check_store=_STORE.check)
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


@schema.parametrize()
@OPERATIONS
def test_answers_are_as_the_document_describes_them(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=list(CHECKS))


@schema.include(path_regex="{").parametrize()
@OPERATIONS
def test_answers_about_what_exists_are_as_described(case: schemathesis.Case) -> None:
    _keep_examples()
    case.path_parameters = _existing(case)
    answer = case.call_and_validate(checks=list(CHECKS))
    assert answer.status_code != 404
