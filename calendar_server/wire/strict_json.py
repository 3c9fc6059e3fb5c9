"""JSON as RFC 8259 has it and nothing more, for bodies and socket messages alike.

``NaN``, ``Infinity``, numbers beyond a double, lone surrogates, invalid UTF-8 and more than 1,024 levels of nesting are
refused by the parser itself (orjson); what remains are values that can be stored and sent back.
"""

from __future__ import annotations

from typing import Any

import orjson


def loads(text: str | bytes) -> Any:
    """The value in ``text``.

    :raises ValueError: it is no JSON.
    """
    return orjson.loads(text)


def dumps(value: Any, **_options: Any) -> str:
    """``value`` as JSON text; Korean stands as itself. The options of the standard library's ``dumps`` are ignored."""
    return orjson.dumps(value).decode()


def dump_bytes(value: Any) -> bytes:
    """``value`` as UTF-8 encoded JSON."""
    return orjson.dumps(value)
