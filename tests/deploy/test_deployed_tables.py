"""A server on the tables of a stack that the script has made, in production, with what the stack's outputs say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from deploy.conversing import converse
from deploy.deploying import AUTO_SCALING, UNKNOWN_TO_THE_DOUBLE, Deployment, for_the_double
from deploy.hosted import SECRET_KEY, code_in, on_port, started
from deploy.hosting_files import image_command, image_files
from deploy.stack_template import Stack
from doubles import FAKE_CREDENTIALS, free_port
from functional.serving import Server

from models import DynamoDBDatabase

STACK = "dallyeok-production"


@pytest.fixture(scope="module")
def production(deployment: Deployment) -> Deployment:
    """The stack of an installation in production."""
    made = deployment.run("--environment", "production", "--prefix", "dallyeok-")
    assert made.returncode == 0, made.stderr
    return deployment


@pytest.fixture
def server(production: Deployment, tmp_path: Path) -> Iterator[Server]:
    tables = {each["Description"]: each["OutputValue"] for each in production.outputs(STACK).values()}
    environ = {
        **FAKE_CREDENTIALS,
        **{name: value for name, value in tables.items() if name.endswith("_TABLE")},
        "FLASK_ENV": "production",
        "SECRET_KEY": SECRET_KEY,
        "STORE": "dynamodb",
        "AWS_REGION": "ap-northeast-2",
        "DYNAMODB_ENDPOINT_URL": production.endpoint,
    }
    port = free_port()
    with started(on_port(image_command(), port), environ, code_in(tmp_path / "code", image_files()), port) as running:
        yield running


def test_the_server_works_on_the_tables_that_the_template_made(server: Server) -> None:
    assert requests.get(f"{server.url}/readyz", timeout=10).json() == {"success": True, "status": "ok"}
    converse(server)
    assert "Traceback" not in server.log


def test_create_tables_finds_everything_there(production: Deployment) -> None:
    database = DynamoDBDatabase(production.settings(STACK))
    lines: list[str] = []
    database.create_tables(report=lines.append)
    database.close()
    assert len(lines) == 4
    assert all("준비됨" in line for line in lines), lines


def test_every_alarm_and_every_export_of_the_template_exists(production: Deployment) -> None:
    stack = Stack(STACK, Environment="production", Prefix="dallyeok-")
    wanted = {alarm["AlarmName"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}
    assert set(thresholds(production, STACK)) == wanted
    exports = {each["ExportName"]: each["OutputValue"] for each in production.outputs(STACK).values()}
    assert set(exports) == {each["Export"]["Name"] for each in stack.outputs.values()}
    assert exports[f"{STACK}-EventsTableName"] == "dallyeok-events"
    policy = production.client("iam").get_policy(PolicyArn=exports[f"{STACK}-ServerPolicyArn"])["Policy"]
    assert policy["AttachmentCount"] == 0


def thresholds(account: Deployment, stack: str) -> dict[str, float]:
    """Of the alarms that ``stack`` has made."""
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {each["AlarmName"]: each["Threshold"] for each in alarms if each["AlarmName"].startswith(f"{stack}-")}


def test_provisioned_tables_have_their_capacity_and_alarms_on_it(production: Deployment, tmp_path: Path) -> None:
    script = for_the_double(tmp_path / "aws", (*UNKNOWN_TO_THE_DOUBLE, *AUTO_SCALING))
    account = Deployment(script, production.endpoint)
    capacity = {"MinimumCapacity": "20", "MaximumCapacity": "800"}
    flags = ("--environment", "staging", "--prefix", "units-", "--billing", "PROVISIONED")
    made = account.run(*flags, *(f"{name}={value}" for name, value in capacity.items()))
    assert made.returncode == 0, made.stderr
    table = account.client("dynamodb").describe_table(TableName="units-events")["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    for place in (table, index):
        units = place["ProvisionedThroughput"]
        assert {int(units[f"{way}CapacityUnits"]) for way in ("Read", "Write")} == {20}
    stack = Stack("units-staging", Environment="staging", Prefix="units-", Billing="PROVISIONED", **capacity)
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    assert thresholds(account, "units-staging") == {each["AlarmName"]: float(each["Threshold"]) for each in alarms}


def test_the_made_tables_are_protected_and_billed_on_demand(production: Deployment) -> None:
    client = production.client("dynamodb")
    for name in ("dallyeok-departments", "dallyeok-events", "dallyeok-calendar-changes", "dallyeok-calendar-records"):
        table = client.describe_table(TableName=name)["Table"]
        assert table["DeletionProtectionEnabled"] is True
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
