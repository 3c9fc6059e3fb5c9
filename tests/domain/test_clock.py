"""Timestamps on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain.clock import EPOCH, now, read_timestamp, timestamp

WIRE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
SEOUL = timezone(timedelta(hours=9))


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    assert timestamp(datetime(2024, 1, 15, 19, 30, tzinfo=SEOUL)) == "2024-01-15T10:30:00.000Z"
    assert timestamp(datetime(2024, 1, 15, 10, 30, 0, 999_999, tzinfo=UTC)) == "2024-01-15T10:30:00.999Z"
    assert timestamp(datetime.fromtimestamp(0, UTC)) == EPOCH


def test_now_is_now() -> None:
    before = timestamp(datetime.now(UTC))
    present = now()
    assert WIRE.fullmatch(present)
    assert before <= present <= timestamp(datetime.now(UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00.000Z"),
        ("2024-01-15T10:30:00", "2024-01-15T10:30:00.000Z"),
        ("2024-01-15 10:30:00.123456", "2024-01-15T10:30:00.123Z"),
        ("2024-01-15T19:30:00+09:00", "2024-01-15T10:30:00.000Z"),
        (" 2024-01-15 ", "2024-01-15T00:00:00.000Z"),
    ],
)
def test_other_forms_are_read_into_the_wires(text: str, expected: str) -> None:
    assert read_timestamp(text) == expected


@pytest.mark.parametrize("text", ["", "어제", "2024-02-30T00:00:00", "1705312200", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_not_read(text: str) -> None:
    assert read_timestamp(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_wires_form_is_read_back_and_sorts_by_time(moment: datetime) -> None:
    written = timestamp(moment)
    assert WIRE.fullmatch(written)
    assert read_timestamp(written) == written
    if moment < datetime(9999, 12, 31, tzinfo=UTC):
        assert written < timestamp(moment + timedelta(milliseconds=1))


@given(st.text())
def test_any_text_gives_a_timestamp_or_nothing(text: str) -> None:
    written = read_timestamp(text)
    assert written is None or WIRE.fullmatch(written)
