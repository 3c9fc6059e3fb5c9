"""The tables of the CloudFormation template: the schema of ``create_tables()``, kept safe, cheap or provisioned."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from typing import Any

import pytest
from deploy.hosted import BIN
from deploy.stack_template import TEMPLATE, Stack, loaded
from doubles import FAKE_CREDENTIALS, made_database
from moto import mock_aws

from calendar_server.config import Settings
from calendar_server.store.dynamodb.schema import Schema

INLINE_LIMIT_BYTES = 51_200
"""What CloudFormation takes without a bucket.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
Json = dict[str, Any]


def described_tables(billing_mode: str) -> dict[str, Json]:
    """The tables that ``create_tables()`` makes, as DynamoDB describes them, by their variables."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name, value in FAKE_CREDENTIALS.items():
            environment.setenv(name, value)
        environment.setattr(
            "doubles.TABLE_NAMES.settings",
            lambda _endpoint: Settings(store="dynamodb", aws_region="ap-northeast-2", billing_mode=billing_mode),  # type: ignore[arg-type]
        )
        database = made_database()
        client = database.connection.client
        found = {}
        for table in database.schema.tables:
            described = client.describe_table(TableName=table.name)["Table"]
            expiry = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
            found[table.variable] = {**described, "expiry": expiry.get("AttributeName")}
        database.close()
        return found


def schema_of(table: Json) -> Json:
    """What must be equal in a description and in the template's properties, in one order."""
    return {
        "name": table["TableName"],
        "keys": table["KeySchema"],
        "attributes": sorted(table["AttributeDefinitions"], key=lambda each: str(each["AttributeName"])),
        "units": units_of(table),
        "indexes": {
            index["IndexName"]: (index["KeySchema"], index["Projection"], units_of(index))
            for index in table.get("GlobalSecondaryIndexes", [])
        },
        "expiry": table.get("expiry") or table.get("TimeToLiveSpecification", {}).get("AttributeName"),
    }


def units_of(table: Json) -> tuple[int, int] | None:
    provisioned = table.get("ProvisionedThroughput") or {}
    units = provisioned.get("ReadCapacityUnits", 0), provisioned.get("WriteCapacityUnits", 0)
    return units if any(units) else None


def tables_of(stack: Stack) -> dict[str, Json]:
    """The stack's tables by the variables that its outputs name."""
    resources = stack.of_type("AWS::DynamoDB::Table")
    names = {
        each["Value"]: each["Description"] for each in stack.outputs.values() if "_TABLE" in each.get("Description", "")
    }
    return {names[table["TableName"]]: table for table in resources.values()}


def test_cfn_lint_finds_nothing() -> None:
    command = [str(BIN / "cfn-lint"), "--include-checks", "I", "--", str(TEMPLATE)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_it_needs_no_bucket() -> None:
    assert len(TEMPLATE.read_bytes()) <= INLINE_LIMIT_BYTES


@pytest.mark.parametrize(("billing", "mode"), [("PAY_PER_REQUEST", "on-demand"), ("PROVISIONED", "provisioned")])
def test_the_tables_are_those_of_create_tables_key_by_key(billing: str, mode: str) -> None:
    made = {variable: schema_of(table) for variable, table in described_tables(mode).items()}
    stack = {variable: schema_of(table) for variable, table in tables_of(Stack(Billing=billing)).items()}
    assert stack == made
    assert len(made) == 4


def test_the_prefix_stands_before_every_name_and_before_nothing_else() -> None:
    settings = Settings()
    plain = {table.variable: table.name for table in Schema.named_by(settings).tables}
    named = {variable: table["TableName"] for variable, table in tables_of(Stack(Prefix="dallyeok-")).items()}
    assert named == {variable: f"dallyeok-{name}" for variable, name in plain.items()}


def test_rows_expire_where_the_schema_says_so() -> None:
    expiring = {table.variable for table in Schema.named_by(Settings()).tables if table.expires}
    specified = {
        variable: table["TimeToLiveSpecification"]
        for variable, table in tables_of(Stack()).items()
        if "TimeToLiveSpecification" in table
    }
    assert specified == {key: {"AttributeName": "expires_at", "Enabled": True} for key in expiring}
    assert expiring == {"CHANGES_TABLE", "RECORDS_TABLE"}


def test_every_table_can_be_restored_to_a_point_in_time() -> None:
    for table in tables_of(Stack()).values():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(
    ("environment", "protected"), [("development", False), ("staging", False), ("production", True)]
)
def test_production_is_protected_from_deletion(environment: str, protected: bool) -> None:
    tables = tables_of(Stack(Environment=environment)).values()
    assert {table["DeletionProtectionEnabled"] for table in tables} == {protected}


def test_deleting_the_stack_or_replacing_a_table_keeps_the_data_and_the_log() -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup")
    kept = [each for each in loaded()["Resources"].values() if each["Type"] in kinds]
    assert len(kept) == 5
    for each in kept:
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_tables_with_indexes_are_made_one_after_the_other() -> None:
    resources = loaded()["Resources"]
    first, *others = [
        name for name, each in resources.items() if "GlobalSecondaryIndexes" in each.get("Properties", {})
    ]
    assert others
    for before, name in pairwise((first, *others)):
        assert resources[name].get("DependsOn") == before


def test_tables_are_encrypted_with_the_key_that_is_given() -> None:
    assert all("SSESpecification" not in table for table in tables_of(Stack()).values()), "the key that AWS owns"
    for table in tables_of(Stack(KmsKeyArn=KEY)).values():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}


