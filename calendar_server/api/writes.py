"""Writes that a client may repeat: ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from flask import Response, request

from calendar_server.api.answers import request_language, respond
from calendar_server.api.errors import failure_answer
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.errors import Invalid, Problem
from calendar_server.services.mutations import AnsweredBefore, Mutation, Written

HEADER = "Idempotency-Key"
KEY_MAX = 255

W = TypeVar("W", Written, "Written | None")


def answer_write(
    write: Callable[[Mutation | None], W], render: Callable[[Any], StoredAnswer], body: Any = None
) -> Response:
    """Make the write that the present request asks for and answer it; a repetition as it was answered before.

    ``render`` makes the answer from what ``write`` gives, and must not look at the request: another writer may call it.

    :raises Invalid: the key is empty, too long, or not of visible ASCII.
    """
    mutation = _named_by_client(render, body)
    try:
        return respond(render(write(mutation)))
    except AnsweredBefore as before:
        response = respond(before.answer)
        response.headers["Idempotent-Replayed"] = "true"
        return response


def _named_by_client(render: Callable[[Any], StoredAnswer], body: Any) -> Mutation | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_MAX or not all("!" <= character <= "~" for character in key):
        raise Invalid([Problem(HEADER, "invalid_key", {"max": KEY_MAX})])
    language = request_language()
    return Mutation(key, _fingerprint(body), render, lambda error: failure_answer(error, language))


def _fingerprint(body: Any) -> str:
    """Of method, address and what the body says; not of how it is laid out."""
    try:
        content = orjson.dumps([request.method, request.path, body], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than anything that is accepted, so that nothing is its repetition
        content = b""
    return hashlib.blake2b(content, digest_size=16).hexdigest()
