"""What watches the installation: every alarm looks at a metric that exists with just these dimensions."""

from __future__ import annotations

import json
import operator
import re
from typing import Any

import pytest
from collected_calls import COLLECTED
from deploy.stack_template import Stack

TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:dallyeok-alarms"
TABLE, INDEX, OPERATION = "TableName", "GlobalSecondaryIndexName", "Operation"
PUBLISHED = {
    "ReadThrottleEvents": ((TABLE,), (TABLE, INDEX)),
    "WriteThrottleEvents": ((TABLE,), (TABLE, INDEX)),
    "ConsumedReadCapacityUnits": ((TABLE,), (TABLE, INDEX)),
    "ConsumedWriteCapacityUnits": ((TABLE,), (TABLE, INDEX)),
    "SystemErrors": ((TABLE, OPERATION),),
    "SuccessfulRequestLatency": ((TABLE, OPERATION),),
}
"""DynamoDB's metrics and the dimensions that they are published with; SystemErrors never comes with the table alone.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"""
PLACES = [
    ("departments",),
    ("departments", "name-index"),
    ("events",),
    ("events", "department-date-index"),
    ("calendar-changes",),
    ("calendar-records",),
]
SERVING = {
    "departments": ("GetItem", "Scan", "TransactWriteItems"),
    "events": ("Query", "TransactWriteItems"),
    "calendar-changes": ("BatchGetItem", "GetItem", "Query", "TransactWriteItems"),
    "calendar-records": ("GetItem", "TransactWriteItems"),
}
"""What reading, writing and following call."""
NOT_SERVING = {
    "departments": ("BatchWriteItem", "DeleteItem", "UpdateItem"),
    "events": ("BatchWriteItem", "DeleteItem", "Scan", "UpdateItem"),
    "calendar-changes": ("BatchWriteItem", "DeleteItem", "PutItem", "Scan", "TransactGetItems", "UpdateItem"),
    "calendar-records": ("BatchWriteItem", "PutItem", "Scan"),
}
"""What only upkeep, deletion of departments, backup, restore and migration call; an error ends the job or is logged."""
SETTING_UP = ("CreateTable", "DescribeTable", "DescribeTimeToLive", "UpdateTable", "UpdateTimeToLive")
UNREAD = ("departments", "name-index")
Json = dict[str, Any]


def dimensions(alarm: Json) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}


def dynamodb_alarms(stack: Stack, metric: str) -> list[Json]:
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    return [each for each in alarms if (each["Namespace"], each["MetricName"]) == ("AWS/DynamoDB", metric)]


@pytest.mark.parametrize("billing", ["PAY_PER_REQUEST", "PROVISIONED"])
def test_no_alarm_looks_at_a_metric_that_is_not_published(billing: str) -> None:
    stack = Stack(Billing=billing)
    tables = {table["TableName"]: table for table in stack.of_type("AWS::DynamoDB::Table").values()}
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] != "AWS/DynamoDB":
            continue
        found = dimensions(alarm)
        assert tuple(found) in PUBLISHED[alarm["MetricName"]], name
        indexes = [index["IndexName"] for index in tables[found[TABLE]].get("GlobalSecondaryIndexes", [])]
        assert found.get(INDEX, indexes and indexes[0]) in (indexes or [[]]), name


@pytest.mark.parametrize("way", ["Read", "Write"])
def test_throttling_of_every_table_and_index_is_noticed(way: str) -> None:
    alarms = dynamodb_alarms(Stack(), f"{way}ThrottleEvents")
    watched = sorted(tuple(dimensions(alarm).values()) for alarm in alarms)
    assert watched == sorted(place for place in PLACES if (way, place) != ("Read", UNREAD))
    assert {(each["Statistic"], each["Threshold"], each["ComparisonOperator"]) for each in alarms} == {
        ("Sum", 0, "GreaterThanThreshold")
    }


@pytest.mark.parametrize("way", ["Read", "Write"])
@pytest.mark.parametrize("maximum", ["10", "400", "40000"])
def test_provisioned_capacity_that_is_nearly_used_up_is_noticed(way: str, maximum: str) -> None:
    alarms = dynamodb_alarms(Stack(Billing="PROVISIONED", MaximumCapacity=maximum), f"Consumed{way}CapacityUnits")
    watched = sorted(tuple(dimensions(alarm).values()) for alarm in alarms)
    assert watched == sorted(place for place in PLACES if (way, place) != ("Read", UNREAD))
    for alarm in alarms:
        allowed_units = int(maximum) * alarm["Period"]
        assert alarm["Statistic"] == "Sum"
        assert alarm["Threshold"] == pytest.approx(0.85 * allowed_units)


def test_on_demand_there_is_no_provisioned_capacity_to_watch() -> None:
    alarms = Stack().of_type("AWS::CloudWatch::Alarm").values()
    assert [each for each in alarms if each["MetricName"].startswith("Consumed")] == []


def test_every_maximum_has_a_threshold() -> None:
    template = Stack().template
    allowed = template["Parameters"]["MaximumCapacity"]["AllowedValues"]
    assert [str(each) for each in allowed] == list(template["Mappings"]["MaximumCapacity"])


def test_errors_of_dynamodb_are_noticed_for_the_calls_that_serving_makes() -> None:
    alarms = dynamodb_alarms(Stack(), "SystemErrors")
    watched = {(dimensions(alarm)[TABLE], dimensions(alarm)[OPERATION]) for alarm in alarms}
    assert len(watched) == len(alarms)
    assert watched == pairs(SERVING)


