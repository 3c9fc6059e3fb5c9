"""Days as older data writes them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain.dates import read_date

DAY = "2024-01-05"


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05",
        "2024-1-5",
        " 2024-01-05 ",
        "2024.01.05",
        "2024.1.5.",
        "2024. 1. 5.",
        "2024/1/5",
        "2024년 1월 5일",
        "2024년1월5일",
        "2024년 1월 5일 (금)",
        "2024.01.05(금)",
        "20240105",
        "20240105T093000Z",
        "2024-01-05T23:59:59.999Z",
        "2024-01-05T23:00:00-08:00",
        "2024-01-05 14:00:00",
        "2024. 1. 5. 오후 2:00",
    ],
)
def test_the_day_is_read_as_it_is_written(text: str) -> None:
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "내일",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "0000-01-01",
        "24-01-05",
        "2024-01",
        "2024-01-055",
        "2024-01-05가",
        "202401050",
        "01/05/2024",
        "２０２４-01-05",
        "1705312200",
        "2024-01-05-06",
    ],
)
def test_what_is_no_day_of_the_calendar_is_not_read(text: str) -> None:
    assert read_date(text) is None


@given(st.dates())
def test_every_day_is_read_back(day: date) -> None:
    assert read_date(day.isoformat()) == day.isoformat()
    assert read_date(f"{day.year:04}년 {day.month}월 {day.day}일") == day.isoformat()


@given(st.text())
def test_any_text_gives_a_real_day_or_nothing(text: str) -> None:
    day = read_date(text)
    assert day is None or date.fromisoformat(day).isoformat() == day
