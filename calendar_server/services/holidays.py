"""The holidays that calendars show: the statutory ones, with what the administrator adds and removes in a file.

The file is a JSON list, for example::

    [
      {"date": "2027-05-07", "name": "임시공휴일", "name_en": "Temporary Holiday"},
      {"date": "2027-06-11", "name": "창립기념일"},
      {"date": "2026-07-17", "remove": true}
    ]

It is read again when it changes. What is wrong with it is logged with line and field, and the rest is used.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from calendar_server.domain.fields import NAME_MAX, FieldProblem, Rule, real_date, required_text
from calendar_server.domain.holidays import Holiday, statutory_holidays
from calendar_server.errors import Invalid, Problem

_log = logging.getLogger(__name__)

YEARS_MAX = 3
FILE_MAX_BYTES = 1024 * 1024
_BETWEEN_ENTRIES = re.compile(r"[\s,]*")
_RULES: Mapping[str, Rule] = {"date": real_date, "name": required_text(NAME_MAX), "name_en": required_text(NAME_MAX)}


Describe = Callable[[Problem], str]


def _code_of(problem: Problem) -> str:
    return problem.code


@dataclass(frozen=True, slots=True)
class _Additions:
    """What the file says of single days: a holiday, or None for a day that is none."""

    stamp: tuple[int, int, int] | None = None
    days: Mapping[str, Holiday | None] = field(default_factory=dict)


class HolidayList:
    """Holidays between two days. ``path``: the administrator's file, None where there is none; ``describe`` says what is
    wrong with one of its fields.
    """

    def __init__(self, path: Path | None = None, describe: Describe = _code_of) -> None:
        self._path = path
        self._describe = describe
        self._guard = threading.Lock()
        self._additions: _Additions | None = None

    def between(self, first: date, last: date) -> list[Holiday]:
        """In their order, one for each day; both ends inclusive."""
        days = {each.date: each for year in range(first.year, last.year + 1) for each in statutory_holidays(year)}
        for day, addition in self._added().items():
            if addition is None:
                days.pop(day, None)
            else:
                days[day] = addition
        return [days[day] for day in sorted(days) if first.isoformat() <= day <= last.isoformat()]

    def _added(self) -> Mapping[str, Holiday | None]:
        if self._path is None:
            return {}
        with self._guard:
            stamp = _stamp(self._path)
            if self._additions is None or self._additions.stamp != stamp:
                self._additions = _Additions(
                    stamp, _read(self._path, self._describe) if stamp else _missing(self._path)
                )
            return self._additions.days


def parse_range(first: str | None, last: str | None) -> tuple[date, date]:
    """The days of a query string's ``from`` and ``to``, both needed, at most :data:`YEARS_MAX` years apart.

    :raises Invalid: with all that is wrong with them.
    """
    problems: list[Problem] = []
    days = [_day(name, text, problems) for name, text in (("from", first), ("to", last))]
    if not problems:
        begin, end = days
        if end < begin:
            problems.append(Problem("to", "before_from"))
        elif (end.year - YEARS_MAX, end.month, end.day) > (begin.year, begin.month, begin.day):
            problems.append(Problem("to", "range_too_long", {"years": YEARS_MAX}))
    if problems:
        raise Invalid(problems)
    return days[0], days[1]


def _day(name: str, text: str | None, problems: list[Problem]) -> date:
    try:
        return date.fromisoformat(real_date(text))
    except FieldProblem as problem:
        problems.append(Problem(name, problem.code, problem.params))
        return date.min


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _missing(path: Path) -> Mapping[str, Holiday | None]:
    _log.warning("HOLIDAYS_FILE %s: 파일이 없습니다 / cannot be found", path)
    return {}


def _read(path: Path, describe: Describe) -> Mapping[str, Holiday | None]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ValueError(f"more than {FILE_MAX_BYTES} bytes")
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        _log.warning("HOLIDAYS_FILE %s: 읽을 수 없습니다 / cannot be read: %s", path, error)
        return {}
    days: dict[str, Holiday | None] = {}
    for line, entry in _entries(path, text):
        problems: list[Problem] = []
        found = _checked(entry, problems)
        for problem in problems:
            what = describe(problem)
            _log.warning("HOLIDAYS_FILE %s, %d행 / line %d: %s: %s", path, line, line, problem.field, what)
        if found is not None:
            days[found[0]] = found[1]
    return days


def _entries(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Each entry of the list with the number of the line in which it begins; one that is no JSON is logged."""
    decoder = json.JSONDecoder()
    start = text.find("[")
    if text[: max(start, 0)].strip() or start < 0:
        _log.warning("HOLIDAYS_FILE %s, 1행: 공휴일의 JSON 배열이어야 합니다 / line 1: this must be a JSON array", path)
        return
    position = start + 1
    while True:
        position = _end_of(_BETWEEN_ENTRIES, text, position)
        if text.startswith("]", position):
            return
        try:
            entry, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            broken = getattr(error, "pos", position)
            line = _line(text, broken)
            _log.warning(
                "HOLIDAYS_FILE %s, %d행: JSON이 아닙니다 / line %d: this is no JSON (%s)", path, line, line, error
            )
            position = text.find("{", max(broken, position + 1))
            if position < 0:
                return
        else:
            yield _line(text, position), entry
            position = end


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _checked(entry: Any, problems: list[Problem]) -> tuple[str, Holiday | None] | None:
    """The day and what it is; None where the entry cannot be used. All that is wrong is added to ``problems``."""
    if not isinstance(entry, dict):
        problems.append(Problem("entry", "type_object"))
        return None
    for name in entry.keys() - {*_RULES, "remove"}:
        problems.append(Problem(name, "unknown_field"))
    remove = entry.get("remove", False)
    if not isinstance(remove, bool):
        problems.append(Problem("remove", "type_boolean"))
        return None
    values: dict[str, str] = {}
    wanted = [name for name in _RULES if name == "date" or (not remove and (name != "name_en" or name in entry))]
    for name in wanted:
        try:
            values[name] = _RULES[name](entry.get(name))
        except FieldProblem as problem:
            problems.append(Problem(name, problem.code, problem.params))
    if len(values) < len(wanted):
        return None
    return (values["date"], None if remove else _holiday(values))


def _holiday(values: Mapping[str, str]) -> Holiday:
    return Holiday(values["date"], values["name"], values.get("name_en", values["name"]), temporary=True)
