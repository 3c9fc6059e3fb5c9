"""Serves the page and its files. They are made by ``web/build.mjs``; here nothing is made, only sent."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request
from werkzeug.datastructures import Headers

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "manifest.json": "application/json",
    "third-party-licences.txt": "text/plain; charset=utf-8",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = Headers(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "public, no-cache",
        "Vary": "Accept-Encoding",
    }
)

blueprint = Blueprint("web", __name__)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page, in both of the codings it is sent in."""

    content_type: str
    plain: bytes
    packed: bytes
    digest: str


def register(app: Flask) -> None:
    """Add ``/`` and the files that it names."""
    app.register_blueprint(blueprint)


@blueprint.get("/")
def start() -> Response:
    """The page. What it shows stands in the address and is read by its script."""
    return _answer("index.html")


@blueprint.get("/page/<name>")
def page_file(name: str) -> Response:
    """A script, a style sheet, and what the page is made of (``manifest.json``, ``third-party-licences.txt``)."""
    if name not in CONTENT_TYPES:
        abort(404)
    return _answer(name)


def _answer(name: str) -> Response:
    file = _load(name)
    packed = request.accept_encodings["gzip"] > 0
    response = Response(file.packed if packed else file.plain, content_type=file.content_type)
    response.headers.extend(HEADERS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    # RFC 9110, 8.8.3.3: another coding is another representation, with a tag of its own.
    response.set_etag(file.digest + ("-gzip" if packed else ""))
    response.make_conditional(request)
    return response


@lru_cache(maxsize=len(CONTENT_TYPES))
def _load(name: str) -> PageFile:
    plain = (STATIC / name).read_bytes()
    return PageFile(CONTENT_TYPES[name], plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:24])
