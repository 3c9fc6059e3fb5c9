"""Calls of jobs that read or write everything, and may wait for capacity where a client of the server may not.

A table with provisioned capacity takes so many units a second, and refuses what is above (developer guide, "Provisioned
capacity mode"): a job that goes over all of it meets that for sure, and must not fail for it.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json, backoff, cause_of

PATIENCE_SECONDS = 900.0
"""With one request, if DynamoDB refuses it all that time."""
BATCH = 25
ITEMS_A_PAGE = 1_000
"""Of what is read; DynamoDB ends a page at 1 MB, doubles of it do not."""


class Patient(Connection):
    """The calls of another connection, made patiently."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def call(self, operation: str, **parameters: Any) -> Json:
        """The answer, asked for again for :data:`PATIENCE_SECONDS` while there is no capacity for it."""
        pauses = backoff(PATIENCE_SECONDS)
        while True:
            try:
                return self._connection.call(operation, **parameters)
            except StoreUnavailable as error:
                if not is_throttled(error):
                    raise
                last = error
            try:
                next(pauses)
            except StoreUnavailable:
                raise last from last.__cause__

    def write_batch(self, table: str, requests: list[Json], deadline_seconds: float = PATIENCE_SECONDS) -> None:
        """Each 25 of ``requests`` may take ``deadline_seconds``."""
        for first in range(0, len(requests), BATCH):
            super().write_batch(table, requests[first : first + BATCH], deadline_seconds)


def is_throttled(error: StoreUnavailable) -> bool:
    """DynamoDB refused a request only because there was no capacity for it."""
    return isinstance(error.__cause__, ClientError) and cause_of(error.__cause__) == "throttled"
