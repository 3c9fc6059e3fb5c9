"""DynamoDB items to departments, events and changes, and back.

Our own attributes are strings and numbers. What an earlier version or a person wrote beside them is read without
complaint and survives updates, because objects are changed by UpdateItem and never put anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

import orjson
from boto3.dynamodb.types import TypeDeserializer

from calendar_server.domain.changes import Change, ChangeType, Head, Subject
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import KEPT_SECONDS, Receipt, StoredAnswer
from calendar_server.store.records import department_from, event_from, record_of, subject_from

Item = dict[str, dict[str, Any]]
Json = dict[str, Any]

HEAD_SEQ = 0
"""The place of a history's head among its changes, which are numbered from 1."""

_deserialize_other = TypeDeserializer().deserialize


def text(value: str) -> dict[str, str]:
    """A string attribute."""
    return {"S": value}


def number(value: int) -> dict[str, str]:
    """A number attribute."""
    return {"N": str(value)}


def attribute(value: str | int) -> dict[str, str]:
    """A string or number attribute."""
    return number(value) if isinstance(value, int) else text(value)


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item's attributes as Python values."""
    return {name: _plain_value(value) for name, value in item.items()}


def _plain_value(value: Mapping[str, Any]) -> Any:
    if "S" in value:
        return value["S"]
    if "N" in value:
        return int(value["N"]) if value["N"].isdigit() else float(value["N"])
    return _deserialize_other(cast(Any, value))


def item_of(subject: Subject) -> Item:
    """A department or an event as an item."""
    return {name: attribute(value) for name, value in record_of(subject).items()}


def department_of(item: Mapping[str, Any]) -> Department:
    """The department in an item."""
    return department_from(plain(item))


def event_of(item: Mapping[str, Any]) -> CalendarEvent:
    """The event in an item."""
    return event_from(plain(item))


def change_key(history: str, seq: int) -> Item:
    """The key of a row in the table of changes."""
    return {"history": text(history), "seq": number(seq)}


def change_item(change: Change, commit_id: str, expires_at: int) -> Item:
    """A change as a row; ``commit_id`` tells which transaction wrote it."""
    item = {
        **change_key(change.history, change.seq),
        "type": text(change.type),
        "subject": text(orjson.dumps(record_of(change.subject)).decode()),
        "at": text(change.at),
        "commit_id": text(commit_id),
        "expires_at": number(expires_at),
    }
    if change.mutation_id is not None:
        item["mutation_id"] = text(change.mutation_id)
    return item


def change_of(item: Mapping[str, Any]) -> Change:
    """The change in a row."""
    values = plain(item)
    change_type: ChangeType = values["type"]
    subject = subject_from(orjson.loads(values["subject"]))
    return Change(values["history"], values["seq"], change_type, subject, values["at"], values.get("mutation_id"))


def receipt_key(key: str) -> Item:
    """The key of a receipt in the table of records."""
    return {"key": text(f"receipt#{key}")}


def receipt_item(receipt: Receipt, expires_at: int) -> Item:
    """A receipt as an item."""
    answer = receipt.answer
    return {
        **receipt_key(receipt.key),
        "fingerprint": text(receipt.fingerprint),
        "status": number(answer.status),
        "headers": text(orjson.dumps(answer.headers).decode()),
        "body": {"B": answer.body},
        "expires_at": number(expires_at),
    }


def receipt_put(receipt: Receipt) -> Json:
    """The parts of a Put that stores a receipt where there is none, or one past its time that is not removed yet."""
    now = int(time.time())
    return {
        "Item": receipt_item(receipt, now + KEPT_SECONDS),
        "ConditionExpression": "attribute_not_exists(#key) OR expires_at <= :now",
        "ExpressionAttributeNames": {"#key": "key"},
        "ExpressionAttributeValues": {":now": number(now)},
    }


def receipt_of(item: Mapping[str, Any]) -> Receipt | None:
    """The receipt in an item; None where it is past its time."""
    if int(item["expires_at"]["N"]) <= time.time():
        return None
    headers = tuple((name, value) for name, value in orjson.loads(item["headers"]["S"]))
    answer = StoredAnswer(int(item["status"]["N"]), headers, bytes(item["body"]["B"]))
    return Receipt(item["key"]["S"].removeprefix("receipt#"), item["fingerprint"]["S"], answer)


def head_of(item: Mapping[str, Any]) -> Head:
    """The head in a history's item 0."""
    values = plain(item)
    return Head(values["last_seq"], values.get("epoch", ""))


def assignments(values: Mapping[str, str | int]) -> Json:
    """The parts of an UpdateItem that sets ``values`` and leaves every other attribute alone."""
    return {
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": {f":{name}": attribute(value) for name, value in values.items()},
    }


def still_at_version(version: int) -> tuple[str, Item]:
    """The condition, and its values, that an item exists at ``version``; items of earlier versions have none and count as 1."""
    at_version = "version = :seen_version"
    if version == 1:
        at_version = f"attribute_exists(id) AND (attribute_not_exists(version) OR {at_version})"
    return at_version, {":seen_version": number(version)}
