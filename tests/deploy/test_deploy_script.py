"""``deploy-dynamodb.sh`` in each state of the stack, with the real AWS CLI against a double."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import get_session
from deploy.deploying import (
    SCRIPT,
    SERVICES,
    WAITING,
    Deployment,
    for_the_double,
    parameters_in_the_template,
    pretending,
)
from deploy.hosted import BIN
from doubles import ministack_server

STATES = get_session().get_service_model("cloudformation").shape_for("StackStatus").enum
"""Every state that CloudFormation knows."""
GOES_ON = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
}
MENDED = {"ROLLBACK_COMPLETE"}
NOT_THERE = {"DELETE_COMPLETE"}
"""By its name such a stack is not found."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An account of these tests' own, with the stack made by the script."""
    folder = tmp_path_factory.mktemp("script")
    with ministack_server(folder, SERVICES) as endpoint:
        deployment = Deployment(for_the_double(folder / "aws"), endpoint)
        made = deployment.run()
        assert made.returncode == 0, made.stderr
        assert "아직 없음 / not there yet" in made.stderr
        assert "✓ 스택 dallyeok-development: CREATE_COMPLETE" in made.stderr
        yield deployment


def test_shellcheck_finds_nothing() -> None:
    command = [str(BIN / "shellcheck"), "--severity=style", str(SCRIPT)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_the_outputs_are_shown_with_the_variables_that_they_are_for(deployed: Deployment) -> None:
    again = deployed.run()
    assert again.returncode == 0, again.stderr
    assert "바뀔 것이 없습니다 / Nothing to change" in again.stderr
    rows = [re.split(r"\s*\|\s*", line.strip("| \n")) for line in again.stdout.splitlines() if line.startswith("|")]
    shown = {cell for row in rows for cell in row}
    for name, variable in {"dallyeok-events": "EVENTS_TABLE", "dallyeok-calendar-changes": "CHANGES_TABLE"}.items():
        assert {name, variable} <= shown


def test_a_change_is_shown_first_and_made_later(deployed: Deployment) -> None:
    topic = "arn:aws:sns:ap-northeast-2:123456789012:alarms"
    shown = deployed.run("--dry-run", "--topic-arn", topic)
    assert shown.returncode == 0, shown.stderr
    assert "Modify" in shown.stdout
    assert "바꾼 것은 없습니다 / Nothing was changed" in shown.stderr
    assert deployed.status() == "CREATE_COMPLETE"

    made = deployed.run(DALLYEOK_TOPIC_ARN=topic)
    assert made.returncode == 0, made.stderr
    assert deployed.status() == "UPDATE_COMPLETE"
    alarms = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms} == {(topic,)}

    kept = deployed.run()
    assert "Nothing to change" in kept.stderr, "what is not given keeps its value"


def test_a_dry_run_of_what_is_not_there_leaves_nothing_behind(deployed: Deployment) -> None:
    shown = deployed.run("--dry-run", "--environment", "staging")
    assert shown.returncode == 0, shown.stderr
    assert len(re.findall("AWS::DynamoDB::Table", shown.stdout)) == 4
    assert deployed.status("dallyeok-staging") in ("absent", "DELETE_COMPLETE")
    tables = deployed.client("dynamodb").list_tables()["TableNames"]
    assert len(tables) == 4


@pytest.mark.parametrize(
    ("other", "has"),
    [
        (("--prefix", "other-"), "'dallyeok-'"),
        (("--prefix", ""), "'dallyeok-'"),
        (("Environment=production",), "'development'"),
    ],
)
def test_prefix_and_environment_of_a_stack_stay_what_they_are(
    deployed: Deployment, other: tuple[str, ...], has: str
) -> None:
    # Another prefix would replace all tables; another environment would end the protection of those in production.
    refused = deployed.run("--stack", "dallyeok-development", "--dry-run", *other)
    assert refused.returncode == 2
    assert f"the stack's {'prefix' if '--prefix' in other else 'environment'} is {has}" in refused.stderr


@pytest.mark.parametrize("state", sorted(set(STATES) - GOES_ON - MENDED - NOT_THERE))
def test_it_refuses_politely_what_it_cannot_mend(deployed: Deployment, state: str) -> None:
    with pretending(deployed, state) as account:
        refused = account.run()
    assert refused.returncode == 1
    assert f"스택이 {state} 상태" in refused.stderr
    assert f"The stack is in {state}" in refused.stderr
    assert "aws cloudformation " in refused.stderr, "says how to go on"
    assert ("aws dynamodb delete-table " in refused.stderr) is (state == "ROLLBACK_FAILED")
    assert deployed.status() in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@pytest.mark.parametrize("state", sorted(GOES_ON - {"CREATE_COMPLETE", "UPDATE_COMPLETE", "REVIEW_IN_PROGRESS"}))
