"""Text in one form."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.domain.text import clean, folded, is_blank, is_storable

STORABLE = st.text(st.characters(exclude_categories=["Cs"]))


def test_text_is_trimmed_and_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "개발팀")
    assert len(decomposed) > 3
    assert clean(f"\t {decomposed}\u3000\n") == "개발팀"


def test_white_space_inside_stays() -> None:
    assert clean("첫 줄\n  둘째 줄") == "첫 줄\n  둘째 줄"


@given(STORABLE)
def test_clean_text_is_clean_already(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u3000",
        "\u200b",
        "\u2060\ufeff",
        "\x00",
        "\u202e \t",
        "\u2028",
        "\u3164",
        "\u115f\u1160\uffa0",
        "\u2800",
    ],
)
def test_spaces_controls_and_format_characters_are_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["가", ".", "\u200b가", "👩‍💻", "\U0001fae9", "\U000e0fff", "\ue000"])
def test_anything_visible_is_not_blank_even_if_python_does_not_know_it_yet(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sales", "SALES"),
        ("STRASSE", "straße"),
        (" 개발팀 ", "개발팀"),
        (unicodedata.normalize("NFD", "개발팀"), "개발팀"),
        ("CAFE\u0301", "café"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_names_that_differ_only_in_case_or_form_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("개발팀", "개발 팀"), ("Sales", "Sale"), ("1팀", "２팀")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize("text", ["\ud800", "가\udfff나"])
def test_lone_surrogates_cannot_be_stored(text: str) -> None:
    assert not is_storable(text)


@given(STORABLE)
def test_whatever_utf8_carries_can_be_stored(text: str) -> None:
    assert is_storable(text)
    assert text.encode().decode() == text
