"""The backup file's records: one JSON object a line, behind a checksum of its own.

::

    7c0b6c12 {"kind":"backup","format":1,...}        what it is, and when it was made
    ........ {"kind":"department",...}               departments, then the head of each history
    ........ {"kind":"history","history":...}
    ........ {"kind":"event",...}                    events, changes, receipts
    ........ {"kind":"change",...}
    ........ {"kind":"receipt",...}
    ........ {"kind":"end","lines":...,"sha256":...} the number of lines before, and the digest of all their bytes

The checksum is the CRC-32 of the JSON text in eight hexadecimal digits; it says where a file is damaged, the digest that
it is whole. Neither keeps anybody from writing a false backup.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from typing import Any

import orjson

from calendar_server.backup.problems import DamagedBackup
from calendar_server.domain.changes import Change, Head
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt, StoredAnswer
from calendar_server.store.extracts import KeptReceipt
from calendar_server.store.records import department_from, event_from, record_of, subject_from

FORMAT = 1
Record = dict[str, Any]
_CHECKSUM_CHARACTERS = 8


def line_of(record: Record) -> bytes:
    """The record as a line."""
    json = orjson.dumps(record)
    return b"%08x %b\n" % (zlib.crc32(json), json)


def record_in(line: bytes, number: int) -> Record:
    """The record in line ``number``. :raises DamagedBackup: it is not as it was written."""
    json = line[_CHECKSUM_CHARACTERS + 1 : -1]
    if not line.endswith(b"\n"):
        raise DamagedBackup(line=number, reason="cut_off")
    if line[:_CHECKSUM_CHARACTERS] != b"%08x" % zlib.crc32(json):
        raise DamagedBackup(line=number, reason="altered")
    try:
        record: Record = orjson.loads(json)
        record["kind"]
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedBackup(line=number, reason="not_understood") from error
    return record


def department_record(department: Department) -> Record:
    """A department with all its fields."""
    return {"kind": "department", **record_of(department)}


def department_in(record: Record) -> Department:
    """The department in a record."""
    return department_from(record)


def head_record(history: str, head: Head) -> Record:
    """Where a history stood, and in which epoch."""
    return {"kind": "history", "history": history, "last_seq": head.last_seq, "epoch": head.epoch}


def head_in(record: Record) -> tuple[str, Head]:
    """The history and its head in a record."""
    return record["history"], Head(record["last_seq"], record["epoch"])


def event_record(event: CalendarEvent) -> Record:
    """An event with all its fields."""
    return {"kind": "event", **record_of(event)}


def event_in(record: Record) -> CalendarEvent:
    """The event in a record."""
    return event_from(record)


def change_record(change: Change) -> Record:
    """A change with the whole object as it was after it."""
    return {
        "kind": "change",
        "history": change.history,
        "seq": change.seq,
        "type": change.type,
        "subject": record_of(change.subject),
        "at": change.at,
        "mutation_id": change.mutation_id,
    }


def change_in(record: Record) -> Change:
    """The change in a record."""
    subject = subject_from(record["subject"])
    return Change(record["history"], record["seq"], record["type"], subject, record["at"], record["mutation_id"])


def receipt_record(kept: KeptReceipt) -> Record:
    """A receipt and its expiry; the answer's body in base64."""
    receipt, answer = kept.receipt, kept.receipt.answer
    return {
        "kind": "receipt",
        "key": receipt.key,
        "fingerprint": receipt.fingerprint,
        "status": answer.status,
        "headers": answer.headers,
        "body": b64encode(answer.body).decode(),
        "expires_at": kept.expires_at,
    }


def receipt_in(record: Record) -> KeptReceipt:
    """The receipt in a record."""
    headers = tuple((name, value) for name, value in record["headers"])
    answer = StoredAnswer(record["status"], headers, b64decode(record["body"]))
    return KeptReceipt(Receipt(record["key"], record["fingerprint"], answer), record["expires_at"])