def pairs(operations_on: dict[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    return {(table, operation) for table, operations in operations_on.items() for operation in operations}


def made_by_the_product() -> set[tuple[str, str]]:
    names = {each["Description"]: each["Value"] for each in Stack().outputs.values() if "Description" in each}
    return {(names[call.table], call.operation) for call in COLLECTED if call.table}


@pytest.mark.last
def test_every_call_is_watched_or_known_to_serve_nobody() -> None:
    unknown = made_by_the_product() - pairs(SERVING) - pairs(NOT_SERVING)
    assert {(table, operation) for table, operation in unknown if operation not in SETTING_UP} == set()


@pytest.mark.last
@pytest.mark.usefixtures("complete_calls")
def test_no_alarm_on_errors_waits_for_a_call_that_is_never_made() -> None:
    watched = {tuple(dimensions(alarm).values()) for alarm in dynamodb_alarms(Stack(), "SystemErrors")}
    assert watched - made_by_the_product() == set()


def test_errors_of_dynamodb_count_from_the_first_and_every_alarm_is_raised_by_more_of_something() -> None:
    stack = Stack(Billing="PROVISIONED")
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    assert {each["ComparisonOperator"] for each in alarms} == {"GreaterThanThreshold"}
    errors = dynamodb_alarms(stack, "SystemErrors")
    assert {(each["Statistic"], each["Threshold"]) for each in errors} == {("Sum", 0)}
    assert all(each.get("DatapointsToAlarm", 1) <= each["EvaluationPeriods"] for each in alarms)


def test_alarms_are_called_after_the_stack_and_each_differently() -> None:
    names = [
        each["AlarmName"] for each in Stack("one", Billing="PROVISIONED").of_type("AWS::CloudWatch::Alarm").values()
    ]
    assert len(names) == len(set(names))
    assert all(name.startswith("one-") for name in names)


def test_silence_is_no_alarm_and_every_alarm_tells_the_topic() -> None:
    for parameters, topics in (({"AlarmTopicArn": TOPIC}, [TOPIC]), ({}, [])):
        for alarm in Stack(Billing="PROVISIONED", **parameters).of_type("AWS::CloudWatch::Alarm").values():
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["AlarmActions"] == topics
            assert alarm["OKActions"] == topics


def matches(pattern: str, line: str) -> bool:
    """Whether a log line fits a filter pattern of the one form that the template uses.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    parts = re.fullmatch(r"\{ \$\.(\w+) (<|>=) (\d+) \}", pattern)
    assert parts, pattern
    value = json.loads(line).get(parts[1])
    compare = {"<": operator.lt, ">=": operator.ge}[parts[2]]
    return isinstance(value, int) and bool(compare(value, int(parts[3])))


@pytest.mark.parametrize(("status", "percent"), [(200, [0]), (404, [0]), (503, [100])])
def test_every_answer_in_the_log_becomes_0_or_100_percent(
    status: int, percent: list[int], printed_request: dict[int, str]
) -> None:
    filters = Stack().of_type("AWS::Logs::MetricFilter").values()
    values = [
        int(each["MetricTransformations"][0]["MetricValue"])
        for each in filters
        if matches(each["FilterPattern"], printed_request[status])
    ]
    assert values == percent


def test_a_line_that_is_no_answer_counts_for_nothing(printed_start: str) -> None:
    for each in Stack().of_type("AWS::Logs::MetricFilter").values():
        assert not matches(each["FilterPattern"], printed_start)
        assert "DefaultValue" not in each["MetricTransformations"][0], "a default would dilute the average"


def test_the_share_of_5xx_answers_is_watched_in_the_metric_that_the_filters_fill() -> None:
    stack = Stack("one", ServerErrorsPercent="2")
    filled = {
        (each["LogGroupName"], transformation["MetricNamespace"], transformation["MetricName"])
        for each in stack.of_type("AWS::Logs::MetricFilter").values()
        for transformation in each["MetricTransformations"]
    }
    (alarm,) = [each for each in stack.of_type("AWS::CloudWatch::Alarm").values() if each["Namespace"] == "one"]
    assert filled == {("one", alarm["Namespace"], alarm["MetricName"])}
    assert (alarm["Statistic"], int(alarm["Threshold"]), dimensions(alarm)) == ("Average", 2, {})


def test_where_the_log_goes_elsewhere_there_is_no_alarm_without_data() -> None:
    stack = Stack("one", AnswersInLog="false")
    assert stack.of_type("AWS::Logs::MetricFilter") == {}
    assert [each for each in stack.of_type("AWS::CloudWatch::Alarm").values() if each["Namespace"] == "one"] == []
    watched = Stack("one", AnswersInLog="true")
    assert len(watched.of_type("AWS::CloudWatch::Alarm")) == len(stack.of_type("AWS::CloudWatch::Alarm")) + 1


def test_the_log_is_kept_as_long_as_asked() -> None:
    (group,) = Stack("one", LogRetentionDays="90").of_type("AWS::Logs::LogGroup").values()
    assert (group["LogGroupName"], group["RetentionInDays"]) == ("one", "90")


def test_the_dashboard_shows_metrics_that_exist() -> None:
    stack = Stack("one", Prefix="dallyeok-")
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    tables = {table["TableName"] for table in stack.of_type("AWS::DynamoDB::Table").values()}
    shown = [metric for widget in widgets for metric in widget["properties"]["metrics"]]
    for namespace, metric, *rest in shown:
        if namespace == "one":
            assert metric == "ServerErrorsPercent"
        else:
            found = dict(zip(rest[::2], rest[1::2], strict=True))
            assert tuple(found) in PUBLISHED[metric]
            assert found[TABLE] in tables
    assert {widget["properties"]["region"] for widget in widgets} == {"ap-northeast-2"}
    assert dashboard["DashboardName"] == "one"
    assert len(shown) > 20
