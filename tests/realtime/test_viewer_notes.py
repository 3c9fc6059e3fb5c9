"""What processes tell one another of viewers is read strictly: a channel may hold anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain.fields import VIEWER_NAME_MAX, VIEWERS_NAMED_MAX
from calendar_server.realtime import viewer_notes
from calendar_server.realtime.notes import MESSAGE_MAX_BYTES
from calendar_server.realtime.viewer_notes import Viewer, Viewers

TEAM = "5f0c6b0e-7d53-4c3c-9d3c-0a3c35c3e0aa"
EVENT = "7d0f3c1e-58a4-4b8e-a0f5-2c9e1b7d4a63"
SEEN = Viewers((Viewer("aB3-_", '편집자 "김"', EVENT), Viewer("y", "하나", None)), 12)
NOBODY = Viewers((), 0)


def test_what_was_written_is_read() -> None:
    told = {TEAM: SEEN, "other": NOBODY}
    assert viewer_notes.read(viewer_notes.written("me", told)) == ("me", told)


@pytest.mark.parametrize(
    "told",
    [
        None, 3, "ab", [], [1], [1, []] * 2, [-1, []], [True, []], [1.0, []], ["1", []], [10**9, []], [1, {}], [1, None],
        [0, [["x", "하나", None]]], [1, ["xyz"]], [1, [None]], [1, [["x", "하나"]]], [1, [["x", "하나", None, 1]]],
        [1, [["", "하나", None]]], [1, [["a b", "하나", None]]], [1, [["가", "하나", None]]], [1, [["x" * 65, "하나", None]]],
        [1, [[3, "하나", None]]], [1, [["x", "", None]]], [1, [["x", "하" * (VIEWER_NAME_MAX + 1), None]]],
        [1, [["x", "하\n나", None]]], [1, [["x", "\ud800", None]]], [1, [["x", 3, None]]], [1, [["x", "하나", "no uuid"]]],
        [1, [["x", "하나", 3]]], [500, [["x", "하나", None]] * (VIEWERS_NAMED_MAX + 1)],
    ],
)  # fmt: skip
def test_junk_is_nobody(told: Any) -> None:
    sound = {TEAM: [1, [["x", "하나", None]]]}
    assert viewer_notes.read(json.dumps(["me", sound]).encode()) is not None
    assert viewer_notes.read(json.dumps(["me", {**sound, "other": told}]).encode()) is None


@pytest.mark.parametrize(
    "junk", [b"", b"\xff", b"[]", b'["me",[]]', b'["me",{"":[0,[]]}]', b"[" * 60_000, "text", None]
)
def test_what_is_no_message_is_nobody(junk: Any) -> None:
    assert viewer_notes.read(junk) is None


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda each: st.lists(each, max_size=4)))
def test_no_values_break_the_reader(told: Any) -> None:
    found = viewer_notes.read(json.dumps(["me", {TEAM: told}]).encode())
    assert found is None or isinstance(found[1][TEAM], Viewers)


def test_the_fullest_department_fits_and_many_are_told_in_several_messages() -> None:
    viewer = Viewer("x" * 12, "\U0001f4c5" * VIEWER_NAME_MAX, EVENT)
    full = Viewers((viewer,) * VIEWERS_NAMED_MAX, VIEWERS_NAMED_MAX)
    unsent = {"가" * 341: full, **{f"department {number}": full for number in range(9)}}
    told: dict[str, Viewers] = {}
    while unsent:
        some = viewer_notes.first_of(unsent)
        message = viewer_notes.written("s" * 64, some)
        assert len(message) <= MESSAGE_MAX_BYTES
        assert viewer_notes.read(message) == ("s" * 64, some)
        told.update(some)
        unsent = {department: viewers for department, viewers in unsent.items() if department not in some}
    assert len(told) == 10


def test_no_message_names_more_departments_than_are_read() -> None:
    unsent = {str(number): NOBODY for number in range(1_200)}
    some = viewer_notes.first_of(unsent)
    assert viewer_notes.read(viewer_notes.written("me", some)) == ("me", some)
    assert viewer_notes.first_of({}) == {}
