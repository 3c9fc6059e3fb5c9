"""All histories' heads as they stood at one moment.

TransactGetItems reads up to 100 items at one moment, whatever is written meanwhile (developer guide, "DynamoDB
transactions: how it works"). Of more histories than that, readings are repeated until two that follow on one another
agree: numbers only grow, so nothing happened between the two.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, DepartmentList, Head
from calendar_server.errors import StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, backoff, error_code
from calendar_server.store.dynamodb.items import HEAD_SEQ, change_key, head_of
from calendar_server.store.dynamodb.patience import is_throttled
from calendar_server.store.dynamodb.reading import NO_HEAD, Reads

HISTORIES_AT_ONCE = 100
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Cut:
    """The departments and the heads of their histories at one moment."""

    departments: DepartmentList
    heads: dict[str, Head]

    def head(self, history: str) -> Head | None:
        """None where there was no such history."""
        return self.departments.head if history == DEPARTMENTS_HISTORY else self.heads.get(history)

    def known_head(self, history: str) -> Head:
        """The head of one of :meth:`histories`."""
        head = self.head(history)
        assert head is not None, "a cut has the heads of its histories"
        return head

    def histories(self) -> list[str]:
        """The departments' and their list's."""
        return [DEPARTMENTS_HISTORY, *self.heads]


class Cuts:
    """Takes cuts through the histories in ``changes_table``."""

    def __init__(self, connection: Connection, changes_table: str, reads: Reads) -> None:
        self._connection = connection
        self._table = changes_table
        self._reads = reads

    def take(self) -> Cut:
        """:raises StoreUnavailable: too much is being written to see all histories at one moment."""
        pauses = backoff(SECONDS)
        while True:
            try:
                found = self._try()
            except StoreUnavailable as error:
                if not is_throttled(error):
                    raise
                found = None
            if found is not None:
                return found
            next(pauses)

    def _try(self) -> Cut | None:
        """None where something was written meanwhile."""
        listed = self._reads.departments()
        ids = [department.id for department in listed.departments]
        heads = self._at_one_moment([DEPARTMENTS_HISTORY, *ids])
        if heads is None or heads.get(DEPARTMENTS_HISTORY, NO_HEAD) != listed.head:
            return None
        return Cut(listed, {each: heads.get(each, NO_HEAD) for each in ids})

    def _at_one_moment(self, histories: Collection[str]) -> dict[str, Head] | None:
        if len(histories) > HISTORIES_AT_ONCE:
            first, second = self._reads.heads(histories), self._reads.heads(histories)
            return second if first == second else None
        gets = [{"Get": {"TableName": self._table, "Key": change_key(each, HEAD_SEQ)}} for each in histories]
        try:
            answer = self._connection.call("transact_get_items", TransactItems=gets)
        except StoreUnavailable as error:
            if error_code(error.__cause__) == "TransactionCanceledException":  # a write to one of them was under way
                return None
            raise
        items = [response["Item"] for response in answer["Responses"] if response.get("Item")]
        return {item["history"]["S"]: head_of(item) for item in items if "ended" not in item}