def test_it_goes_on_from_every_state_that_can_be_updated(deployed: Deployment, state: str) -> None:
    with pretending(deployed, state) as account:
        result = account.run("--dry-run")
    assert result.returncode == 0, result.stderr
    assert f"(ap-northeast-2): {state}" in result.stderr
    assert "Nothing to change" in result.stderr


def test_a_failed_creation_shows_the_failed_events_first_and_is_made_anew_later(deployed: Deployment) -> None:
    arguments = ("--environment", "staging", "--prefix", "second-")
    failed = Deployment(SCRIPT, deployed.endpoint).run(*arguments)  # with what this double cannot make
    assert failed.returncode == 1
    said = failed.stderr.splitlines()
    assert said[1:3] == [WAITING, "✗ 실패한 것 / What failed:"]
    assert said[3].split()[1:3] == ["AWS::Logs::MetricFilter", "CREATE_FAILED"]
    assert said[-1] == "✗ 스택 second-staging: ROLLBACK_COMPLETE"

    looked = deployed.run(*arguments, "--dry-run")
    assert (looked.returncode, deployed.status("second-staging")) == (0, "ROLLBACK_COMPLETE")
    assert "a real run deletes it and makes it anew" in looked.stderr

    mended = deployed.run(*arguments)
    assert mended.returncode == 0, mended.stderr
    assert "다시 만듭니다" in mended.stderr
    assert "✓ 스택 second-staging: CREATE_COMPLETE" in mended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--environment", "prod"), "--environment"),
        (("--prefix",), "--prefix: 값이 없습니다"),
        (("--stack", "x", "--prefix", "--dry-run"), "--prefix: 값이 없습니다"),
        (("--prefix", "my calendar-"), "--prefix: 영문자"),
        (("Prefix=달력-",), "--prefix: 영문자"),
        (("Environment=prod",), "--environment"),
        (("--stack", "1 stack"), "--stack"),
        (("--force",), "--force: 모르는 옵션입니다"),
        (("MinimumCapcity=20",), "MinimumCapcity: 템플릿에 없는 파라미터입니다"),
        (("Parameters=x",), "Parameters: 템플릿에 없는 파라미터입니다"),
        (("LogRetentionDays=90", "MinimumCapacity=500"), "MaximumCapacity(400)"),
        (("MaximumCapacity=10", "MinimumCapacity=20"), "MinimumCapacity(20)"),
    ],
)
def test_wrong_arguments_are_named(deployed: Deployment, arguments: tuple[str, ...], words: str) -> None:
    refused = deployed.run(*arguments)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_region_is_named(deployed: Deployment) -> None:
    refused = deployed.run(AWS_REGION="")
    assert refused.returncode == 2
    assert "--region ap-northeast-2" in refused.stderr


def test_a_profile_that_is_not_there_is_named(deployed: Deployment) -> None:
    refused = deployed.run(AWS_REGION="", AWS_PROFILE="nobody")
    assert refused.returncode == 2
    assert "nobody" in refused.stderr


def test_away_from_its_template_it_says_so(deployed: Deployment, tmp_path: Path) -> None:
    alone = Path(shutil.copy(SCRIPT, tmp_path))
    refused = Deployment(alone, deployed.endpoint).run()
    assert refused.returncode == 1
    assert "같은 폴더에 없습니다" in refused.stderr
    assert str(tmp_path / "dynamodb-schema.yaml") in refused.stderr


def test_an_account_that_cannot_be_reached_is_no_missing_stack(deployed: Deployment) -> None:
    refused = deployed.run(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert refused.returncode == 1
    assert "스택을 읽을 수 없습니다" in refused.stderr
    assert "127.0.0.1:9" in refused.stderr


def test_without_the_aws_cli_it_says_where_to_get_it(deployed: Deployment, tmp_path: Path) -> None:
    for program in ("bash", "dirname", "env"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    refused = deployed.run(PATH=str(tmp_path))
    assert refused.returncode == 1
    assert "AWS CLI" in refused.stderr


def test_help_names_every_option_and_only_parameters_that_exist(deployed: Deployment) -> None:
    helped = deployed.run("--help")
    assert helped.returncode == 0
    text = SCRIPT.read_text(encoding="utf-8")
    for option in re.findall(r"--[a-z-]+(?= \||\))", text[text.index("read_arguments()") :]):
        assert option in helped.stdout or option == "--help"
    given = set(re.findall(r"(?<= )([A-Z][A-Za-z]+)=(?!value)", helped.stdout)) | set(
        re.findall(r'"([A-Z][A-Za-z]+)=\$', text)
    )
    assert given <= parameters_in_the_template()
    assert {"Environment", "Prefix", "MinimumCapacity"} <= given
