"""What happened: the rows of a history, and the edits that become them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt
from calendar_server.errors import DepartmentNotFound

DEPARTMENTS_HISTORY = "departments"
"""The history of the list of departments. Every other history is named by its department's id."""

CHANGES_KEPT = timedelta(days=90)
"""How long changes can be asked for."""

ChangeType = Literal[
    "department_created",
    "department_updated",
    "department_deleted",
    "event_created",
    "event_updated",
    "event_deleted",
]
Subject = Department | CalendarEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a history: number ``seq`` (from 1, without gaps) says what became of ``subject``.

    ``subject`` is the whole object after the change; of a deletion, the object as it last was.
    ``mutation_id`` is the client's own name for the write, where it gave one.
    """

    history: str
    seq: int
    type: ChangeType
    subject: Subject
    at: str
    mutation_id: str | None = None

    @property
    def is_removal(self) -> bool:
        """True where the object is no longer there after the change."""
        return self.type in ("department_deleted", "event_deleted")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a history stands: the number of its last change, and the ``epoch`` in which it is numbered.

    A history that starts anew gets a new epoch, so that nobody continues an old one by mistake. The epoch is empty
    for a department of an earlier version of the server, which had no histories.
    """

    last_seq: int
    epoch: str


@dataclass(frozen=True, slots=True)
class DepartmentList:
    """All departments, oldest first, exactly as they were after change ``head.last_seq`` of their history."""

    head: Head
    departments: tuple[Department, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A department's events in the order of their sort keys, exactly as they were after change ``head.last_seq``."""

    head: Head
    events: tuple[CalendarEvent, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One wanted transition of one object: ``before → after``.

    ``before is None`` creates, ``after is None`` deletes. The store accepts it only while the stored object is still at
    ``before.version``. An event whose ``department_id`` differs between the two moves: a deletion in the one history and
    a creation in the other, at one moment.
    """

    before: Subject | None
    after: Subject | None
    mutation_id: str | None = None
    receipt: Receipt | None = None
    """What the client that named this write is answered; stored with it, so that a repetition can be told."""
    id_from_client: bool = False
    """A created object's id was chosen outside this server, so that somebody else may have chosen it too."""

    @property
    def subject(self) -> Subject:
        """The object as it will be or, for a deletion, as it was."""
        subject = self.after or self.before
        assert subject is not None, "an edit has a before or an after"
        return subject

    @property
    def is_move(self) -> bool:
        """True where an event goes from one department to another."""
        return (
            isinstance(self.before, CalendarEvent)
            and isinstance(self.after, CalendarEvent)
            and self.before.department_id != self.after.department_id
        )

    @property
    def steps(self) -> tuple[tuple[str, ChangeType, Subject], ...]:
        """What it will add to which history: (history, type, subject), two of them for a move."""
        kind = "department" if isinstance(self.subject, Department) else "event"
        if self.is_move:
            assert self.before is not None, "a move has both"
            assert self.after is not None, "a move has both"
            return (
                (history_of(self.before), "event_deleted", self.before),
                (history_of(self.after), "event_created", self.after),
            )
        verb = "created" if self.before is None else "deleted" if self.after is None else "updated"
        change_type: ChangeType = f"{kind}_{verb}"  # type: ignore[assignment]
        return ((history_of(self.subject), change_type, self.subject),)


def history_of(subject: Subject) -> str:
    """The history in which the object's changes stand."""
    return DEPARTMENTS_HISTORY if isinstance(subject, Department) else subject.department_id


def events_history(department_id: str) -> str:
    """The history of a department's events.

    :raises DepartmentNotFound: no department can have this id, because the list's history is named so.
    """
    if department_id == DEPARTMENTS_HISTORY:
        raise DepartmentNotFound(department_id)
    return department_id


def new_epoch() -> str:
    """A name for a numbering that nobody has used before."""
    return secrets.token_hex(4)
