"""Faults between the store and DynamoDB: throttling, timeouts, conflicts, lost answers, stale indexes.

Each waits for the next request of one operation. What a fault answers is made here; the double never sees the request,
except for a lost answer, where it does and only the client does not hear of it.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from models import DynamoDBDatabase

Fault = Callable[[dict[str, Any]], Any]
"""Takes the request's parameters; returns an answer, raises, or returns None to let the request pass."""


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_options: Any) -> list[bytes]:
        return [self._content]

    def read(self, *_size: Any) -> bytes:
        return self._content


def answer(status: int, body: dict[str, Any]) -> AWSResponse:
    """An HTTP answer of DynamoDB."""
    content = json.dumps(body).encode()
    return AWSResponse("http://127.0.0.1", status, {"content-type": "application/x-amz-json-1.0"}, _Body(content))


def failing(code: str, message: str = "injected", status: int = 400, **more: Any) -> Fault:
    """An error answer."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, "Message": message, **more}
    return lambda _parameters: answer(status, body)


def cancelled(*codes: str) -> Fault:
    """A cancelled transaction with a reason for each action; the last code stands for all further actions."""

    def fault(parameters: dict[str, Any]) -> AWSResponse:
        count = len(parameters["TransactItems"])
        reasons = [{"Code": code} for code in [*codes, *[codes[-1]] * count][:count]]
        return failing("TransactionCanceledException", CancellationReasons=reasons)(parameters)

    return fault


def timeout(_parameters: dict[str, Any]) -> None:
    """The request never arrives."""
    raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


class Faults:
    """Faults for one database, by operation in the API's spelling (``TransactWriteItems``)."""

    def __init__(self, database: DynamoDBDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._lost: dict[str, int] = defaultdict(int)
        self.seen: dict[str, int] = defaultdict(int)
        client = database.connection.client
        client.meta.events.register_first("before-send.dynamodb", self._before_send)
        send = client._endpoint.http_session.send

        def send_and_lose(request: Any) -> Any:
            response = send(request)
            if self._lost[_operation(request)] > 0:
                self._lost[_operation(request)] -= 1
                raise ReadTimeoutError(endpoint_url="http://127.0.0.1")
            return response

        monkeypatch.setattr(client._endpoint.http_session, "send", send_and_lose)
        monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))

    def next(self, operation: str, *faults: Fault) -> None:
        """The next requests of ``operation`` meet ``faults``, one each."""
        self._waiting[operation].extend(faults)

    def always(self, operation: str, fault: Fault | None) -> None:
        """Every request of ``operation`` meets ``fault``; None ends it."""
        if fault is None:
            self._always.pop(operation, None)
        else:
            self._always[operation] = fault

    def lose_answers(self, operation: str, count: int) -> None:
        """The next requests of ``operation`` are carried out, and their answers lost."""
        self._lost[operation] = count

    def _before_send(self, request: Any, **_context: Any) -> Any:
        operation = _operation(request)
        self.seen[operation] += 1
        parameters = json.loads(request.body)
        if self._waiting[operation]:
            return self._waiting[operation].popleft()(parameters)
        if operation in self._always:
            return self._always[operation](parameters)
        return None


def _operation(request: Any) -> str:
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else str(target)).rsplit(".", 1)[-1]
