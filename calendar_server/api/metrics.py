"""``/metrics``: what the server counts, for Prometheus. It is not for the public; keep it from outside at the proxy."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from calendar_server import measures

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """The text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
    response = Response(measures.exposition(), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response
