"""The messages that an administrator may meet, each brought about here as it comes about in operation."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError
from deploy.hosted import BIN, SECRET_KEY, code_in, surroundings
from deploy.hosting_files import image_files
from flask import Flask
from flask.testing import FlaskClient

from calendar_server import api
from calendar_server.config import AWS_CREDENTIAL_VARIABLES, Settings
from calendar_server.errors import CalendarError, SetupError
from calendar_server.services.calendar import Calendar
from calendar_server.services.editing import announce_to_nobody
from calendar_server.store.dynamodb.connection import translated
from calendar_server.store.dynamodb.tables import INDEX_MISSING, NOT_ACTIVE
from calendar_server.store.embedded import EmbeddedStore
from calendar_server.wire.gate import Gate
from models import DynamoDBDatabase

SEOUL = "ap-northeast-2"
PRODUCTION = {"FLASK_ENV": "production", "SECRET_KEY": SECRET_KEY, "STORE": "dynamodb"}
THROTTLED = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
    "provisioning level with the UpdateTable API."
)
IN_USE = "Attempt to change a resource which is still in use: Table is being updated: events"
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/dallyeok-server/i-0123456789abcdef0 is not authorized to perform: "
    "dynamodb:UpdateItem on resource: arn:aws:dynamodb:ap-northeast-2:123456789012:table/events"
)


def told(attempt: Callable[[], Any]) -> str:
    """What the error says that ``attempt`` ends with."""
    with pytest.raises(CalendarError) as caught:
        attempt()
    error = caught.value
    return "\n".join(error.problems) if isinstance(error, SetupError) else str(error)


def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name in (*AWS_CREDENTIAL_VARIABLES, "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return told(DynamoDBDatabase(Settings(store="dynamodb", aws_region=SEOUL)).check)


def no_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return told(DynamoDBDatabase(Settings(store="dynamodb")).check)


def unreachable() -> str:
    error = EndpointConnectionError(endpoint_url=f"https://dynamodb.{SEOUL}.amazonaws.com/")
    return str(translated(error, ""))


def no_table(endpoint: str) -> str:
    settings = Settings(store="dynamodb", aws_region=SEOUL, dynamodb_endpoint_url=endpoint, events_table="missing")
    return told(DynamoDBDatabase(settings).check).replace("'missing'", "'dallyeok-events'")


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_options: Any) -> Any:
        yield self._content


def answered(endpoint: str, code: str, message: str) -> str:
    """What becomes of DynamoDB's answer ``code``, which is given to every call."""
    database = DynamoDBDatabase(Settings(store="dynamodb", aws_region=SEOUL, dynamodb_endpoint_url=endpoint))
    content = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}).encode()

    def answer(request: Any, **_details: Any) -> AWSResponse:
        return AWSResponse(request.url, 400, {}, _Body(content))

    database.connection.client.meta.events.register("before-send.dynamodb", answer)
    try:
        return told(database.list_departments)
    finally:
        database.close()


def setting(**changes: str) -> str:
    """What a server in production says of its settings."""
    return told(lambda: Settings.from_env({**PRODUCTION, **changes}))


def foreign_file(tmp_path: Path) -> str:
    path = tmp_path / "foreign.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (text)")
    db.close()
    return told(lambda: EmbeddedStore(path)).replace(str(path), "/var/lib/dallyeok/calendar.sqlite3")


def newer_file(tmp_path: Path) -> str:
    path = tmp_path / "newer.sqlite3"
    EmbeddedStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    return told(lambda: EmbeddedStore(path)).replace(str(path), "/var/lib/dallyeok/calendar.sqlite3")


def client(store: EmbeddedStore, secret_key: str) -> FlaskClient:
    """The REST edge behind its gate, in production."""
    app = Flask("calendar_server")
    api.register(app, Calendar(store, announce_to_nobody, secret_key))
    app.wsgi_app = Gate(app.wsgi_app, Settings(production=True, secret_key=secret_key))  # type: ignore[method-assign]
    return app.test_client()


def another_key(store: EmbeddedStore) -> str:
    """The answer to a cursor that was signed with another SECRET_KEY."""
    first, second = client(store, SECRET_KEY), client(store, SECRET_KEY[::-1])
    cursor = first.get("/api/sync/departments").get_json()["cursor"]
    return second.get("/api/sync/departments", query_string={"cursor": cursor}).get_data(as_text=True).strip()


def refused(store: EmbeddedStore, path: str, **headers: str) -> str:
    """The answer to a request that the gate does not let in."""
    return client(store, SECRET_KEY).get(path, headers=headers).get_data(as_text=True).strip()


def port_in_use(tmp_path: Path) -> str:
    """What gunicorn says first where another process listens already."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [
            str(BIN / "gunicorn"),
            "--worker-class",
            "eventlet",
            "-w",
            "1",
            "app:app",
            "--bind",
            f"127.0.0.1:{port}",
        ]
        process = subprocess.Popen(
            command,
            cwd=code_in(tmp_path / "code", image_files()),
            env=surroundings({"STORE": "embedded"}),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        line = next((line for line in process.stderr if "in use" in line), "")
        process.kill()
        process.communicate()
    return line.rpartition("] ")[2].strip().replace(str(port), "8000")


def of_settings_and_clients(store: EmbeddedStore) -> dict[str, str]:
    """What is wrong with the settings, and with what clients send."""
    socket_path = "/socket.io/?EIO=4&transport=polling"
    return {
        "no secret": setting(SECRET_KEY=""),
        "short secret": setting(SECRET_KEY="short"),
        "no store": setting(STORE=""),
        "another secret": another_key(store),
        "unknown host": refused(store, "/api/departments", Host="calendar.example.com"),
        "unknown origin": refused(store, socket_path, Host="localhost", Origin="https://portal.example.com"),
    }


def of_aws(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """What goes wrong on the way to DynamoDB, and what it answers."""
    found = {
        "expired": answered(endpoint, "ExpiredTokenException", "The security token included in the request is expired"),
        "unreachable": unreachable(),
        "no permission": answered(endpoint, "AccessDeniedException", DENIED),
        "no table": no_table(endpoint),
        "no index": INDEX_MISSING.format(table="events", index="department-date-index"),
        "not active": NOT_ACTIVE.format(table="events", status="CREATING"),
        "throttled": answered(endpoint, "ProvisionedThroughputExceededException", THROTTLED),
        "in use": answered(endpoint, "ResourceInUseException", IN_USE),
    }
    with monkeypatch.context() as patch:
        found |= {"no credentials": no_credentials(patch, tmp_path), "no region": no_region(patch, tmp_path)}
    return found


def of_this_machine(tmp_path: Path) -> dict[str, str]:
    """What the host itself has against it."""
    return {"port": port_in_use(tmp_path), "foreign file": foreign_file(tmp_path), "newer file": newer_file(tmp_path)}
