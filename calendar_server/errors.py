"""Every error that the server raises on purpose.

::

    CalendarError
    ├── Invalid               what a client sent breaks a rule; ``problems`` names all of them
    ├── NotFound
    │   ├── DepartmentNotFound
    │   └── EventNotFound
    ├── Conflict
    │   ├── DepartmentExists  the name is taken
    │   ├── EventExists       the id is taken
    │   └── VersionConflict   the object has changed; ``current`` holds it as it is now
    ├── CursorInvalid         a cursor was made up, tampered with, or is of another history
    ├── CursorExpired         the history no longer reaches back to the cursor: reload the list
    ├── NotInRoom             the socket has not joined the department's room
    ├── KeyReused             an Idempotency-Key names another write already
    ├── HeadMoved             (inside the server) another process wrote to the history: read again
    ├── ReceiptExists         (inside the server) the write was made before: give its answer again
    ├── StoreUnavailable      the store does not answer, or not in time; nothing is known to be lost
    └── SetupError            the server cannot start or work as it is set up; ``problems`` says what to do
        ├── ConfigurationError    a setting is missing or wrong
        └── StoreUnusable         the store's file or tables are not usable by this version

Each class carries the stable ``code`` that clients see. Sentences for people are made from the
code at the edges (``calendar_server/wire/messages.py``), never here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: the field (``""`` for the whole body), a stable code, and the numbers a sentence needs."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclass_field(default_factory=dict)


class CalendarError(Exception):
    """Root of all; catching it means "anything this server raises on purpose".

    ``position``: of an error out of ``Store.commit``, which of the edits it is about; None where it is about all.
    """

    code: ClassVar[str] = "error"
    position: int | None = None


class Invalid(CalendarError):
    """What a client sent breaks rules. ``problems`` names every broken one, not only the first."""

    code = "validation_failed"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{p.field or 'body'}: {p.code}" for p in problems))
        self.problems = tuple(problems)


class NotFound(CalendarError):
    """The named object does not exist (any more)."""

    code = "not_found"

    def __init__(self, object_id: str) -> None:
        super().__init__(object_id)
        self.object_id = object_id


class DepartmentNotFound(NotFound):
    code = "department_not_found"


class EventNotFound(NotFound):
    code = "event_not_found"


class Conflict(CalendarError):
    """The write contradicts what is stored."""

    code = "conflict"


class DepartmentExists(Conflict):
    """Another department holds this name (compared case-folded), or this id."""

    code = "department_exists"


class EventExists(Conflict):
    """An event with this id exists already."""

    code = "event_exists"


class VersionConflict(Conflict):
    """The object is no longer at the version that the write was made for.

    ``current``: the object as it is stored now, where the raiser has read it.
    """

    code = "version_conflict"

    def __init__(self, object_id: str, current: Any = None) -> None:
        super().__init__(object_id)
        self.object_id = object_id
        self.current = current


class CursorInvalid(CalendarError):
    """The cursor was not made by this server, or not for this history."""

    code = "cursor_invalid"


class CursorExpired(CalendarError):
    """The history does not reach back to the cursor (any more); the client reloads the list."""

    code = "cursor_expired"


class NotInRoom(CalendarError):
    """What a socket asks is only for those who have joined the department's room."""

    code = "not_in_room"


class KeyReused(CalendarError):
    """The client named another write by this key within the last seven days."""

    code = "idempotency_key_reused"


class HeadMoved(CalendarError):
    """The history is no longer at the head for which the writes were made; nothing was stored."""

    code = "head_moved"


class ReceiptExists(CalendarError):
    """There is a receipt of this key already; nothing was stored."""

    code = "receipt_exists"


class StoreUnavailable(CalendarError):
    """The store did not answer in time or refused for now. ``retry_after_seconds``: when to try again."""

    code = "store_unavailable"

    def __init__(self, reason: str, retry_after_seconds: int = 1) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class SetupError(CalendarError):
    """The server is not set up to work. ``problems``: one sentence each, saying what to do about it."""

    code = "setup_error"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class ConfigurationError(SetupError):
    code = "configuration_error"


class StoreUnusable(SetupError):
    code = "store_unavailable"
