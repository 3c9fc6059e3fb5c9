"""A call of the REST interface, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calendar_server.api.openapi.schemas import Schema, reference
from calendar_server.wire.messages import Sentence

OF_READS = ("BadRequest", "MethodNotAllowed", "StoreUnavailable")
OF_WRITES = ("BadBody", "MethodNotAllowed", "BodyTooLarge", "JsonRequired", "StoreUnavailable")
OF_DELETIONS = ("BadRequest", "MethodNotAllowed", "BodyTooLarge", "StoreUnavailable")
OF_SYNCS = ("MethodNotAllowed", "StoreUnavailable")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address, with what it takes and what it answers.

    ``path`` names its variables as people read them. ``answer`` and ``example`` are the properties of a success beside
    ``success``; ``optional`` ones may be absent. ``other_answer`` and ``other_example``: those of a second form that a
    success may have.
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
    other_answer: Mapping[str, Schema] = field(default_factory=dict)
    other_example: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    shared: tuple[str, ...] = OF_READS
    subject: str = "Event"
    has_tag: bool = False

    @property
    def is_write(self) -> bool:
        """True where it changes something, so that its client may name it (``Idempotency-Key``)."""
        return self.method != "get"

    @property
    def all_parameters(self) -> tuple[str, ...]:
        """The parameters, with that which all writes have."""
        return (*self.parameters, "Idempotency-Key") if self.is_write else self.parameters

    @property
    def all_failures(self) -> tuple[str, ...]:
        """The codes, with those that all writes may answer."""
        of_keys = ("validation_failed", "idempotency_key_reused") if self.is_write else ()
        return tuple(dict.fromkeys((*self.failures, *of_keys)))


PLACE: Mapping[str, Schema] = {"cursor": reference("Cursor"), "seq": reference("Seq")}
"""Where a list or a write stands in its history."""

DELETION: Mapping[str, Schema] = {"message": {"type": "string", "minLength": 1}, **PLACE}
OPTIONAL_IN_DELETION = tuple(PLACE)
"""A deletion that only finished an interrupted one stands nowhere."""

PATCH_IS_PUT = Sentence("PUT과 똑같이 동작합니다.", "The same as PUT.")
