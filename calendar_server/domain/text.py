"""Text as people type it, brought into one form before it is counted, compared or stored."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Not Cn and Co: an emoji newer than this Python's Unicode tables, or a company's own sign, is visible."""

_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by their category, and yet without ink: the Hangul fillers and the empty Braille pattern."""

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Without white space at the ends and in Unicode normal form C, so that 가 is one character however it was typed."""
    return unicodedata.normalize("NFC", text).strip()


def is_blank(text: str) -> bool:
    """True where nothing visible stands: empty, or only white space, fillers, control and format characters."""
    return all(unicodedata.category(character) in _INVISIBLE or character in _BLANKS for character in text)


def has_control_characters(text: str) -> bool:
    """True where something in ``text`` breaks its line, controls a device, or turns the direction of what follows it.

    The last are the bidirectional embeddings, overrides and isolates (UAX #9, 2.1-2.5). Joiners inside emoji are fine.
    """
    return any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in _BIDI_CONTROLS for c in text)


def folded(name: str) -> str:
    """The form in which names are compared: ``Sales``, ``SALES`` and ``sales`` are one name (Unicode case folding)."""
    return unicodedata.normalize("NFC", clean(name).casefold())


def is_storable(text: str) -> bool:
    """False where the text holds a lone surrogate, which no UTF-8 can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
