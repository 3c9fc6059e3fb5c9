"""Cursors: where in a history a client stands, in a form that it can keep and send back but not make up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from itsdangerous import BadSignature, URLSafeSerializer

from calendar_server.domain.changes import Head
from calendar_server.errors import CursorInvalid

LONGEST_CURSOR = 2_000
"""Characters; longer than any that this server gives out."""

SIGNED_AT_MOST = 2_000
"""So many are kept: a write's answer, its message and the next reads carry the same one."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """After change ``seq`` of ``history``, in the numbering ``epoch``."""

    history: str
    epoch: str
    seq: int


class Cursors:
    """Writes and reads cursors, signed with the secret (HMAC, by itsdangerous). It is asked for at the first cursor."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret
        self._signed = lru_cache(SIGNED_AT_MOST)(self._sign)

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret(), salt="cursor")

    def text(self, history: str, head: Head) -> str:
        """The cursor of one who has seen ``history`` up to ``head``."""
        return self._signed(history, head.epoch, head.last_seq)

    def _sign(self, history: str, epoch: str, seq: int) -> str:
        return str(self._serializer.dumps([history, epoch, seq]))

    def read(self, text: str, history: str) -> Cursor:
        """The cursor in ``text``.

        :raises CursorInvalid: it was not made here, or belongs to another history.
        """
        if not isinstance(text, str) or len(text) > LONGEST_CURSOR:
            raise CursorInvalid
        try:
            found = Cursor(*self._serializer.loads(text))
        except (BadSignature, TypeError, ValueError):
            raise CursorInvalid from None
        # base64 leaves bits of its last character unused, so that a changed text may mean the same
        if found.history != history or self.text(history, Head(found.seq, found.epoch)) != text:
            raise CursorInvalid
        return found
