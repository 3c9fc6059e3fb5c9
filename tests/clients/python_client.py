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
from dallyeok_sync.tls import SerialSSLSocket, context_like

__all__ = [
    "CalendarSync",
    "FileStorage",
    "History",
    "PendingWrite",
    "SerialSSLSocket",
    "Timing",
    "WriteAnswer",
    "WriteFailed",
    "context_like",
]
