"""Sends a planned transaction until its outcome is known.

DynamoDB may apply a transaction whose answer is lost, and cancels one for reasons that pass (conflict, throttling) or
do not (a condition). Which of these it was is never guessed: the change row that the transaction would have written
carries its ``commit_id``, and a strongly consistent read of that row decides.
See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_server import measures
from calendar_server.domain.changes import Change
from calendar_server.errors import CalendarError, HeadMoved, StoreUnavailable
from calendar_server.store.dynamodb.connection import Connection, Json, backoff, cause_of, error_code, translated
from calendar_server.store.dynamodb.items import change_key

COMMIT_DEADLINE_SECONDS = 12.0

_PASSING_CODES = frozenset(
    {
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "LimitExceededException",
    }
)

_PASSING_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
)

Refusal = Callable[[], CalendarError]


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a transaction. ``refusal`` gives the error that its failed condition means.

    None for the heads, whose failed condition means that somebody else was faster: plan again.
    """

    request: Json
    refusal: Refusal | None = None
    position: int | None = None
    """Which of the edits it belongs to."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A transaction and the changes that it makes; ``commit_id`` stands in each of their rows."""

    commit_id: str
    changes: list[Change]
    actions: list[Action] = field(default_factory=list)

    @property
    def tables(self) -> list[str]:
        """The tables that the actions touch."""
        return sorted({parameters["TableName"] for action in self.actions for parameters in action.request.values()})


class Transactions:
    """Commits plans. ``changes_table``: where to look for the rows of a transaction whose answer was lost."""

    def __init__(self, connection: Connection, changes_table: str) -> None:
        self._connection = connection
        self._changes_table = changes_table

    def commit(self, make_plan: Callable[[], Plan], *, plan_again: bool) -> list[Change]:
        """Commit what ``make_plan`` plans; with ``plan_again``, anew whenever a head has moved. Return the changes.

        :raises HeadMoved: a head has moved, and planning again was not asked for.
        :raises CalendarError: what a failed condition means.
        :raises StoreUnavailable: no definite outcome in time. The last plan is then stored as a whole or not at all.
        """
        pauses = backoff(COMMIT_DEADLINE_SECONDS)
        while True:
            plan = make_plan()
            if self._carry_out(plan, pauses):
                return plan.changes
            if not plan_again:
                raise HeadMoved(plan.changes[0].history)
            next(pauses)

    def _carry_out(self, plan: Plan, pauses: Iterator[None]) -> bool:
        """True when ``plan`` is committed; False when it surely is not, because a head has moved."""
        while True:
            try:
                self._connection.client.transact_write_items(
                    TransactItems=[action.request for action in plan.actions], ClientRequestToken=plan.commit_id
                )
                return True
            except (BotoCoreError, ClientError) as error:
                head_moved = _head_has_moved(error, plan)
                cause = cause_of(error)
            committed = self._is_committed(plan)
            if committed is not None:
                return committed
            if head_moved:
                return False
            measures.store_retries.labels(cause).inc()
            next(pauses)

    def _is_committed(self, plan: Plan) -> bool | None:
        """Whether the plan's first change stands in its history; None where its number is still free.

        While it is free, nobody can have moved the head, and sending the same plan again is right.
        """
        first = plan.changes[0]
        row = self._connection.call(
            "get_item",
            TableName=self._changes_table,
            Key=change_key(first.history, first.seq),
            ConsistentRead=True,
            ProjectionExpression="commit_id",
        ).get("Item")
        return None if row is None else row["commit_id"]["S"] == plan.commit_id


def _head_has_moved(error: BotoCoreError | ClientError, plan: Plan) -> bool:
    """True where the condition on a head failed; False where the outcome is unknown or the reason passes.

    :raises CalendarError: what the failure means, where it is final.
    """
    if not isinstance(error, ClientError):
        reason = translated(error, "")
        if isinstance(reason, StoreUnavailable):
            return False
        raise reason from error
    if error_code(error) == "TransactionCanceledException":
        return _head_condition_failed(error, plan)
    if error_code(error) in _PASSING_CODES or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return False
    raise translated(error, ", ".join(plan.tables)) from error


def _head_condition_failed(error: ClientError, plan: Plan) -> bool:
    """Read the CancellationReasons, which stand in the order of the actions (API reference of TransactWriteItems)."""
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    failed = [
        action
        for action, reason in zip(plan.actions, reasons, strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    if any(action.refusal is None for action in failed):
        return True
    for action in failed:
        if action.refusal is not None:
            refusal = action.refusal()
            refusal.position = action.position
            raise refusal from error
    codes = {str(reason.get("Code")) for reason in reasons} - {"None"}
    if codes <= _PASSING_REASONS:
        return False
    raise StoreUnavailable(f"DynamoDB cancelled a transaction: {', '.join(sorted(codes)) or error}") from error
