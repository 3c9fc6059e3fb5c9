"""Reads start and end out of the free text that people write as an event's time.

``오후 2:00`` → 14:00, ``오전 9시 30분~11시`` → 09:30 to 11:00, ``2-4 PM`` → 14:00 to 16:00, ``종일`` → neither.
What cannot be read is not an error: the text stays as written and the event has no start.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

MINUTES_A_DAY = 24 * 60


class TimeSpan(NamedTuple):
    """``HH:MM`` each, or None. An end before the start lies on the next day."""

    start: str | None
    end: str | None


UNREAD = TimeSpan(None, None)

_BEFORE_NOON = "오전|새벽|아침|a\\.?m\\.?"
_AFTER_NOON = "오후|저녁|p\\.?m\\.?"
_DAYLIGHT = "낮|점심"
_NIGHT = "밤"
_HALF_OF_DAY = f"{_BEFORE_NOON}|{_AFTER_NOON}|{_DAYLIGHT}|{_NIGHT}"
_NEXT_DAY = "익일|다음\\s?날|이튿날"
_MOMENT = re.compile(
    rf"""(?:(?P<next_day>{_NEXT_DAY})\s*)?(?:(?:약|대략)\s*)?
    (?:(?P<named>정오|noon|자정|midnight)
     |(?P<before>{_HALF_OF_DAY})?\s*
      (?P<hour>\d{{1,2}})
      (?:\s*시(?:\s*(?P<half>반)|\s*(?P<spoken_minute>\d{{1,2}})\s*분|\s*(?P<bare_minute>\d{{2}})|\s*정각)?
        |\s*:\s*(?P<minute>\d{{2}})(?::\d{{2}}|\s*[시분])?
      )?
      \s*(?P<after>오전|오후|a\.?m\.?|p\.?m\.?|noon|midnight)?
    )\s*(?:경|쯤|정도)?\s*(?:kst)?\s*(?:시작|예정)?""",
    re.VERBOSE | re.ASCII,
)
_SPOKEN_HOURS = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두")
_SPOKEN_HOUR = re.compile(rf"(?:{'|'.join(reversed(_SPOKEN_HOURS))})(?=\s*시)")
_MARKER_IN_BRACKETS = re.compile(rf"\(\s*({_HALF_OF_DAY}|{_NEXT_DAY})\s*\)")
_REMARKS = re.compile(r"^[(\[][^()\[\]\d]*[)\]]\s*|(?:\s*[(\[][^()\[\]]*[)\]]){1,3}$", re.ASCII)
_FROM = re.compile(r"^from\s+")
_BETWEEN = re.compile(r"\s*(?:(?:부터|에서)?\s*(?:->|[~∼〜∽⁓→‐‒–—―−-])|부터|에서|\b(?:to|until|till)\b)\s*", re.ASCII)
_TRAILING = re.compile(r"\s*까지$")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A clock reading: ``half`` is am, pm, day, night, or "" where the writer said none; ``clear`` where it is surely a time.

    ``next_day``: it is said to lie on the day after the event's.
    """

    hour: int
    minute: int
    half: str
    clear: bool
    next_day: bool = False

    def minutes(self, half: str = "") -> int | None:
        """Minutes from midnight, reading an unmarked hour as of ``half``; None for a contradiction such as 오전 14시."""
        half = self.half or half
        hour = self.hour
        if half == "am":
            if hour > 12:
                return None
            hour %= 12
        elif half == "pm":
            hour = hour + 12 if hour < 12 else hour
        elif half == "day":
            hour = hour + 12 if hour < 7 else hour
        elif half == "night":
            hour = hour % 12 if hour == 12 or hour < 6 else hour + 12 if hour < 12 else hour
        return hour * 60 + self.minute


@lru_cache(maxsize=4096)
def read_time(text: str) -> TimeSpan:
    """Start and end that ``text`` names, as far as they can be read; :data:`UNREAD` where they cannot.

    A half of the day that only one end of a span names counts for the other where that gives an end after the start
    (``오후 2시~4시``, ``2-4 PM``; but ``10-2 PM`` begins in the morning). An hour without any is read on the 24-hour clock.
    """
    plain = _plain(text)
    until = _TRAILING.sub("", plain)
    parts = _BETWEEN.split(until)
    if len(parts) == 2 and not parts[1]:
        parts = parts[:1]
    if len(parts) > 2 or (len(parts) == 1 and until != plain):
        return UNREAD  # 오후 6시까지 names an end without a start
    moments = [_read_moment(part.strip()) for part in parts]
    first = moments[0]
    if first is None or first.next_day or not any(moment and moment.clear for moment in moments):
        return UNREAD
    if len(moments) == 1:
        return TimeSpan(_clock(first.minutes(), latest=MINUTES_A_DAY - 1), None)
    second = moments[1]
    return UNREAD if second is None else _read_span(first, second)


def _plain(text: str) -> str:
    """In one form, with digits for spoken hours (두 시) and without remarks in brackets."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    plain = _MARKER_IN_BRACKETS.sub(r" \1 ", plain)
    plain = _FROM.sub("", _REMARKS.sub("", plain).strip())
    return _SPOKEN_HOUR.sub(lambda spoken: str(_SPOKEN_HOURS.index(spoken[0]) + 1), plain)


def _read_moment(text: str) -> _Moment | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    next_day = bool(match["next_day"])
    if match["named"]:
        is_noon = match["named"] in ("정오", "noon")
        return _Moment(12 if is_noon else 0, 0, "pm" if is_noon else "", clear=True, next_day=next_day)
    if match["before"] and match["after"]:
        return None
    hour = int(match["hour"])
    minute = 30 if match["half"] else int(match["minute"] or match["spoken_minute"] or match["bare_minute"] or 0)
    if hour > 24 or minute > 59 or (match["after"] in ("noon", "midnight") and (hour, minute) != (12, 0)):
        return None
    half = _half(match["before"] or match["after"] or "")
    return _Moment(hour, minute, half, clear=bool(half or match["minute"] or "시" in text), next_day=next_day)


def _half(marker: str) -> str:
    if not marker:
        return ""
    for half, pattern in (("am", f"{_BEFORE_NOON}|midnight"), ("pm", f"{_AFTER_NOON}|noon"), ("day", _DAYLIGHT)):
        if re.fullmatch(pattern, marker):
            return half
    return "night"


def _read_span(first: _Moment, second: _Moment) -> TimeSpan:
    start, end = first.minutes(), second.minutes()
    if first.half and not second.half and 1 <= second.hour <= 12 and not second.next_day:
        end = _first_after(start, [second.minutes(first.half), second.minutes("pm"), second.minutes("am")])
    elif second.half and not first.half and 1 <= first.hour <= 12:
        same_half = first.minutes(second.half)
        start = same_half if same_half is not None and end is not None and same_half < end else start
    if second.next_day and start is not None and end is not None and end >= start:
        return UNREAD  # more than a day, which no end of HH:MM can say
    span = TimeSpan(_clock(start, latest=MINUTES_A_DAY - 1), _clock(end, latest=MINUTES_A_DAY))
    return span if span.start and span.end else UNREAD


def _first_after(start: int | None, candidates: list[int | None]) -> int | None:
    """The first candidate that lies after ``start``; the last, which is then on the next day, where none does."""
    if start is not None:
        for candidate in candidates:
            if candidate is not None and candidate > start:
                return candidate
    return candidates[-1]


def _clock(minutes: int | None, latest: int) -> str | None:
    """``HH:MM``; 24:00 is the next day's 00:00; None beyond ``latest``."""
    if minutes is None or minutes > latest:
        return None
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
