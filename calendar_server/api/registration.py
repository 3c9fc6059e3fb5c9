"""Puts the REST edge on a Flask application."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, current_app, request

from calendar_server.api import departments, documents, events, health
from calendar_server.api.context import EXTENSION, Services
from calendar_server.api.errors import register_error_handlers
from calendar_server.services.editing import Editing
from calendar_server.services.reading import Reading


def register(app: Flask, *, editing: Editing, reading: Reading, check_store: Callable[[], None]) -> None:
    """Add every route under ``/api``, the probes, and JSON answers for all failures.

    ``check_store`` returns while the store can serve and raises what ``Store.check`` raises while it cannot.
    """
    app.extensions[EXTENSION] = Services(editing, reading, check_store)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for blueprint in (departments.blueprint, events.blueprint, health.blueprint, documents.blueprint):
        app.register_blueprint(blueprint)
    app.before_request(_answer_options)
    register_error_handlers(app)


def _answer_options() -> Response | None:
    """204 with ``Allow`` (RFC 9110, 9.3.7); an address that is not there stays a 404."""
    if request.method != "OPTIONS" or request.routing_exception is not None:
        return None
    response = current_app.make_default_options_response()
    response.status_code = HTTPStatus.NO_CONTENT
    del response.headers["Content-Type"]
    return response
