"""What clients see of departments and events, page by page where they want it so."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Head, events_history
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.fields import SEARCH_MAX, FieldProblem, optional_text, real_date
from calendar_server.domain.text import folded
from calendar_server.errors import EventNotFound, Invalid, Problem
from calendar_server.services.holding import Held, Holdings
from calendar_server.store.contract import Store

PAGE_LIMIT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which of a department's events are wanted: dates both inclusive, at most ``limit``, those after ``position``.

    ``words``: folded, each of them to be found in title or description.
    """

    first_date: str | None = None
    last_date: str | None = None
    limit: int | None = None
    position: tuple[str, str, str] | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls,
        first_date: str | None,
        last_date: str | None,
        limit: str | None,
        page: str | None,
        search: str | None = None,
    ) -> EventQuery:
        """From the query string's ``from``, ``to``, ``limit``, ``page`` and ``q``.

        :raises Invalid: with all that is wrong with them.
        """
        reader = _QueryReader()
        first, last = reader.date("from", first_date), reader.date("to", last_date)
        if first and last and first > last:
            reader.problems.append(Problem("to", "before_from"))
        position = reader.position(page)
        count = reader.limit(limit)
        words = reader.words(search)
        if reader.problems:
            raise Invalid(reader.problems)
        return cls(first, last, PAGE_LIMIT_MAX if position and count is None else count, position, words)

    def wants(self, event: CalendarEvent) -> bool:
        """True where the event lies between the dates and after the position, and has all words."""
        return (
            (self.first_date is None or event.event_date >= self.first_date)
            and (self.last_date is None or event.event_date <= self.last_date)
            and (self.position is None or event.sort_key > self.position)
            and self._finds(event)
        )

    def _finds(self, event: CalendarEvent) -> bool:
        if not self.words:
            return True
        text = folded(f"{event.title}\n{event.description}")
        return all(word in text for word in self.words)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in their order; ``next_page`` is what to send for those that follow, None where none do.

    ``held``: the whole list from which they are taken.
    """

    held: Held[CalendarEvent]
    events: Sequence[CalendarEvent]
    next_page: str | None


class Reading:
    """Reads of departments and events; all may raise :class:`~calendar_server.errors.StoreUnavailable`.

    Lists come from what this process holds, after one strongly consistent read of the head has said that it is true.
    """

    def __init__(self, store: Store, holdings: Holdings | None = None) -> None:
        self._store = store
        self._holdings = holdings or Holdings(store)

    def departments(self) -> Held[Department]:
        """All departments; ``ordered`` has them oldest first."""
        return self._holdings.departments()

    def departments_head(self) -> Head:
        """Where the list of departments stands."""
        return self._store.head(DEPARTMENTS_HISTORY)

    def department(self, department_id: str) -> Department:
        """:raises DepartmentNotFound:"""
        return self._store.get_department(department_id)

    def department_head(self, department_id: str) -> Head:
        """Where a department's events stand. :raises DepartmentNotFound:"""
        return self._store.head(events_history(department_id))

    def events(self, department_id: str, query: EventQuery = EventQuery()) -> EventPage:
        """A department's events. :raises DepartmentNotFound:"""
        held = self._holdings.events(events_history(department_id))
        if query == EventQuery():
            return EventPage(held, held.ordered, None)
        wanted = [event for event in held.ordered if query.wants(event)]
        if query.limit is None or len(wanted) <= query.limit:
            return EventPage(held, wanted, None)
        page = wanted[: query.limit]
        return EventPage(held, page, _page_token(page[-1].sort_key))

    def event(self, department_id: str, event_id: str) -> CalendarEvent:
        """:raises DepartmentNotFound: :raises EventNotFound: also where it is another department's."""
        event = self._holdings.events(events_history(department_id)).objects.get(event_id)
        if event is None:
            raise EventNotFound(event_id)
        return event


class _QueryReader:
    """Reads one parameter after the other and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def date(self, field: str, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return real_date(value)
        except FieldProblem as problem:
            self.problems.append(Problem(field, "invalid_date" if problem.code == "required" else problem.code))
            return None

    def limit(self, value: str | None) -> int | None:
        if value is None:
            return None
        if value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= PAGE_LIMIT_MAX:
            return int(value)
        self.problems.append(Problem("limit", "out_of_range", {"min": 1, "max": PAGE_LIMIT_MAX}))
        return None

    def words(self, search: str | None) -> tuple[str, ...]:
        try:
            text = folded(optional_text(SEARCH_MAX)(search))
        except FieldProblem as problem:
            self.problems.append(Problem("q", problem.code, problem.params))
            return ()
        return tuple(sorted(set(text.split())))

    def position(self, page: str | None) -> tuple[str, str, str] | None:
        if page is None:
            return None
        position = _read_page_token(page)
        if position is None:
            self.problems.append(Problem("page", "invalid_page"))
        return position


def _page_token(sort_key: tuple[str, str, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(sort_key)).decode().rstrip("=")


def _read_page_token(page: str) -> tuple[str, str, str] | None:
    try:
        decoded: Any = orjson.loads(base64.urlsafe_b64decode(page.encode("ascii") + b"=" * (-len(page) % 4)))
    except (ValueError, UnicodeEncodeError):
        return None
    if isinstance(decoded, list) and len(decoded) == 3 and all(isinstance(part, str) for part in decoded):
        return (decoded[0], decoded[1], decoded[2])
    return None
