"""Cursors: they come back as they were given out, and nobody can make one up."""

from __future__ import annotations

import json

import pytest
from itsdangerous import URLSafeSerializer

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Head
from calendar_server.domain.cursors import LONGEST_CURSOR, Cursor, Cursors
from calendar_server.errors import CursorInvalid

HEAD = Head(42, "5f3a9c1e")
CURSORS = Cursors(lambda: "a secret")


@pytest.mark.parametrize(
    "history", [DEPARTMENTS_HISTORY, "0b9c5a52-3f0e-4d53-9c56-6d1b6a3d2f10", "옛 부서", "a/b?c=d&e"]
)
@pytest.mark.parametrize("head", [HEAD, Head(0, ""), Head(10**12, "x")])
def test_a_cursor_comes_back_as_it_was_given_out(history: str, head: Head) -> None:
    text = CURSORS.text(history, head)
    assert CURSORS.read(text, history) == Cursor(history, head.epoch, head.last_seq)
    assert text.isascii()
    assert not set(text) & set("/?#&=+% ")


def test_the_longest_id_has_a_cursor_that_is_read() -> None:
    history = "가" * 341
    text = CURSORS.text(history, HEAD)
    assert len(text) <= LONGEST_CURSOR
    assert CURSORS.read(text, history).history == history


def test_every_changed_character_is_noticed() -> None:
    text = CURSORS.text("dev", HEAD)
    for place, character in enumerate(text[:-1]):  # of the last one, some bits are not used
        for other in "Ab0-_." + chr(ord(character) ^ 1):
            if other != character:
                with pytest.raises(CursorInvalid):
                    CURSORS.read(text[:place] + other + text[place + 1 :], "dev")


@pytest.mark.parametrize("text", ["", ".", "a", "가", "\ud800", "null", "a.b", "..", "A" * 5000, "\x00", " "])
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.read(text, "dev")


@pytest.mark.parametrize("value", [None, 5, ["a"], {"a": 1}, b"x", True])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.read(value, "dev")  # type: ignore[arg-type]


def test_a_cursor_is_of_one_history_only() -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.read(CURSORS.text("dev", HEAD), "sales")


def test_a_cursor_of_another_store_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        Cursors(lambda: "another secret").read(CURSORS.text("dev", HEAD), "dev")


@pytest.mark.parametrize("value", [None, [], ["dev"], ["dev", "e"], ["dev", "e", 1, 2], {"history": "dev"}, "dev", 7])
def test_other_things_that_this_server_may_have_signed_are_refused(value: object) -> None:
    signed = str(URLSafeSerializer("a secret", salt="cursor").dumps(value))
    with pytest.raises(CursorInvalid):
        CURSORS.read(signed, "dev")


def test_what_was_signed_for_another_purpose_is_refused() -> None:
    signed = str(URLSafeSerializer("a secret", salt="session").dumps(["dev", "e", 1]))
    with pytest.raises(CursorInvalid):
        CURSORS.read(signed, "dev")


def test_the_secret_is_asked_for_once_and_not_before_the_first_cursor() -> None:
    asked: list[int] = []

    def secret() -> str:
        asked.append(1)
        return "a secret"

    cursors = Cursors(secret)
    assert asked == []
    assert cursors.text("dev", HEAD) == CURSORS.text("dev", HEAD)
    cursors.read(cursors.text("dev", HEAD), "dev")
    assert asked == [1]


def test_two_processes_of_one_store_give_out_the_same_cursors() -> None:
    assert Cursors(lambda: "a secret").text("dev", HEAD) == CURSORS.text("dev", HEAD)
    assert json.dumps("a secret") not in CURSORS.text("dev", HEAD)


def test_no_character_of_a_cursor_can_be_changed() -> None:
    cursors = Cursors(lambda: "a secret")
    text = cursors.text("dev", Head(7, "e1"))
    for position, character in enumerate(text):
        for other in "Ab1-_":
            if other != character:
                with pytest.raises(CursorInvalid):
                    cursors.read(text[:position] + other + text[position + 1 :], "dev")
