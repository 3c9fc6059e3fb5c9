"""The documentation: ``/api/openapi.json`` for programs and ``/api/docs`` for people, made from the same document."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, Response, render_template, request

from calendar_server.api.answers import not_modified, request_language
from calendar_server.api.entity_tags import document_tag, known_to_client
from calendar_server.api.openapi.document import openapi_document
from calendar_server.api.reference_page import line, prose, reference_page
from calendar_server.wire.messages import LANGUAGES, Language
from calendar_server.wire.strict_json import dump_bytes

SHARED_CACHE = "public, no-cache"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint(
    "documents", __name__, template_folder="templates", static_folder="static", static_url_path="/api/docs/assets"
)


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """The OpenAPI document, in both languages."""
    content, tag = _document()
    known = known_to_client()
    if known and known.matches_weakly(tag):
        response = not_modified(tag)
    else:
        response = Response(content, content_type="application/json")
        response.headers["ETag"] = tag
        response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = SHARED_CACHE
    return response


@blueprint.get("/api/docs")
def docs() -> Response:
    """The page for reading, in the client's language or in that of ``?lang=``."""
    language = _wanted_language()
    page = reference_page(openapi_document(language), language, request.host_url.rstrip("/"))
    response = Response(render_template("reference.html", page=page, language=language, prose=prose, line=line))
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    return response


@lru_cache(maxsize=1)
def _document() -> tuple[bytes, str]:
    content = dump_bytes(openapi_document())
    return content, document_tag(content)


def _wanted_language() -> Language:
    asked = request.args.get("lang")
    return next((each for each in LANGUAGES if each == asked), request_language())
