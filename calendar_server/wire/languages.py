"""Which of our languages a client wants to read: Korean, unless ``Accept-Language`` prefers English (RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import cast

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from calendar_server.wire.messages import LANGUAGES, Language


def preferred_language(accept_language: str | None) -> Language:
    """The language for a header value; Korean where it is absent, unreadable, or names neither.

    ``en-US`` and ``ko-KR`` count as the languages that they are forms of, which Werkzeug's own choice does not do
    where another language is named plainly. Of two that are wanted equally, the first counts.
    """
    qualities: dict[str, float] = {}
    anything = 0.0
    for tag, quality in parse_accept_header(accept_language, LanguageAccept):
        primary = tag.partition("-")[0].lower()
        if primary in LANGUAGES:
            qualities[primary] = max(quality, qualities.get(primary, 0.0))
        elif tag == "*":
            anything = quality
    for language in LANGUAGES:
        qualities.setdefault(language, anything)
    best = max(qualities, key=lambda language: qualities[language])
    return cast(Language, best) if qualities[best] > 0 else "ko"
