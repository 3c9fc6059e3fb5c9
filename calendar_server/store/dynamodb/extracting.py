"""The tables' content at one moment, read while others write.

A scan sees each item at another moment. So the heads are read before and after it: what the histories say in between is
laid over what was scanned, and that gives every event as it was at the later heads. Scans are strongly consistent,
which indexes are not. What was scanned waits in a file, since the later heads are only known at its end.
"""

from __future__ import annotations

import tempfile
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, Head
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json
from calendar_server.store.dynamodb.cuts import Cut, Cuts
from calendar_server.store.dynamodb.items import event_of, receipt_key, receipt_of
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.extracts import Extract, KeptReceipt

_RECEIPTS = {
    "FilterExpression": "begins_with(#key, :receipt)",
    "ExpressionAttributeNames": {"#key": "key"},
    "ExpressionAttributeValues": {":receipt": {"S": "receipt#"}},
}


class Extraction:
    """Takes extracts of the tables."""

    def __init__(self, connection: Connection, schema: Schema, reads: Reads) -> None:
        self._connection = connection
        self._schema = schema
        self._reads = reads
        self._cuts = Cuts(connection, schema.changes.name, reads)

    @contextmanager
    def extract(self, scratch: Path, secret: str) -> Iterator[Extract]:
        """An extract of the moment at which the scans end; ``scratch``: a folder for what they find."""
        with tempfile.TemporaryFile(dir=scratch) as events, tempfile.TemporaryFile(dir=scratch) as receipts:
            before = self._cuts.take()
            self._spool(events, self._schema.events.name)
            self._spool(receipts, self._schema.records.name, **_RECEIPTS)
            after = self._cuts.take()
            since = list(self._changes_between(before, after))
            yield _DynamoExtract(self._reads, secret, after, _Scanned(events, receipts), since)

    def _spool(self, file: IO[bytes], table: str, **selection: Any) -> None:
        for page in self._connection.pages("scan", TableName=table, ConsistentRead=True, **selection):
            for item in page["Items"]:
                file.write(orjson.dumps(item, default=_binary) + b"\n")

    def _changes_between(self, before: Cut, after: Cut) -> Iterator[Change]:
        """:raises StoreUnavailable: a history does not say all that has happened to its objects meanwhile."""
        for history in after.histories():
            first, last = before.head(history) or Head(0, ""), after.known_head(history)
            if before.head(history) is not None and first.epoch != last.epoch:
                raise StoreUnavailable(f"{history} was numbered anew meanwhile")
            seq = first.last_seq
            for change in self._reads.changes_between(history, seq, last.last_seq):
                if change.seq != seq + 1:
                    raise StoreUnavailable(f"changes of {history} are missing after number {seq}")
                seq = change.seq
                yield change


class _Scanned:
    """What the scans have found."""

    def __init__(self, events: IO[bytes], receipts: IO[bytes]) -> None:
        self.events = events
        self.receipts = receipts


class _DynamoExtract:
    def __init__(self, reads: Reads, secret: str, after: Cut, scanned: _Scanned, since: list[Change]) -> None:
        self._reads = reads
        self._cut = after
        self._scanned = scanned
        self._latest = {(c.history, c.subject.id): c for c in since if c.history != DEPARTMENTS_HISTORY}
        self._written_since = {c.mutation_id for c in since if c.mutation_id is not None}
        self.name = uuid.uuid4().hex
        self.secret = secret

    @property
    def departments(self) -> DepartmentList:
        return self._cut.departments

    @property
    def heads(self) -> dict[str, Head]:
        return self._cut.heads

    def events(self) -> Iterator[CalendarEvent]:
        for event in map(event_of, _items(self._scanned.events)):
            if event.department_id in self._cut.heads and (event.department_id, event.id) not in self._latest:
                yield event
        for change in self._latest.values():
            if not change.is_removal and isinstance(change.subject, CalendarEvent):
                yield change.subject

    def changes(self) -> Iterator[Change]:
        for history in self._cut.histories():
            yield from self._reads.changes_between(history, 0, self._cut.known_head(history).last_seq)

    def receipts(self) -> Iterator[KeptReceipt]:
        """Those that were there before the cut, and those of writes that the scan may have passed by too early."""
        for item in _items(self._scanned.receipts):
            if item["key"]["S"].removeprefix("receipt#") not in self._written_since:
                yield from _kept(item)
        for key in sorted(self._written_since):
            found = self._reads.record(receipt_key(key))
            yield from _kept(found) if found else ()


def _items(file: IO[bytes]) -> Iterator[Json]:
    file.seek(0)
    for line in file:
        item = orjson.loads(line)
        if "body" in item and "B" in item["body"]:
            item["body"]["B"] = b64decode(item["body"]["B"])
        yield item


def _binary(value: object) -> str:
    assert isinstance(value, bytes), "the only value of an item that JSON does not have"
    return b64encode(value).decode()


def _kept(item: Json) -> Iterator[KeptReceipt]:
    receipt = receipt_of(item)
    if receipt is not None:
        yield KeptReceipt(receipt, int(item["expires_at"]["N"]))
