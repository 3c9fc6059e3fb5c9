"""What an HTTP answer means for a write: final, or to be asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

TRY_AGAIN = (408, 425, 429)
RETRY_AFTER_MAX_SECONDS = 24 * 3_600.0


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """A success. ``replayed``: the server had answered this write before."""

    status: int
    body: Mapping[str, Any]
    etag: str | None = None
    replayed: bool = False


class WriteFailed(Exception):
    """A write's final answer was a refusal, or there will be none (``status`` 0).

    ``code`` is the server's ``error``; without an answer ``closed``, ``discarded``, ``outbox_full``,
    ``outcome_unknown`` or ``etag_missing``. ``current``: with ``version_conflict``, the object as it is now.
    """

    def __init__(self, status: int, body: Mapping[str, Any] | None, etag: str | None = None) -> None:
        found = body or {}
        self.status = status
        self.code = str(found.get("error") or f"http_{status}")
        self.message = str(found.get("message") or f"HTTP {status}")
        self.details: list[dict[str, str]] = found.get("details") or []
        self.current: dict[str, Any] | None = found.get("current")
        self.etag = etag
        super().__init__(f"{self.code}: {self.message}")


def without_answer(code: str, message: str) -> WriteFailed:
    """There will be no answer."""
    return WriteFailed(0, {"error": code, "message": message})


@dataclass(frozen=True, slots=True)
class TryAgain:
    """There is no final answer. ``after_seconds``: when the server wants to be asked again, where it said so."""

    after_seconds: float | None = None


Outcome = WriteAnswer | WriteFailed | TryAgain


def outcome_of(response: requests.Response) -> Outcome:
    """Final are 2xx with its whole body, and 4xx but 408, 425 and 429."""
    status, etag = response.status_code, response.headers.get("ETag")
    if status in TRY_AGAIN or status >= 500:
        return TryAgain(_retry_after_seconds(response.headers.get("Retry-After")))
    body = _json_object(response)
    if 400 <= status < 500:
        return WriteFailed(status, body, etag)
    if not 200 <= status < 300 or body is None:
        return TryAgain()
    return WriteAnswer(status, body, etag, response.headers.get("Idempotent-Replayed") == "true")


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        value = response.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _retry_after_seconds(value: str | None) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    if not value:
        return None
    try:
        seconds = float(value) if value.isdigit() else _seconds_until(value)
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX_SECONDS)


def _seconds_until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
