"""The Python client, found in ``clients/python`` where it is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "clients" / "python"))

from dallyeok_sync import (
    CalendarSync,
    FileStorage,
    History,
    PendingWrite,
    Timing,
    WriteAnswer,
    WriteFailed,
)

__all__ = [
    "CalendarSync",
    "FileStorage",
    "History",
    "PendingWrite",
    "Timing",
    "WriteAnswer",
    "WriteFailed",
]
