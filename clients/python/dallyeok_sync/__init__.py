"""Follows calendars of a Dallyeok server: nothing missed, nothing twice, whatever breaks.

::

    calendar = CalendarSync("http://127.0.0.1:5000")
    team = calendar.department(department_id)
    team.on("reset", show_all)                                  # show_all(events)
    team.on("change", lambda type, data, meta: show(type, data))
    calendar.create_event(department_id, {"title": "팀 회의", "event_date": "2024-01-20"}).result()
    calendar.close()

The rules that it follows stand in docs/sync.md.
"""

from __future__ import annotations

from dallyeok_sync.answers import WriteAnswer, WriteFailed
from dallyeok_sync.client import CalendarSync
from dallyeok_sync.history import History, Status
from dallyeok_sync.outbox import PendingWrite
from dallyeok_sync.storage import FileStorage, Storage
from dallyeok_sync.timing import Timing

__all__ = [
    "CalendarSync",
    "FileStorage",
    "History",
    "PendingWrite",
    "Status",
    "Storage",
    "Timing",
    "WriteAnswer",
    "WriteFailed",
]
