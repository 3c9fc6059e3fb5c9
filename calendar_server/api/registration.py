"""Puts the REST edge on a Flask application."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, request

from calendar_server.api import departments, documents, events, health, holidays, metrics, sync
from calendar_server.api.context import EXTENSION
from calendar_server.api.errors import register_error_handlers
from calendar_server.services.calendar import Calendar
from calendar_server.wire.gate import note_route

BLUEPRINTS = (
    departments.blueprint,
    events.blueprint,
    sync.blueprint,
    holidays.blueprint,
    health.blueprint,
    documents.blueprint,
)


def register(app: Flask, calendar: Calendar, *, with_metrics: bool = True) -> None:
    """Add every route under ``/api``, the probes, and JSON answers for all failures."""
    app.extensions[EXTENSION] = calendar
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if with_metrics:
        app.register_blueprint(metrics.blueprint)
    app.before_request(_note_route)
    app.before_request(_answer_options)
    register_error_handlers(app)


def _note_route() -> None:
    """Tell the gate, which counts requests."""
    if request.url_rule is not None:
        note_route(request.environ, request.url_rule.rule)


def _answer_options() -> Response | None:
    """204 with ``Allow`` (RFC 9110, 9.3.7); an address that is not there stays a 404."""
    if request.method != "OPTIONS" or request.routing_exception is not None:
        return None
    response = current_app.make_default_options_response()
    response.status_code = HTTPStatus.NO_CONTENT
    del response.headers["Content-Type"]
    return response
