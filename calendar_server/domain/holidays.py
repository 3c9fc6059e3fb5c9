"""Public holidays of South Korea, substitute days among them, named as calendars there print them.

The days come from the library ``holidays`` (MIT), which follows the Public Holidays Act (공휴일에 관한 법률) and the cabinet's
decisions known at its release. Later decisions are the administrator's to add: ``services/holidays.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from holidays import country_holidays
from holidays.countries.south_korea import SouthKoreaStaticHolidays


class _Language(NamedTuple):
    """How the library writes ``substitute`` days and those that are ``estimated``, and how we write what it says."""

    substitute: str
    estimated: str
    our_substitute: str
    between: str
    names: Mapping[str, str]


_KO = _Language(
    substitute=" 대체 휴일",
    estimated=" (추정)",
    our_substitute="대체공휴일({})",
    between="·",
    names={  # what the law calls a day, and what people do
        "신정연휴": "신정",
        "설날 전날": "설날 연휴",
        "설날 다음날": "설날 연휴",
        "추석 전날": "추석 연휴",
        "추석 다음날": "추석 연휴",
        "기독탄신일": "성탄절",
        "지방선거일": "전국동시지방선거일",
    },
)
_EN = _Language(
    substitute="Alternative holiday for ",
    estimated=" (estimated)",
    our_substitute="Substitute Holiday ({})",
    between=", ",
    names={
        "Korean New Year": "Seollal",
        "The day preceding Korean New Year": "Seollal Holiday",
        "The second day of Korean New Year": "Seollal Holiday",
        "The day preceding Chuseok": "Chuseok Holiday",
        "The second day of Chuseok": "Chuseok Holiday",
    },
)


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day, ``YYYY-MM-DD``. ``substitute``: in place of a holiday that fell on another; ``temporary``: by decision."""

    date: str
    name: str
    name_en: str
    substitute: bool = False
    temporary: bool = False


@lru_cache(maxsize=64)
def statutory_holidays(year: int) -> tuple[Holiday, ...]:
    """The public holidays of ``year`` in their order, one for each day; none where the library knows none (before 1948,
    after 2100).
    """
    korean = country_holidays("KR", years=year, language="ko")
    english = country_holidays("KR", years=year, language="en_US")
    temporary = _decided(year)
    return tuple(
        Holiday(
            date=day.isoformat(),
            name=_name(korean.get_list(day), _KO),
            name_en=_name(english.get_list(day), _EN),
            substitute=all(_KO.substitute in name for name in korean.get_list(day)),
            temporary=(day.month, day.day) in temporary,
        )
        for day in sorted(korean)
        if day.year == year
    )


def _decided(year: int) -> set[tuple[int, int]]:
    """Month and day of those that were decided for this year alone."""
    decided: Any = SouthKoreaStaticHolidays.special_public_holidays.get(year, ())
    if decided and not isinstance(decided[0], tuple):
        decided = (decided,)
    return {(int(month), int(day)) for month, day, _name in decided}


def _name(names: list[str], language: _Language) -> str:
    """대체공휴일(추석) where the day only stands in for others; 어린이날·부처님오신날 where two fall on one."""
    regular = [name for name in names if language.substitute not in name]
    plain = [name.replace(language.substitute, "").replace(language.estimated, "") for name in regular or names]
    together = language.between.join(dict.fromkeys(language.names.get(name, name) for name in plain))
    return together if regular else language.our_substitute.format(together)
