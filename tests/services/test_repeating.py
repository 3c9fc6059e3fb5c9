"""A write that its client has named has one effect and one answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from samples import department, named, receipt

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Head
from calendar_server.errors import (
    EventExists,
    EventNotFound,
    Invalid,
    KeyReused,
    Problem,
    ReceiptExists,
    StoreUnavailable,
    StoreUnusable,
)
from calendar_server.services.mutations import AnsweredBefore, Written
from calendar_server.services.repeating import once
from calendar_server.store.embedded import EmbeddedStore

CHANGED = Written(department(), DEPARTMENTS_HISTORY, Head(1, "e"))
UNCHANGED = Written(department(), DEPARTMENTS_HISTORY, Head(1, "e"), changed=False)


def raising(error: Exception) -> Callable[[], Written]:
    def write() -> Written:
        raise error

    return write


def stored_body(store: EmbeddedStore, key: str) -> bytes | None:
    found = store.find_receipt(key)
    return found.answer.body if found else None


def test_a_write_without_a_name_passes_and_leaves_nothing(embedded_store: EmbeddedStore) -> None:
    assert once(embedded_store, None, lambda: CHANGED) is CHANGED
    with pytest.raises(EventNotFound):
        once(embedded_store, None, raising(EventNotFound("x")))


def test_what_was_committed_has_its_receipt_from_the_commit(embedded_store: EmbeddedStore) -> None:
    assert once(embedded_store, named("a"), lambda: CHANGED) is CHANGED
    assert embedded_store.find_receipt("a") is None


def test_what_changed_nothing_is_remembered_and_answered_alike(embedded_store: EmbeddedStore) -> None:
    assert once(embedded_store, named("a"), lambda: UNCHANGED) is UNCHANGED
    body = named("a").render(UNCHANGED).body
    assert stored_body(embedded_store, "a") == body
    with pytest.raises(AnsweredBefore) as repeated:
        once(embedded_store, named("a"), lambda: UNCHANGED)
    assert repeated.value.answer.body == body


def test_a_deletion_of_what_had_gone_before_is_remembered(embedded_store: EmbeddedStore) -> None:
    assert once(embedded_store, named("a"), lambda: None) is None
    assert stored_body(embedded_store, "a") == b"None"


def test_a_refusal_is_remembered_and_stays_although_the_write_would_now_change_nothing(
    embedded_store: EmbeddedStore,
) -> None:
    with pytest.raises(EventNotFound):
        once(embedded_store, named("a"), raising(EventNotFound("x")))
    for later in (raising(EventExists("x")), lambda: UNCHANGED, raising(ReceiptExists("a"))):
        with pytest.raises(AnsweredBefore) as repeated:
            once(embedded_store, named("a"), later)
        assert repeated.value.answer.body == b"event_not_found"


@pytest.mark.parametrize(
    "error",
    [Invalid([Problem("title", "required")]), StoreUnavailable("injected"), StoreUnusable(["injected"]), KeyError("x")],
)
def test_mistakes_and_missing_answers_are_not_remembered(embedded_store: EmbeddedStore, error: Exception) -> None:
    with pytest.raises(type(error)):
        once(embedded_store, named("a"), raising(error))
    assert embedded_store.find_receipt("a") is None
    assert once(embedded_store, named("a"), lambda: CHANGED) is CHANGED


@pytest.mark.parametrize(
    "write",
    [
        raising(ReceiptExists("a")),
        raising(EventExists("x")),
        raising(Invalid([Problem("title", "required")])),
        lambda: UNCHANGED,
    ],
)
def test_a_repetition_gets_the_first_answer_however_it_fails(
    embedded_store: EmbeddedStore, write: Callable[[], Written]
) -> None:
    kept = receipt("a")
    embedded_store.keep_receipt(kept)
    with pytest.raises(AnsweredBefore) as repeated:
        once(embedded_store, named("a"), write)
    assert repeated.value.answer == kept.answer
    with pytest.raises(KeyReused):
        once(embedded_store, named("a", "다른 본문"), write)
    assert embedded_store.find_receipt("a") == kept


def test_a_receipt_that_expires_at_this_moment_is_no_outcome_yet(embedded_store: EmbeddedStore) -> None:
    with pytest.raises(StoreUnavailable, match="expired"):
        once(embedded_store, named("a"), raising(ReceiptExists("a")))


def test_of_two_answers_at_the_same_moment_the_first_to_be_stored_counts(embedded_store: EmbeddedStore) -> None:
    def write() -> Written:
        return UNCHANGED

    class Late:
        """A store in which the other request stores its answer just before this one."""

        find_receipt = staticmethod(lambda _key: found.pop(0))

        @staticmethod
        def keep_receipt(_receipt: object) -> None:
            raise ReceiptExists("a")

    found = [None, receipt("a", b"first")]
    with pytest.raises(AnsweredBefore) as repeated:
        once(Late(), named("a"), write)  # type: ignore[arg-type]
    assert repeated.value.answer.body == b"first"
