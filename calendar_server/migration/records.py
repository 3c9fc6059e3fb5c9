"""What passes between the steps of a migration: records as found, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import Problem

Kind = Literal["department", "event"]
S = TypeVar("S", Department, CalendarEvent)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands: the file, and the way to it inside (``개발팀 › 2024-01-20 › #2``, counted from 1)."""

    file: str
    place: str

    def __str__(self) -> str:
        return f"{self.file} {self.place}".rstrip()


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A value that stands where a department or an event ought to stand.

    ``keys`` are those of the objects around it, outermost first. ``keyed``: the last of them belongs to this record alone,
    so it may be its id.
    """

    kind: Kind
    origin: Origin
    fields: Any
    keys: tuple[str, ...] = ()
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Entry(Generic[S]):
    """A record that can be taken, as the object that it becomes.

    ``source_id`` is the id as the file has it, None where it has none. ``assumed`` names the fields on which the file
    says nothing, so that nothing can be compared with them later.
    """

    origin: Origin
    subject: S
    source_id: str | None
    assumed: frozenset[str] = frozenset()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids under which a store may hold it: its own, or, where an earlier version copied it, that of the file."""
        own = self.subject.id
        return (own,) if self.source_id in (None, own) else (own, str(self.source_id))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be taken, and why; ``label`` is its title or name as far as it has one."""

    kind: Kind
    origin: Origin
    label: str
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Ignored:
    """What a record holds beside the fields that the store knows: it is not taken, and said so."""

    origin: Origin
    kind: Kind
    fields: Mapping[str, Any]
