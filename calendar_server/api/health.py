"""``/healthz`` and ``/readyz``: what a process supervisor or a load balancer asks."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from calendar_server.api.answers import json_response, request_language
from calendar_server.api.context import services
from calendar_server.api.errors import failure_response, retry_after_seconds
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.wire.messages import sentence

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process runs."""
    return json_response({"success": True, "status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """The process runs and its store answers."""
    try:
        services().store.check()
    except (StoreUnavailable, StoreUnusable) as error:
        return _not_ready(error)
    return json_response({"success": True, "status": "ok"})


def _not_ready(error: StoreUnavailable | StoreUnusable) -> Response:
    """503 with what is wrong, for the administrator who looks here; the errors hold no secrets."""
    problems = error.problems if isinstance(error, StoreUnusable) else (str(error),)
    body = {
        "success": False,
        "error": StoreUnavailable.code,
        "message": " ".join((sentence(error.code, request_language()), *problems)),
        "details": [{"field": "", "code": error.code, "message": problem} for problem in problems],
    }
    response = failure_response(body, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(retry_after_seconds(error))
    return response
