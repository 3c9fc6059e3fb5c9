"""The one seam to AWS: builds the boto3 client, makes every call, and says in our errors what went wrong.

Reads and single writes are retried by botocore (standard mode); transactions are sent once per call and judged by
``transactions.py``, because only it can tell whether a lost answer was a success.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from calendar_server import measures
from calendar_server.config import Settings
from calendar_server.errors import CalendarError, StoreUnavailable, StoreUnusable

Json = dict[str, Any]

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 4
ATTEMPTS = 4
CONNECTIONS = 64

CREATE_TABLES_COMMAND = 'python -c "from models import DynamoDBDatabase; db = DynamoDBDatabase(); db.create_tables()"'
CREDENTIALS_WRONG = (
    "✗ DynamoDB 연결 실패: 자격증명 오류. .env의 AWS_ACCESS_KEY_ID와 AWS_SECRET_ACCESS_KEY가 올바른지 확인하거나, "
    "AWS 안에서는 인스턴스 역할을 연결하세요({reason}). / Credentials are missing or wrong: check AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY in .env, or give the instance a role."
)
REGION_MISSING = (
    "✗ DynamoDB 연결 실패: 리전이 없거나 올바르지 않습니다. .env에 AWS_REGION=ap-northeast-2처럼 지정하세요. / "
    "The region is missing or wrong: put for example AWS_REGION=ap-northeast-2 into .env."
)
UNREACHABLE = (
    "✗ DynamoDB 연결 실패: {endpoint}에 접속할 수 없습니다. AWS_REGION, DYNAMODB_ENDPOINT_URL과 네트워크를 확인하세요. / "
    "The address cannot be reached: check AWS_REGION, DYNAMODB_ENDPOINT_URL and the network."
)
PERMISSION_MISSING = (
    "✗ DynamoDB 연결 실패: 권한 부족({action}). 서버가 쓰는 IAM 정책에 이 작업을 허용하세요. / "
    "Permission missing: allow {action} in the IAM policy that the server runs with."
)
TABLE_MISSING = (
    "'{table}' 테이블이 없습니다. 다음 명령으로 만드세요: " + CREATE_TABLES_COMMAND + " / "
    "Table '{table}' does not exist: create it with the command above."
)

_CREDENTIAL_CODES = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "ExpiredToken",
        "ExpiredTokenException",
    }
)
_PERMISSION_CODES = frozenset({"AccessDeniedException", "AccessDenied", "NotAuthorized"})
_ACTION = re.compile(r"perform: (\S+)")


class Connection:
    """Calls to DynamoDB by the names of its API's operations. The client is built at the first call, once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The boto3 client. :raises StoreUnusable: no region, or no such profile."""
        with self._guard:
            if self._client is None:
                try:
                    self._client = self._build()
                except BotoCoreError as error:
                    raise translated(error, "") from error
            return self._client

    def _build(self) -> Any:
        settings = self._settings
        local: Json = (
            {"aws_access_key_id": "local", "aws_secret_access_key": "local"} if settings.local_credentials else {}
        )
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            parameter_validation=False,  # a sixth of a call's CPU; every parameter here is our own
            user_agent="dallyeok",
        )
        return boto3.Session(**local).client(
            "dynamodb", region_name=settings.aws_region, endpoint_url=settings.dynamodb_endpoint_url, config=config
        )

    def close(self) -> None:
        """Give back the client's connections."""
        with self._guard:
            if self._client is not None:
                self._client.close()
                self._client = None

    def call(self, operation: str, **parameters: Any) -> Json:
        """The answer to ``operation`` (``get_item``, ``query``, ...).

        :raises StoreUnusable: credentials, permissions or the table are missing.
        :raises StoreUnavailable: throttled, timed out, or anything else that may pass.
        """
        try:
            answer: Json = getattr(self.client, operation)(**parameters)
        except (BotoCoreError, ClientError) as error:
            _count_failure(error)
            if isinstance(error, NoCredentialsError):
                self.close()  # a client that was built without credentials never looks for them again
            raise translated(error, parameters.get("TableName", "")) from error
        _count_retries(answer)
        return answer

    def pages(self, operation: str, **parameters: Any) -> Iterator[Json]:
        """All pages of a query or scan, following ``LastEvaluatedKey``."""
        while True:
            page = self.call(operation, **parameters)
            yield page
            if not page.get("LastEvaluatedKey"):
                return
            parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def get_batch(self, table: str, keys: list[Json]) -> list[Json]:
        """The items of up to 100 ``keys``, read strongly consistently, asking again for those that are not answered."""
        pauses = backoff(READ_TIMEOUT_SECONDS)
        found: list[Json] = []
        while keys:
            answer = self.call("batch_get_item", RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
            found += answer["Responses"].get(table, [])
            keys = (answer.get("UnprocessedKeys") or {}).get(table, {}).get("Keys", [])
            if keys:
                measures.store_retries.labels("unprocessed").inc()
                next(pauses)
        return found

    def write_batch(self, table: str, requests: list[Json], deadline_seconds: float = 30.0) -> None:
        """All ``requests`` of a BatchWriteItem, 25 at a time, sending again what comes back as unprocessed.

        :raises StoreUnavailable: some were still unprocessed at the deadline.
        """
        pauses = backoff(deadline_seconds)
        waiting = list(requests)
        while waiting:
            batch, waiting = waiting[:25], waiting[25:]
            unprocessed = self.call("batch_write_item", RequestItems={table: batch}).get("UnprocessedItems") or {}
            if left := unprocessed.get(table):
                waiting = left + waiting
                measures.store_retries.labels("unprocessed").inc()
                next(pauses)


def backoff(deadline_seconds: float) -> Iterator[None]:
    """Sleep a little longer each time it is asked, with jitter.

    :raises StoreUnavailable: asked after the deadline.
    """
    deadline = time.monotonic() + deadline_seconds
    longest = 0.02
    while time.monotonic() < deadline:
        time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 - jitter, not a secret
        longest = min(longest * 2, 1.0)
        yield
    raise StoreUnavailable("DynamoDB did not take the request in time", retry_after_seconds=2)


def _count_retries(answer: Json, cause: str = "passing") -> None:
    """What botocore had to send again."""
    retries = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    if retries:
        measures.store_retries.labels(cause).inc(retries)


def _count_failure(error: BotoCoreError | ClientError) -> None:
    """A call that failed had been sent again before, unless the failure is final. Errors without an answer (timeouts, lost
    connections) do not say how often; botocore has then used up its attempts.
    """
    if isinstance(error, ClientError):
        _count_retries(dict(error.response), cause_of(error))
    elif isinstance(error, HTTPClientError):
        measures.store_retries.labels("no_answer").inc(ATTEMPTS - 1)


def cause_of(error: BotoCoreError | ClientError) -> str:
    """Why a request is sent again: throttled, conflict, no_answer or failed."""
    if not isinstance(error, ClientError):
        return "no_answer"
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {error_code(error), *(str(reason.get("Code")) for reason in reasons)}
    if any("Throttl" in code or "Exceeded" in code for code in codes):
        return "throttled"
    return "conflict" if any("Conflict" in code for code in codes) else "failed"


def translated(error: BotoCoreError | ClientError, table: str) -> CalendarError:
    """What botocore reports, in the words of the store contract."""
    if isinstance(error, ClientError):
        return _from_answer(error, table)
    if isinstance(error, (NoCredentialsError, PartialCredentialsError, ProfileNotFound)):
        return StoreUnusable([CREDENTIALS_WRONG.format(reason=error)])
    if isinstance(error, (NoRegionError, InvalidRegionError)):
        return StoreUnusable([REGION_MISSING])
    if isinstance(error, EndpointConnectionError):
        return StoreUnavailable(UNREACHABLE.format(endpoint=error.kwargs.get("endpoint_url", "DynamoDB")))
    return StoreUnavailable(f"DynamoDB: {error}")


def _from_answer(error: ClientError, table: str) -> CalendarError:
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code == "ResourceNotFoundException":
        return StoreUnusable([TABLE_MISSING.format(table=table or "?")])
    if code in _CREDENTIAL_CODES:
        return StoreUnusable([CREDENTIALS_WRONG.format(reason=code)])
    if code in _PERMISSION_CODES:
        action = _ACTION.search(message)
        return StoreUnusable([PERMISSION_MISSING.format(action=action[1] if action else message)])
    return StoreUnavailable(f"DynamoDB: {code}: {message}")


def error_code(error: BaseException | None) -> str:
    """The code of a DynamoDB error answer; empty where it is something else."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
