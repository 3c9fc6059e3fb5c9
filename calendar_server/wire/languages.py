"""Which of our languages a client wants to read: Korean, unless ``Accept-Language`` prefers English (RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import cast

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from calendar_server.wire.messages import LANGUAGES, Language


def preferred_language(accept_language: str | None) -> Language:
    """The language for a header value; Korean where it is absent, unreadable, or names neither."""
    accepted = parse_accept_header(accept_language, LanguageAccept)
    return cast(Language, accepted.best_match(LANGUAGES, default="ko"))
