"""A running server removes what is past its time."""

from __future__ import annotations

import time

from samples import department, event, receipt

from calendar_server.domain.changes import Edit
from calendar_server.services.upkeep import look_after
from calendar_server.store.embedded import EmbeddedStore


def test_looking_after_the_store_removes_expired_changes_and_receipts(embedded_store: EmbeddedStore) -> None:
    team = department()
    embedded_store.commit([Edit(None, team, receipt=receipt("a"))])
    embedded_store.commit([Edit(None, event(team.id))])
    embedded_store._writer.execute("UPDATE changes SET at = '2020-01-01T00:00:00.000Z'")
    embedded_store._writer.execute("UPDATE receipts SET expires_at = ?", (int(time.time()) - 1,))
    assert look_after(embedded_store) is True
    left = [
        embedded_store._reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("changes", "receipts")
    ]
    assert left == [0, 0]
    assert len(embedded_store.snapshot(team.id).events) == 1
