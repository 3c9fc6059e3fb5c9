"""A call of the REST interface, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calendar_server.api.openapi.schemas import Schema
from calendar_server.wire.messages import Sentence

OF_READS = ("BadRequest", "MethodNotAllowed", "StoreUnavailable")
OF_WRITES = ("BadBody", "MethodNotAllowed", "BodyTooLarge", "JsonRequired", "StoreUnavailable")
OF_DELETIONS = ("BadRequest", "MethodNotAllowed", "BodyTooLarge", "StoreUnavailable")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address, with what it takes and what it answers.

    ``path`` names its variables as people read them. ``answer`` and ``example`` are the properties of a success beside
    ``success``; ``optional`` ones may be absent.
    """

    operation_id: str
    method: str
    path: str
    tag: str
    summary: Sentence
    description: Sentence | None = None
    parameters: tuple[str, ...] = ()
    body: str | None = None
    body_example: Mapping[str, Any] | None = None
    status: int = 200
    answer: Mapping[str, Schema] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    shared: tuple[str, ...] = OF_READS
    subject: str = "Event"
    has_tag: bool = False


MESSAGE: Mapping[str, Schema] = {"message": {"type": "string", "minLength": 1}}
PATCH_IS_PUT = Sentence("PUT과 똑같이 동작합니다.", "The same as PUT.")
