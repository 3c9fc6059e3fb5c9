"""A write that its client has named has one effect and one answer, however often it is sent.

A write that changes something stores its answer in the same transaction (``Edit.receipt``), so a repetition fails there
and is answered from the receipt. One that changes nothing, or is refused, is remembered afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from calendar_server.domain.receipts import Receipt, StoredAnswer
from calendar_server.errors import (
    CalendarError,
    Invalid,
    KeyReused,
    ReceiptExists,
    SetupError,
    StoreUnavailable,
)
from calendar_server.services.mutations import AnsweredBefore, Mutation, Written
from calendar_server.store.contract import Store

W = TypeVar("W", Written, "Written | None")


def once(store: Store, mutation: Mutation | None, write: Callable[[], W]) -> W:
    """What ``write`` gives, or raises; of a write that was answered before, that answer.

    :raises AnsweredBefore: the client repeats a write.
    :raises KeyReused: it has used the name for another write.
    """
    if mutation is None:
        return write()
    try:
        written = write()
    except (StoreUnavailable, SetupError):
        raise
    except CalendarError as error:
        _raise_if_answered(store, mutation)
        if isinstance(error, ReceiptExists):
            raise StoreUnavailable("the receipt of this write has just expired") from error
        if not isinstance(error, Invalid):
            _remember(store, mutation, mutation.render_refusal(error))
        raise
    if written is None or not written.changed:
        _raise_if_answered(store, mutation)
        _remember(store, mutation, mutation.render(written))
    return written


def _raise_if_answered(store: Store, mutation: Mutation) -> None:
    receipt = store.find_receipt(mutation.key)
    if receipt is None:
        return
    if receipt.fingerprint != mutation.fingerprint:
        raise KeyReused(mutation.key)
    raise AnsweredBefore(receipt.answer)


def _remember(store: Store, mutation: Mutation, answer: StoredAnswer) -> None:
    with suppress(ReceiptExists):
        store.keep_receipt(Receipt(mutation.key, mutation.fingerprint, answer))
        return
    _raise_if_answered(store, mutation)
