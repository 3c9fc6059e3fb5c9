"""Whether the tables hold a whole calendar, or what a restore that is not complete has written so far.

The head of the list of departments says so, because whoever looks at the list, at readiness, or for something that he
does not find, reads it anyway.
"""

from __future__ import annotations

from calendar_server.errors import StoreUnusable
from calendar_server.store.dynamodb.connection import Json

RESTORING = "restoring"
"""The attribute of that head with which it counts as ended; it names the extract that is being restored."""

RESTORE_INCOMPLETE = (
    "백업을 복구하는 중이거나 복구가 중간에 끊겼습니다. 복구가 끝나기를 기다리거나 flask restore를 다시 실행하세요. / "
    "A restore is under way, or was cut off: wait for its end, or run flask restore again."
)


def require_whole(list_head: Json | None) -> None:
    """:raises StoreUnusable: a restore is not complete."""
    if list_head is not None and RESTORING in list_head:
        raise StoreUnusable([RESTORE_INCOMPLETE])
