"""The public holidays of South Korea, against what the government has announced and printed calendars show."""

from __future__ import annotations

import pytest

from calendar_server.domain.holidays import statutory_holidays

ANNOUNCED = {
    2024: """01-01 신정, 02-09 설날 연휴, 02-10 설날, 02-11 설날 연휴, 02-12 대체공휴일(설날), 03-01 삼일절,
        04-10 국회의원 선거일, 05-05 어린이날, 05-06 대체공휴일(어린이날), 05-15 부처님오신날, 06-06 현충일, 08-15 광복절,
        09-16 추석 연휴, 09-17 추석, 09-18 추석 연휴, 10-01 국군의 날, 10-03 개천절, 10-09 한글날, 12-25 성탄절""",
    2025: """01-01 신정, 01-27 임시공휴일, 01-28 설날 연휴, 01-29 설날, 01-30 설날 연휴, 03-01 삼일절, 03-03 대체공휴일(삼일절),
        05-05 부처님오신날·어린이날, 05-06 대체공휴일(부처님오신날·어린이날), 06-03 대통령 선거일, 06-06 현충일,
        08-15 광복절, 10-03 개천절, 10-05 추석 연휴, 10-06 추석, 10-07 추석 연휴, 10-08 대체공휴일(추석), 10-09 한글날,
        12-25 성탄절""",
    2026: """01-01 신정, 02-16 설날 연휴, 02-17 설날, 02-18 설날 연휴, 03-01 삼일절, 03-02 대체공휴일(삼일절), 05-01 노동절,
        05-05 어린이날, 05-24 부처님오신날, 05-25 대체공휴일(부처님오신날), 06-03 전국동시지방선거일, 06-06 현충일,
        07-17 제헌절, 08-15 광복절, 08-17 대체공휴일(광복절), 09-24 추석 연휴, 09-25 추석, 09-26 추석 연휴, 10-03 개천절,
        10-05 대체공휴일(개천절), 10-09 한글날, 12-25 성탄절""",
    2027: """01-01 신정, 02-06 설날 연휴, 02-07 설날, 02-08 설날 연휴, 02-09 대체공휴일(설날), 03-01 삼일절, 05-01 노동절,
        05-03 대체공휴일(노동절), 05-05 어린이날, 05-13 부처님오신날, 06-06 현충일, 07-17 제헌절, 07-19 대체공휴일(제헌절),
        08-15 광복절, 08-16 대체공휴일(광복절), 09-14 추석 연휴, 09-15 추석, 09-16 추석 연휴, 10-03 개천절,
        10-04 대체공휴일(개천절), 10-09 한글날, 10-11 대체공휴일(한글날), 12-25 성탄절, 12-27 대체공휴일(성탄절)""",
    2028: """01-01 신정, 01-26 설날 연휴, 01-27 설날, 01-28 설날 연휴, 03-01 삼일절, 04-12 국회의원 선거일, 05-01 노동절,
        05-02 부처님오신날, 05-05 어린이날, 06-06 현충일, 07-17 제헌절, 08-15 광복절, 10-02 추석 연휴, 10-03 개천절·추석,
        10-04 추석 연휴, 10-05 대체공휴일(추석), 10-09 한글날, 12-25 성탄절""",
}


@pytest.mark.parametrize(("year", "announced"), ANNOUNCED.items())
def test_each_year_has_the_days_that_were_announced_under_the_names_that_people_use(year: int, announced: str) -> None:
    expected = [" ".join(day.split()) for day in announced.split(",")]
    assert [f"{each.date[5:]} {each.name}" for each in statutory_holidays(year)] == expected
    assert all(each.date.startswith(f"{year}-") for each in statutory_holidays(year))


def test_substitutes_and_those_of_one_year_alone_are_marked() -> None:
    found = {each.date: each for year in range(2015, 2027) for each in statutory_holidays(year)}
    temporary = [date for date, each in found.items() if each.temporary]
    assert temporary == [
        *("2015-08-14", "2016-05-06", "2017-05-09", "2017-10-02", "2020-08-17", "2023-10-02"),
        *("2024-10-01", "2025-01-27", "2025-06-03"),
    ]
    assert all(each.substitute == each.name.startswith("대체공휴일(") for each in found.values())
    assert found["2025-05-06"].substitute
    assert not found["2025-05-05"].substitute


def test_english_names_stand_beside_the_korean() -> None:
    names = {each.date: each.name_en for each in statutory_holidays(2025)}
    assert names["2025-01-29"] == "Seollal"
    assert statutory_holidays(2024)[4].name_en == "Substitute Holiday (Seollal)"
    assert names["2025-01-28"] == names["2025-01-30"] == "Seollal Holiday"
    assert names["2025-10-08"] == "Substitute Holiday (Chuseok)"
    assert names["2025-05-05"] == "Buddha's Birthday, Children's Day"


@pytest.mark.parametrize("year", [1, 1900, 1947, 2101, 9999])
def test_years_that_nobody_knows_have_none(year: int) -> None:
    assert statutory_holidays(year) == ()


def test_no_day_stands_twice_and_no_name_says_how_sure_it_is() -> None:
    for year in range(2020, 2101):
        found = statutory_holidays(year)
        assert [each.date for each in found] == sorted({each.date for each in found})
        assert not [each for each in found if "추정" in each.name or "estimated" in each.name_en]
