"""The role that deploys the tables from GitHub: who may assume it, and that it may do what is needed and no more."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatchcase
from typing import Any

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.decode import decode
from cfnlint.helpers import load_resource
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from deploy.hosted import BIN
from deploy.hosting_files import DEPLOY, ROOT

ROLE = DEPLOY / "aws" / "github-deployment-role.yaml"
TABLES = DEPLOY / "aws" / "dynamodb-schema.yaml"
SCRIPT = DEPLOY / "aws" / "deploy-dynamodb.sh"
POLICIES = load_resource(AdditionalSpecs, "Policies.json")
HANDLERS = ("create", "read", "update", "delete")
# What handlers may call for properties that the template does not use.
UNUSED = [
    *("s3:*", "firehose:*", "kinesis:*", "lambda:*"),
    *("dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan"),  # replicas
    *("dynamodb:*Replica", "dynamodb:*Import*", "dynamodb:*ableKinesis*", "dynamodb:UpdateKinesis*"),
    *("dynamodb:UpdateContributorInsights", "dynamodb:*tResourcePolicy", "dynamodb:DeleteResourcePolicy"),
    *("iam:Attach*Policy", "iam:Detach*Policy", "iam:PassRole"),
    *("kms:ListAliases",),
    *("application-autoscaling:PutScheduledAction", "application-autoscaling:DeleteScheduledAction"),
    *("logs:*KmsKey", "logs:*LogStream*", "logs:PutLogEvents", "logs:CreateLogDelivery", "logs:Put*Policy"),
    *("logs:DeleteDataProtectionPolicy", "logs:Delete*IndexPolicy", "logs:DeleteResourcePolicy"),
    *("logs:PutLogGroupDeletionProtection", "logs:PutBearerTokenAuthentication"),
]  # fmt: skip
# What `aws cloudformation deploy` and `wait` call: https://github.com/aws/aws-cli, customizations/cloudformation/deployer.py
CALLS = {
    "deploy": ["CreateChangeSet", "DescribeChangeSet", "DescribeStacks", "ExecuteChangeSet", "TagResource"],
    "wait": ["DescribeStacks"],
}


def template(file: Any) -> dict[str, Any]:
    decoded, problems = decode(str(file))
    assert not problems
    return dict(decoded)


def resources() -> dict[str, Any]:
    return dict(template(ROLE)["Resources"])


def statements(policy: str = "DeploymentPolicy") -> list[dict[str, Any]]:
    return list(resources()[policy]["Properties"]["PolicyDocument"]["Statement"])


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def granted() -> set[str]:
    found = [*statements(), *statements("KeyPolicy")]
    return {action for statement in found for action in listed(statement["Action"])}


def wanted_by(kind: str) -> set[str]:
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("ap-northeast-2", kind).schema["handlers"]
    return {action for name in HANDLERS for action in handlers.get(name, {}).get("permissions", [])}


KINDS = sorted({resource["Type"] for resource in template(TABLES)["Resources"].values()})


def test_cfn_lint_has_nothing_to_say_and_knows_every_action() -> None:
    command = [str(BIN / "cfn-lint"), "--include-checks", "I", "--", str(ROLE)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_cloudformation_may_do_as_the_role_what_the_kind_of_resource_takes(kind: str) -> None:
    wanted = wanted_by(kind)
    assert wanted
    used = {action for action in wanted if not any(fnmatchcase(action, pattern) for pattern in UNUSED)}
    assert used
    assert used - granted() == set()


def test_the_script_may_do_all_that_it_does() -> None:
    # With "aws" before it, it is a command that the script advises.
    names = set(re.findall(r"(?<!aws )\bcloudformation ([a-z]+(?:-[a-z]+)*) ", SCRIPT.read_text("utf-8")))
    assert {"deploy", "describe-stacks"} <= names
    for name in names:
        for call in CALLS.get(name, ["".join(word.title() for word in name.split("-"))]):
            assert f"cloudformation:{call}" in granted(), name


def test_it_may_do_nothing_that_neither_handlers_nor_the_script_take() -> None:
    tags = {f"{service}:{verb}" for service, verb in [("iam", "TagPolicy"), ("iam", "UntagPolicy")]}
    taken = {action for kind in KINDS for action in wanted_by(kind)} | tags
    others = {action for action in granted() - taken if not action.startswith("cloudformation:")}
    assert others == set()
    assert not any("*" in action for action in granted())


def test_only_reading_is_not_limited_to_names() -> None:
    unlimited = [statement for statement in statements() if "*" in listed(statement["Resource"])]
    (reading,) = unlimited
    verbs = {action.partition(":")[2] for action in reading["Action"]}
    assert all(re.match(r"Describe|Get|List|Validate", verb) for verb in verbs)
    for statement in statements():
        if statement["Sid"] not in ("Reading", "AutoScaling", "AutoScalingRole"):
            assert all("${Prefix}" in resource["Fn::Sub"] for resource in listed(statement["Resource"]))


def arn_kind(arn: str) -> tuple[str, str]:
    """Service and type of resource."""
    _, _, service, _, _, resource = re.sub(r"\$\{AWS::\w+\}", "", arn).split(":", 5)
    return service, re.split("[:/]", resource)[0]


@pytest.mark.parametrize("statement", statements(), ids=lambda statement: statement["Sid"])
def test_aws_limits_each_action_to_the_kind_of_resource_that_it_is_limited_to_here(statement: dict[str, Any]) -> None:
    given = {arn_kind(arn["Fn::Sub"]) for arn in listed(statement["Resource"]) if arn != "*"}
    kinds_of_actions = [kinds_of(action) for action in listed(statement["Action"])]
    assert statement["Sid"] == "Reading" or all(given & kinds for kinds in kinds_of_actions)
    assert given <= set().union(*kinds_of_actions)


def kinds_of(action: str) -> set[tuple[str, str]]:
    """What kinds of resource ``action`` can be limited to."""
    service, _, name = action.partition(":")
    known = POLICIES[service]
    kinds = known["Actions"][name.lower()].get("Resources") or []
    return {arn_kind(arn) for kind in kinds for arn in known["Resources"][kind.lower()]["ARNFormats"]}


def test_it_cannot_change_what_it_may_do_itself() -> None:
    assert resources()["DeploymentRole"]["Properties"]["RoleName"]["Fn::Sub"].startswith("github-${Prefix}")
    assert resources()["DeploymentPolicy"]["Type"] == "AWS::IAM::RolePolicy"
    assert not {action for action in granted() if re.match(r"iam:(Put|Attach|Update|Delete)\w*Role", action)}


def test_only_runs_of_one_environment_of_one_repository_are_given_it() -> None:
    (trusting,) = resources()["DeploymentRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusting["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
        }
    }


@pytest.mark.parametrize(
    ("repository", "admitted"),
    [
        ("acme/calendar", True),
        ("acme@12/calendar@345", True),
        ("acme/*", False),
        ("acme", False),
        ("*/calendar", False),
    ],
)
def test_a_repository_is_named_without_wildcards(repository: str, admitted: bool) -> None:
    pattern = template(ROLE)["Parameters"]["Repository"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, repository)) is admitted


def test_the_documents_deploy_it_with_the_parameters_it_has() -> None:
    for page in ("README.md", "README.ko.md"):
        text = (ROOT / "deploy" / "aws" / page).read_text("utf-8")
        (command,) = re.findall(r"aws cloudformation deploy [^`]*github-deployment-role\.yaml[^`]*", text)
        assert set(re.findall(r"\b([A-Z]\w+)=", command)) <= set(template(ROLE)["Parameters"])
        assert "CAPABILITY_NAMED_IAM" in command
