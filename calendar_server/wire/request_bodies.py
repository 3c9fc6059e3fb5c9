"""Reads a request's body once, up to the limit, so that nothing behind has to think of lengths, chunks or broken framing."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING

from calendar_server.wire.refusals import Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODY_MAX_BYTES = 1024 * 1024
DRAIN_MAX_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 64 * 1024


def take_body(environ: WSGIEnvironment) -> None:
    """Put the whole body into ``wsgi.input``, with its length in CONTENT_LENGTH.

    :raises Refused: it is longer than :data:`BODY_MAX_BYTES`, shorter than announced, or its framing is broken.
    """
    length = _announced_length(environ)
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if chunked and length is not None:
        raise Refused("bad_request")  # two framings at once are how requests are smuggled (RFC 9112, 6.1)
    if length is not None and length > BODY_MAX_BYTES:
        raise _too_large(environ, length)
    if chunked and _is_terminated(environ):
        body = _read(environ, BODY_MAX_BYTES + 1)
        if len(body) > BODY_MAX_BYTES:
            raise _too_large(environ, DRAIN_MAX_BYTES)
    else:
        body = _read(environ, length or 0)
        if len(body) < (length or 0):
            raise Refused("bad_request")
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input_terminated"] = True
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def _announced_length(environ: WSGIEnvironment) -> int | None:
    text = environ.get("CONTENT_LENGTH")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused("bad_request")
    return int(text)


def _is_terminated(environ: WSGIEnvironment) -> bool:
    """True where the web server ends ``wsgi.input`` with the body, so that reading on does not wait for ever."""
    return bool(environ.get("wsgi.input_terminated")) or "eventlet.input" in environ


def _read(environ: WSGIEnvironment, count: int) -> bytes:
    """Up to ``count`` bytes of the body, fewer only where it ends before."""
    pieces = []
    try:
        while count > 0 and (piece := environ["wsgi.input"].read(min(count, _PIECE_BYTES))):
            pieces.append(piece)
            count -= len(piece)
    except (OSError, ValueError) as error:  # what web servers raise for broken chunks and lost connections
        raise Refused("bad_request") from error
    return b"".join(pieces)


def _too_large(environ: WSGIEnvironment, rest: int) -> Refused:
    """The refusal, after reading away the rest where it is not too long: many clients read no answer before they have
    sent all. One that asks first (``Expect: 100-continue``) has sent nothing, and must not be told to go on.
    """
    asks_first = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
    left = 0 if asks_first or rest > DRAIN_MAX_BYTES else rest
    try:
        while left > 0 and (piece := environ["wsgi.input"].read(min(left, _PIECE_BYTES))):
            left -= len(piece)
    except (OSError, ValueError):
        pass
    return Refused("body_too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, max_bytes=BODY_MAX_BYTES)
