"""The tables' content at one moment, read while others write.

A scan sees each item at another moment. So the heads are read before and after it: what the histories say in between is
laid over what was scanned, and that gives every event as it was at the later heads. Scans are strongly consistent,
which indexes are not. All that was read waits in files: the later heads are only known at its end, and the rows of a
department that is deleted afterwards would be gone.
"""

from __future__ import annotations

import tempfile
import uuid
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from calendar_server.domain.changes import Change, DepartmentList, Head
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json
from calendar_server.store.dynamodb.cuts import Cut, Cuts
from calendar_server.store.dynamodb.items import change_of, event_of, receipt_key, receipt_of
from calendar_server.store.dynamodb.patience import ITEMS_A_PAGE, Patient
from calendar_server.store.dynamodb.reading import Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.extracts import Extract, KeptReceipt

CUTS = 3
"""How many are tried before a history whose rows are missing counts as torn."""

_RECEIPTS = {
    "FilterExpression": "begins_with(#key, :receipt)",
    "ExpressionAttributeNames": {"#key": "key"},
    "ExpressionAttributeValues": {":receipt": {"S": "receipt#"}},
}


class Extraction:
    """Takes extracts of the tables."""

    def __init__(self, connection: Connection, schema: Schema, reads: Reads) -> None:
        self._connection = Patient(connection)
        self._schema = schema
        self._reads = reads.through(self._connection)
        self._cuts = Cuts(connection, schema.changes.name, reads)

    @contextmanager
    def extract(self, scratch: Path, secret: str) -> Iterator[Extract]:
        """An extract of the moment at which the scans end; ``scratch``: a folder for what they find."""
        with ExitStack() as open_files:
            files = _Files(*(open_files.enter_context(tempfile.TemporaryFile(dir=scratch)) for _ in range(4)))
            before = self._cuts.take()
            _keep(files.events, self._scanned(self._schema.events.name))
            _keep(files.receipts, self._scanned(self._schema.records.name, **_RECEIPTS))
            for history in before.histories():
                _keep(files.changes, self._rows(history, 0, before.known_head(history).last_seq))
            after = self._cut_with_changes_since(before, files.since)
            yield _DynamoExtract(self._kept_answer, secret, after, files)

    def _scanned(self, table: str, **selection: Any) -> Iterator[Json]:
        pages = self._connection.pages("scan", TableName=table, ConsistentRead=True, Limit=ITEMS_A_PAGE, **selection)
        return (item for page in pages for item in page["Items"])

    def _rows(self, history: str, seq: int, last_seq: int) -> Iterator[Json]:
        return self._reads.change_rows(history, seq, last_seq, Limit=ITEMS_A_PAGE)

    def _cut_with_changes_since(self, before: Cut, file: IO[bytes]) -> Cut:
        """A later cut, and in ``file`` what has happened since; another where a department was deleted before its rows
        were read.

        :raises StoreUnavailable: a history does not say all that has happened to its objects meanwhile.
        """
        tries = 1
        while True:
            after = self._cuts.take()
            try:
                _keep(file, self._rows_between(before, after))
                return after
            except _RowsMissing:
                if tries == CUTS:
                    raise
            tries += 1
            file.seek(0)
            file.truncate()

    def _rows_between(self, before: Cut, after: Cut) -> Iterator[Json]:
        for history in after.histories():
            first, last = before.head(history) or Head(0, ""), after.known_head(history)
            if before.head(history) is not None and first.epoch != last.epoch:
                raise StoreUnavailable(f"{history} was numbered anew meanwhile")
            seq = first.last_seq
            for row in self._rows(history, seq, last.last_seq):
                if int(row["seq"]["N"]) != seq + 1:
                    break
                seq += 1
                yield row
            if seq != last.last_seq:
                raise _RowsMissing(f"changes of {history} are missing after number {seq}")

    def _kept_answer(self, key: str) -> Json | None:
        return self._reads.record(receipt_key(key))


class _RowsMissing(StoreUnavailable):
    pass


class _Files:
    """What was read; ``since`` holds the changes between the two cuts, ``changes`` those before."""

    def __init__(self, events: IO[bytes], receipts: IO[bytes], changes: IO[bytes], since: IO[bytes]) -> None:
        self.events = events
        self.receipts = receipts
        self.changes = changes
        self.since = since


class _DynamoExtract:
    """Holds in memory one number for each object that was written between the cuts, and the names of those writes."""

    def __init__(self, kept_answer: Callable[[str], Json | None], secret: str, after: Cut, files: _Files) -> None:
        self._kept_answer = kept_answer
        self._cut = after
        self._files = files
        self._latest: dict[tuple[str, str], int] = {}
        self._written_since: set[str] = set()
        for change in self._since():
            self._latest[change.history, change.subject.id] = change.seq
            if change.mutation_id is not None:
                self._written_since.add(change.mutation_id)
        self.name = uuid.uuid4().hex
        self.secret = secret

    @property
    def departments(self) -> DepartmentList:
        return self._cut.departments

    @property
    def heads(self) -> dict[str, Head]:
        return self._cut.heads

    def _since(self) -> Iterator[Change]:
        return map(change_of, _items(self._files.since))

    def events(self) -> Iterator[CalendarEvent]:
        for event in map(event_of, _items(self._files.events)):
            if event.department_id in self._cut.heads and (event.department_id, event.id) not in self._latest:
                yield event
        for change in self._since():
            event_now = change.subject
            is_latest = self._latest[change.history, event_now.id] == change.seq
            if is_latest and not change.is_removal and isinstance(event_now, CalendarEvent):
                yield event_now

    def changes(self) -> Iterator[Change]:
        for change in map(change_of, _items(self._files.changes)):
            if self._cut.head(change.history) is not None:
                yield change
        yield from self._since()

    def receipts(self) -> Iterator[KeptReceipt]:
        """Those that were there before the cut, and those of writes that the scan may have passed by too early."""
        for item in _items(self._files.receipts):
            if item["key"]["S"].removeprefix("receipt#") not in self._written_since:
                yield from _kept(item)
        for key in sorted(self._written_since):
            found = self._kept_answer(key)
            yield from _kept(found) if found else ()


def _keep(file: IO[bytes], items: Iterable[Json]) -> None:
    for item in items:
        file.write(orjson.dumps(item, default=_binary) + b"\n")


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
