"""What goes into a write beside its fields, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from calendar_server.domain.changes import Edit, Head, Subject
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.errors import CalendarError
from calendar_server.services.holding import Held


@dataclass(frozen=True, slots=True)
class Written:
    """The object after a write, and where its change stands: number ``head.last_seq`` of ``history``.

    Where the write changed nothing, the head is the history's as it was found.
    """

    subject: Subject
    history: str
    head: Head
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Mutation:
    """A write that its client has named, so that it can be repeated safely.

    ``fingerprint`` tells it from other writes. The answers are rendered by whichever writer commits the write, in its
    own thread, so they may use nothing of the present request. ``render`` gets None for a deletion that only finished
    an interrupted one.
    """

    key: str
    fingerprint: str
    render: Callable[[Written | None], StoredAnswer]
    render_refusal: Callable[[CalendarError], StoredAnswer]


class AnsweredBefore(CalendarError):
    """The write was made and answered before; ``answer`` is what was said then."""

    code = "answered_before"

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


States = Mapping[str, Held[Any]]
"""Histories by their names, as they were when the write was decided."""

Decide = Callable[[States], "Edit | Unchanged"]
"""Says what a write does to the present state, or raises why it cannot be made. Called again when the state changes."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The write changes nothing: ``subject`` is already as it wants it."""

    subject: Subject
    history: str
