"""A calendar event: what stands on a day in a department's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from calendar_server.domain.times import TimeSpan, read_time


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """``event_date`` is ``YYYY-MM-DD``; ``time`` is free text as people write it; ``version`` counts from 1."""

    id: str
    department_id: str
    event_date: str
    title: str
    description: str
    time: str
    url: str
    created_at: str
    last_modified: str
    version: int = 1

    @property
    def span(self) -> TimeSpan:
        """Start and end as far as ``time`` can be read."""
        return read_time(self.time)

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """The order of every list: day, start (events without one first), id."""
        return (self.event_date, self.span.start or "", self.id)

    def changed(self, fields: Mapping[str, Any], at: str) -> CalendarEvent:
        """With ``fields`` applied, one version on; itself where they change nothing."""
        candidate = replace(self, **fields)
        if candidate == self:
            return self
        return replace(candidate, last_modified=at, version=self.version + 1)
