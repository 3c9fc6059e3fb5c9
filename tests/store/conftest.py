"""The stores under test: the contract's tests run unchanged on each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.deploying import SERVICES, Deployment, for_the_double
from doubles import FAKE_CREDENTIALS, answer_one_request_at_a_time, made_database, ministack_server
from moto import mock_aws

from calendar_server.config import Settings
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from models import DynamoDBDatabase


@pytest.fixture(autouse=True)
def fake_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from real AWS accounts."""
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack_server(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture
def moto_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBDatabase]:
    answer_one_request_at_a_time(monkeypatch)
    with mock_aws():
        database = made_database()
        yield database
        database.close()


@pytest.fixture
def ministack_database(ministack: str) -> Iterator[DynamoDBDatabase]:
    database = made_database(ministack)
    yield database
    database.close()


@pytest.fixture(scope="session")
def deployed_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of tables that the CloudFormation template has made, their names from the stack's outputs."""
    folder = tmp_path_factory.mktemp("stack")
    with ministack_server(folder, SERVICES) as endpoint:
        deployment = Deployment(for_the_double(folder / "aws"), endpoint)
        made = deployment.run()
        assert made.returncode == 0, made.stderr
        yield deployment.settings()


@pytest.fixture
def stack_database(deployed_settings: Settings) -> Iterator[DynamoDBDatabase]:
    """The stack's tables, empty."""
    database = DynamoDBDatabase(deployed_settings)
    yield database
    for table in database.schema.tables:
        for item in database.connection.client.scan(TableName=table.name)["Items"]:
            key = {attribute.name: item[attribute.name] for attribute in table.keys}
            database.connection.client.delete_item(TableName=table.name, Key=key)
    database.close()


@pytest.fixture(params=["embedded", "moto", "ministack", "stack"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "embedded":
        embedded = EmbeddedStore(tmp_path / "calendar.sqlite3")
        yield embedded
        embedded.close()
    else:
        yield request.getfixturevalue(f"{request.param}_database")


@pytest.fixture(params=["moto", "ministack"])
def database(request: pytest.FixtureRequest) -> DynamoDBDatabase:
    """An empty DynamoDB store on each double."""
    found: DynamoDBDatabase = request.getfixturevalue(f"{request.param}_database")
    return found
