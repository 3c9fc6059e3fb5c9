"""Days as older files and tables write them, brought into the one form ``YYYY-MM-DD``."""

from __future__ import annotations

import re
from datetime import date

_LOOSE_DATE = re.compile(
    r"(?P<year>\d{4})\s*[-./년]\s*(?P<month>\d{1,2})\s*[-./월]\s*(?P<day>\d{1,2})\s*[일.]?(?:[T\s(].*)?",
    re.ASCII | re.DOTALL,
)
_COMPACT_DATE = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:T.*)?", re.ASCII | re.DOTALL)


def read_date(text: str) -> str | None:
    """The day that ``text`` begins with: ``2024-1-5``, ``2024.01.05.``, ``2024년 1월 5일``, ``20240105``, a weekday
    in brackets behind them, or a timestamp.

    A timestamp's day is taken as it is written, whatever its zone: that is the day its writer saw.
    None where there is no such day.
    """
    match = _LOOSE_DATE.fullmatch(text.strip()) or _COMPACT_DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])).isoformat()
    except ValueError:
        return None
