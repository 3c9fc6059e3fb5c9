"""Timestamps as they stand on the wire: UTC with milliseconds, ``2024-01-15T10:30:00.000Z``."""

from __future__ import annotations

from datetime import UTC, datetime

EPOCH = "1970-01-01T00:00:00.000Z"


def timestamp(moment: datetime) -> str:
    """``moment`` (aware) as the wire writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def now() -> str:
    """The present moment as the wire writes it."""
    return timestamp(datetime.now(UTC))


def read_timestamp(text: str) -> str | None:
    """Any ISO 8601 timestamp in the wire's form, or None where it cannot be read.

    A timestamp without a zone counts as UTC, as the first version of the server wrote them.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
