"""Which language a client is answered in."""

from __future__ import annotations

import pytest

from calendar_server.wire.languages import preferred_language


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "ko",
        "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7",
        "ko-KR,en;q=0.9",
        "*",
        "fr",
        "fr, *;q=0.5",
        "en;q=0",
        "en;q=0, *",
        "en;q=0.1, *;q=0.9",
        "en;q=0.5, ko;q=0.6",
        "en;q=zz",
        ";;;,=",
        "english",
    ],
)
def test_korean_unless_english_is_preferred(header: str | None) -> None:
    assert preferred_language(header) == "ko"


@pytest.mark.parametrize(
    "header",
    [
        "en",
        "EN-gb",
        "en-US,ko;q=0.5",
        "en-US,en;q=0.9,ko;q=0.8",
        "fr, en;q=0.1",
        "ko;q=0, *",
        "en, ko",
        "ko;q=0.2,en;q=0.3",
    ],
)
def test_english_where_it_is_preferred(header: str) -> None:
    assert preferred_language(header) == "en"