def test_tables_and_log_carry_their_tags() -> None:
    stack = Stack(Environment="staging")
    tagged = [*stack.of_type("AWS::DynamoDB::Table").values(), *stack.of_type("AWS::Logs::LogGroup").values()]
    assert len(tagged) == 5
    for each in tagged:
        assert {tag["Key"]: tag["Value"] for tag in each["Tags"]} == {"Environment": "staging", "Service": "dallyeok"}


@pytest.mark.parametrize(
    ("name", "value", "admitted"),
    [
        ("Prefix", "", True),
        ("Prefix", "dallyeok-prod_1.", True),
        ("Prefix", "my calendar-", False),
        ("KmsKeyArn", "", True),
        ("KmsKeyArn", KEY, True),
        ("KmsKeyArn", "alias/calendar", False),
        ("AlarmTopicArn", "arn:aws:sns:ap-northeast-2:123456789012:alarms", True),
        ("AlarmTopicArn", "alarms", False),
    ],
)
def test_a_parameter_of_another_form_is_refused_before_anything_is_made(name: str, value: str, admitted: bool) -> None:
    # The doubles pay no heed to patterns.
    assert bool(re.fullmatch(loaded()["Parameters"][name]["AllowedPattern"], value)) is admitted


@pytest.mark.parametrize("table_class", ["STANDARD", "STANDARD_INFREQUENT_ACCESS"])
def test_the_table_class_can_be_chosen(table_class: str) -> None:
    tables = tables_of(Stack(TableClass=table_class)).values()
    assert {table["TableClass"] for table in tables} == {table_class}


def test_on_demand_provisions_nothing() -> None:
    stack = Stack()
    assert {table["BillingMode"] for table in tables_of(stack).values()} == {"PAY_PER_REQUEST"}
    assert stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget") == {}
    assert stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy") == {}


def scaled_units(stack: Stack) -> dict[tuple[str, str], tuple[int, int]]:
    targets = stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
    return {
        (each["ResourceId"], each["ScalableDimension"]): (int(each["MinCapacity"]), int(each["MaxCapacity"]))
        for each in targets
    }


def test_whatever_is_provisioned_scales_from_what_it_starts_with_up_to_the_maximum() -> None:
    stack = Stack(Billing="PROVISIONED", MinimumCapacity="20", MaximumCapacity="800")
    scaled = scaled_units(stack)
    expected = {}
    for table in tables_of(stack).values():
        places = [("table", f"table/{table['TableName']}", table)]
        for index in table.get("GlobalSecondaryIndexes", []):
            places.append(("index", f"table/{table['TableName']}/index/{index['IndexName']}", index))
        for kind, resource, place in places:
            for way in ("Read", "Write"):
                lowest = int(place["ProvisionedThroughput"][f"{way}CapacityUnits"])
                expected[(resource, f"dynamodb:{kind}:{way}CapacityUnits")] = (lowest, 800)
    del expected[("table/departments/index/name-index", "dynamodb:index:ReadCapacityUnits")]  # nothing reads it
    assert scaled == expected


def test_every_target_has_one_policy_that_measures_what_it_scales() -> None:
    stack = Stack(Billing="PROVISIONED")
    targets = stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    policies = stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    assert sorted(policy["ScalingTargetId"] for policy in policies) == sorted(targets)
    for policy in policies:
        way = "Read" if "Read" in targets[policy["ScalingTargetId"]]["ScalableDimension"] else "Write"
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
        assert (metric, tracking["TargetValue"]) == (f"DynamoDB{way}CapacityUtilization", 70)


def test_every_tables_name_and_arn_is_exported() -> None:
    outputs = Stack(Prefix="dallyeok-").outputs
    exports = {each["Export"]["Name"]: each["Value"] for each in outputs.values()}
    assert len(exports) == len(outputs), "every export has a name of its own"
    for name in ("Departments", "Events", "Changes", "Records"):
        table = exports[f"dallyeok-development-{name}TableName"]
        assert table.startswith("dallyeok-")
        assert exports[f"dallyeok-development-{name}TableArn"].endswith(f":table/{table}")
    assert exports["dallyeok-development-ServerPolicyArn"] == "ServerPolicy"
    assert exports["dallyeok-development-LogGroupName"] == "dallyeok-development"
