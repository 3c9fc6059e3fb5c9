"""Lays the company's events out around a day: the same day gives the same calendar, ids included."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from calendar_server.demo.company import OFF, PEOPLE, TEAMS, Entry, Team
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.holidays import statutory_holidays
from calendar_server.domain.validation import new_event

WEEKS_BEFORE = 5
WEEKS_AFTER = 8
DAYS_OFF_A_TEAM = 5
_NAMESPACE = uuid.UUID("6f0c7e1a-51c5-4bd8-9d5b-0a4b6d1c2e93")

Calendar = list[tuple[Department, list[CalendarEvent]]]


def plan(today: date) -> Calendar:
    """The departments with their events, from five weeks before the week of ``today`` to eight weeks after."""
    monday = today - timedelta(days=today.weekday())
    first, last = monday - timedelta(weeks=WEEKS_BEFORE), monday + timedelta(weeks=WEEKS_AFTER, days=4)
    days = _working_days(first, last)
    founded = first - timedelta(days=3)
    return [_team_calendar(team, number, days, founded) for number, team in enumerate(TEAMS)]


def _team_calendar(
    team: Team, number: int, days: Sequence[date], founded: date
) -> tuple[Department, list[CalendarEvent]]:
    chance = random.Random(f"{team.name} {days[0]}")  # noqa: S311 - nothing here is secret
    made_at = f"{founded}T01:{number:02d}:00.000Z"
    department_id = str(uuid.uuid5(_NAMESPACE, f"{days[0]} {team.name}"))
    department = Department(department_id, team.name, team.description, made_at, made_at)
    entries = [*_weekly(team, days), *_monthly(team, days), *_single(team, days, chance), *_days_off(days, chance)]
    events = [_event(department, position, day, entry) for position, (day, entry) in enumerate(entries)]
    return department, events


def _event(department: Department, position: int, day: date, entry: Entry) -> CalendarEvent:
    event_id = uuid.uuid5(_NAMESPACE, f"{department.id} {position}")
    fields: dict[str, Any] = new_event(
        {"event_date": day.isoformat(), **entry._asdict(), "id": str(event_id)}, department.id
    )
    made_at = department.created_at
    return CalendarEvent(department_id=department.id, created_at=made_at, last_modified=made_at, **fields)


def _working_days(first: date, last: date) -> list[date]:
    free = {each.date for year in range(first.year, last.year + 1) for each in statutory_holidays(year)}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and day.isoformat() not in free]


def _weekly(team: Team, days: Sequence[date]) -> Iterator[tuple[date, Entry]]:
    for weekly in team.weekly:
        for day in days:
            if day.weekday() == weekly.weekday and day.toordinal() // 7 % weekly.weeks == 0:
                yield day, weekly.entry


def _monthly(team: Team, days: Sequence[date]) -> Iterator[tuple[date, Entry]]:
    for monthly in team.monthly:
        for year, month in sorted({(day.year, day.month) for day in days}):
            wanted = date(year, month, monthly.day)
            if days[0] <= wanted <= days[-1]:
                yield max(day for day in days if day <= wanted), monthly.entry


def _single(team: Team, days: Sequence[date], chance: random.Random) -> Iterator[tuple[date, Entry]]:
    """Each once, most of them near the middle, which is today."""
    for entry in team.single:
        yield (
            days[round(chance.triangular(0, len(days) - 1, len(days) * WEEKS_BEFORE / (WEEKS_BEFORE + WEEKS_AFTER)))],
            entry,
        )


def _days_off(days: Sequence[date], chance: random.Random) -> Iterator[tuple[date, Entry]]:
    for person in chance.sample(PEOPLE, DAYS_OFF_A_TEAM):
        reason = chance.choice(list(OFF))
        yield chance.choice(days), Entry(f"{person} {reason}", OFF[reason])
