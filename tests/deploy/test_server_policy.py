"""The server's permissions are the calls that it makes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from collected_calls import COLLECTED, SETTING_UP, Call
from deploy.stack_template import Stack

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
Allowed = set[tuple[str, str]]


def statements(stack: Stack) -> list[dict[str, Any]]:
    (policy,) = stack.of_type("AWS::IAM::ManagedPolicy").values()
    return list(policy["PolicyDocument"]["Statement"])


def allowed_by_the_stack() -> Allowed:
    """Every action with the kind of place that it is allowed on: ``table``, or an index as ``events/index/*``."""
    stack = Stack()
    tables = {stack.attribute(f"{name}.Arn") for name in stack.resources if name.endswith("Table")}
    found: Allowed = set()
    for statement in statements(stack):
        assert statement["Effect"] == "Allow"
        resources = set(statement["Resource"])
        places = {"table"} if resources == tables else {each.rpartition(":table/")[2] for each in resources}
        assert "table" in places or all("/index/" in place for place in places)
        found |= {(action, place) for action in statement["Action"] for place in places}
    return found


def needed_by(calls: set[Call]) -> Allowed:
    names = {each["Description"]: each["Value"] for each in Stack().outputs.values() if "Description" in each}
    return {(f"dynamodb:{call.action}", place_of(call, names)) for call in calls if call.action not in SETTING_UP}


def place_of(call: Call, names: dict[str, str]) -> str:
    if not call.table:
        return "no table"
    return f"{names[call.table]}/index/*" if call.index else "table"


def test_the_policy_names_each_action_and_each_table() -> None:
    allowed = allowed_by_the_stack()
    assert not [action for action, _place in allowed if "*" in action]
    assert ("dynamodb:Query", "events/index/*") in allowed


def test_with_a_key_of_ones_own_the_server_may_use_it_through_dynamodb_alone() -> None:
    # Without it DynamoDB refuses reads and writes alike: "KMS key access denied".
    keyless, keyed = statements(Stack()), statements(Stack(KmsKeyArn=KEY))
    (added,) = [statement for statement in keyed if statement not in keyless]
    assert len(keyed) == len(keyless) + 1
    assert (added["Effect"], added["Action"], added["Resource"]) == ("Allow", ["kms:Decrypt"], [KEY])
    assert added["Condition"] == {"StringLike": {"kms:ViaService": "dynamodb.*"}}


@pytest.mark.last
def test_no_test_has_seen_a_call_that_the_policy_does_not_allow() -> None:
    assert needed_by(COLLECTED) - allowed_by_the_stack() == set()


@pytest.mark.last
@pytest.mark.usefixtures("complete_calls")
def test_the_policy_allows_nothing_that_is_never_called() -> None:
    assert allowed_by_the_stack() - needed_by(COLLECTED) == set()
