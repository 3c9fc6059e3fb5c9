"""Receipts: what a write that a client may repeat was answered the first time.

A client that names its write (``Idempotency-Key``) gets that answer again whenever it repeats the write, instead of a
second effect (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An HTTP answer: status, headers that belong to it, and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to the write that the client named ``key``; ``fingerprint`` tells it from another write of that name."""

    key: str
    fingerprint: str
    answer: StoredAnswer = field(repr=False)
