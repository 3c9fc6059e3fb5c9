"""Entity tags: what names a state of an object or a list, and what ``If-Match`` and ``If-None-Match`` ask about it.

RFC 9110, 8.8.3 (tags), 8.8.3.2 (strong and weak comparison), 13.1.1 and 13.1.2 (the two headers).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass
from typing import Any

from flask import request

from calendar_server.domain.changes import Head, Subject
from calendar_server.domain.departments import Department
from calendar_server.services.editing import Precondition
from calendar_server.services.reading import EventQuery
from calendar_server.wire.objects import department_json, event_json
from calendar_server.wire.strict_json import dump_bytes

LIST_REPRESENTATION = "2"
"""Stands in the tags of lists. Count it up when a list of the same state begins to look different: other fields,
another order, another reading of ``time``. Objects need none, their tags are made from what they look like."""

_LIST_ELEMENT = re.compile(r'[ \t]*(?:(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*")[ \t]*|[^,]*)(?:,|$)')


def subject_json(subject: Subject) -> dict[str, Any]:
    """A department or an event as clients see it."""
    return department_json(subject) if isinstance(subject, Department) else event_json(subject)


def object_tag(subject: Subject) -> str:
    """The tag of one object: its version and a digest of all that clients see of it.

    The timestamps are in the digest, so an object that was deleted and made again has another tag.
    """
    return f'"{subject.version}-{_digest(subject_json(subject))}"'


def list_tag(head: Head, query: EventQuery | None = None) -> str:
    """The tag of a list, known from its history's head alone; a filtered one names its filter too."""
    tag = f"{head.epoch}-{head.last_seq}-{LIST_REPRESENTATION}"
    if query is not None and query != EventQuery():
        tag += f"-{_digest(astuple(query))}"
    return f'"{tag}"'


def document_tag(content: bytes) -> str:
    """The tag of a document that only changes with the server itself."""
    return f'"{hashlib.sha256(content).hexdigest()[:24]}"'


@dataclass(frozen=True, slots=True)
class TagCondition:
    """The value of ``If-Match`` or ``If-None-Match``. Elements that are no entity tags are as if they matched nothing."""

    anything: bool
    strong: frozenset[str]
    weak: frozenset[str]

    @classmethod
    def parse(cls, header: str) -> TagCondition:
        """From the header's value: ``*`` or a list of tags."""
        elements = [match for match in _LIST_ELEMENT.finditer(header) if match["tag"]]
        return cls(
            anything=header.strip() == "*",
            strong=frozenset(match["tag"] for match in elements if not match["weak"]),
            weak=frozenset(match["tag"] for match in elements if match["weak"]),
        )

    def matches_strongly(self, tag: str) -> bool:
        """The comparison of ``If-Match``: a weak tag matches nothing."""
        return self.anything or tag in self.strong

    def matches_weakly(self, tag: str) -> bool:
        """The comparison of ``If-None-Match``: ``W/"1"`` and ``"1"`` are one."""
        return self.anything or tag in self.strong or tag in self.weak


def known_to_client() -> TagCondition | None:
    """The states that the client holds already (``If-None-Match``); None where it names none."""
    header = request.headers.get("If-None-Match")
    return None if header is None else TagCondition.parse(header)


def required_by_client() -> Precondition | None:
    """What the object must be for this write to be made (``If-Match``); None where the client does not say."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    condition = TagCondition.parse(header)
    return lambda subject: condition.matches_strongly(object_tag(subject))


def _digest(value: Any) -> str:
    return hashlib.blake2b(dump_bytes(value), digest_size=8).hexdigest()
