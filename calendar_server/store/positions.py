"""Which of several edits an error is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from calendar_server.errors import CalendarError


@contextmanager
def at_position(position: int) -> Iterator[None]:
    """Errors out of the block are about the edit at ``position``."""
    try:
        yield
    except CalendarError as error:
        error.position = position
        raise
