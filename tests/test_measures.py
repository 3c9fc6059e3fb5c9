"""The server counts what it does, and the documents name what it counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calendar_server import measures
from calendar_server.errors import EventNotFound, StoreUnavailable

DOCS = Path(__file__).parents[1] / "docs"


def value(name: str, labels: dict[str, str] | None = None) -> float:
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value(name, labels or {}) or 0.0


@pytest.mark.parametrize("document", ["metrics.md", "metrics.ko.md"])
def test_every_metric_is_documented_and_nothing_else(document: str) -> None:
    text = (DOCS / document).read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(measures.names())


def test_the_english_document_says_what_the_metrics_say() -> None:
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    for name, words in measures.names().items():
        assert f"| `{name}` | {words} |" in text


def test_a_timed_call_is_measured_whether_it_works_or_not() -> None:
    @measures.timed("test_call")
    def call(error: Exception | None = None) -> str:
        if error is not None:
            raise error
        return "answer"

    assert call() == "answer"
    with pytest.raises(StoreUnavailable):
        call(StoreUnavailable("away"))
    with pytest.raises(EventNotFound):
        call(EventNotFound("x"))
    assert value("dallyeok_store_seconds_count", {"operation": "test_call"}) == 3
    assert value("dallyeok_store_failures_total", {"operation": "test_call"}) == 1


def test_gauges_are_brought_up_to_date_before_they_are_shown() -> None:
    measures.observe("test", lambda: measures.rooms.set(41))
    try:
        assert b"dallyeok_rooms 41.0" in measures.exposition()
    finally:
        measures.observe("test", lambda: None)


def test_both_stores_measure_what_the_services_call() -> None:
    from calendar_server.store.embedded import EmbeddedStore
    from models import DynamoDBDatabase

    operations = ["list_departments", "get_department", "get_event", "snapshot", "head", "heads", "changes_after"]
    for store in (EmbeddedStore, DynamoDBDatabase):
        for name in (*operations, "commit", "find_receipt", "keep_receipt"):
            assert hasattr(getattr(store, name), "__wrapped__"), (store, name)
