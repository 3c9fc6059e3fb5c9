"""A DynamoDB double with the product's tables under their own names and the examples', and a trusted certificate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from deploy.deploying import SERVICES, Deployment, for_the_double
from deploy.hosted import SECRET_KEY, Certificates, code_in, on_this_machine, started, trust
from deploy.hosting_files import image_command, image_files, unit_environment
from doubles import FAKE_CREDENTIALS, free_port, ministack_server

from calendar_server.config import Settings
from models import DynamoDBDatabase

pytest.register_assert_rewrite("deploy.conversing")


def names_in_the_examples() -> dict[str, Any]:
    return {name.lower(): value for name, value in unit_environment().items() if name.endswith("_TABLE")}


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What stands for AWS and for the instance's role: an address, and credentials that the files do not hold."""
    with ministack_server(tmp_path_factory.mktemp("aws")) as endpoint:
        settings = Settings(
            store="dynamodb", aws_region="ap-northeast-2", dynamodb_endpoint_url=endpoint, local_credentials=True
        )
        for names in ({}, names_in_the_examples()):
            database = DynamoDBDatabase(replace(settings, **names))
            database.create_tables(report=lambda _line: None)
            database.close()
        yield {**FAKE_CREDENTIALS, "DYNAMODB_ENDPOINT_URL": endpoint}


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """A certificate for calendar.example.com, which leads to this machine and is trusted for the test."""
    made = Certificates(tmp_path)
    trust(monkeypatch, made)
    return made


@pytest.fixture
def complete_calls(request: pytest.FixtureRequest) -> None:
    """Skips unless all tests of the store and of backups are part of this run, so that no call is missing."""
    wanted = {path for room in ("store", "backup") for path in (Path(__file__).parents[1] / room).glob("test_*.py")}
    if not wanted <= {item.path for item in request.session.items}:
        pytest.skip("not all tests of tests/store and tests/backup were chosen: the calls are not complete")


@pytest.fixture(scope="module")
def printed_lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The log of a server in production that has given answers of every kind."""
    folder = tmp_path_factory.mktemp("printed")
    port = free_port()
    environ = {
        **FAKE_CREDENTIALS,
        "PORT": str(port),
        "FLASK_ENV": "production",
        "SECRET_KEY": SECRET_KEY,
        "STORE": "dynamodb",
        "AWS_REGION": "ap-northeast-2",
        "DYNAMODB_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",  # nobody listens: /readyz answers 503
    }
    with started(on_this_machine(image_command()), environ, code_in(folder / "code", image_files()), port) as server:
        for path in ("/healthz", "/api/nothing", "/readyz"):
            requests.get(server.url + path, timeout=20)
        server.terminate()
        return [line for line in server.log.splitlines() if line.startswith("{")]


@pytest.fixture
def printed_request(printed_lines: list[str]) -> dict[int, str]:
    """A line for an answer of each status, as the server prints it."""
    found = {json.loads(line).get("status"): line for line in printed_lines}
    return {status: line for status, line in found.items() if status}


@pytest.fixture
def printed_start(printed_lines: list[str]) -> str:
    """A line that tells of no answer."""
    return next(line for line in printed_lines if "status" not in json.loads(line))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An account in which nothing has been deployed yet."""
    folder = tmp_path_factory.mktemp("account")
    with ministack_server(folder, SERVICES) as endpoint:
        yield Deployment(for_the_double(folder / "aws"), endpoint)
