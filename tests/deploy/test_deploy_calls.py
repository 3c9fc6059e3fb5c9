"""What ``deploy-dynamodb.sh`` calls the AWS CLI with, and what it makes of answers that no double gives."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from deploy.deploying import SCRIPT, WAITING, Deployment

TAKEN = """#!/bin/sh
case "$*" in
  *describe-stacks*) echo 'Stack with id dallyeok-development does not exist' >&2; exit 254 ;;
  *describe-stack-events*)
    printf '%s\\t' 2026-01-01 EventsTable AWS::DynamoDB::Table CREATE_FAILED; echo dallyeok-events already exists ;;
  *deploy*) echo 'Failed to create/update the stack.' >&2; exit 255 ;;
esac
"""
"""An AWS CLI to which the double's willingness to take over a table is unknown: CloudFormation refuses it."""
INVALID = r"""#!/bin/sh
echo "$*" >> "$0.calls"
case "$*" in
  *describe-stacks*) [ ! -e "$0.shell" ] && echo 'Stack does not exist' >&2 && exit 254; echo REVIEW_IN_PROGRESS ;;
  *describe-events*) printf '%s\t%s\tEventsTable\tAWS::DynamoDB::Table\tNAME_CONFLICT_VALIDATION\t%s\n' \
      2026-01-02 now 'dallyeok-events already exists' 2026-01-01 before 'mended since' ;;
  *delete-stack*) rm "$0.shell" ;;
  *deploy*)
    touch "$0.shell"
    echo 'Reason: The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck].' >&2
    exit 255 ;;
esac
"""
"""An AWS CLI for a CloudFormation that refuses a change set before any change and says elsewhere why."""
UPDATE_FAILS = r"""#!/bin/sh
case "$*" in
  *describe-stacks*) echo UPDATE_COMPLETE ;;
  *no-paginate*) echo 2026-01-01 ;;
  *describe-stack-events*)
    printf '%s\tAlarm\tAWS::CloudWatch::Alarm\tUPDATE_FAILED\t%s\n' 2026-01-04 cancelled 2026-01-03 'the cause' ;;
  *deploy*) exit 255 ;;
esac
"""
"""An AWS CLI that shows events newest first, as it does where they take more than one page."""
WAITS = r"""#!/bin/sh
case "$*" in
  *describe-stacks*) echo 'Stack does not exist' >&2; exit 254 ;;
  *deploy*) exec sleep 60 ;;
esac
"""
"""An AWS CLI that waits for CloudFormation until it is interrupted."""
RECORDS = r"""#!/bin/sh
echo "$*" >> "$0.calls"
case "$*" in
  *describe-stacks*) [ -e "$0.made" ] || { echo 'Stack does not exist' >&2; exit 254; } ;;
  *deploy*) touch "$0.made" ;;
esac
"""
"""An AWS CLI that makes every stack and keeps what it was called with."""
ROLLED_BACK = r"""#!/bin/sh
echo "$*" >> "$0.calls"
case "$*" in *describe-stacks*) [ -e "$0.made" ] || echo ROLLBACK_COMPLETE ;; *deploy*) touch "$0.made" ;; esac
"""
"""An AWS CLI for an account in which the creation of the stack had failed."""
SHELL_GOES_SLOWLY = r"""#!/bin/sh
case "$*" in
  *describe-stacks*)
    [ -e "$0.shell" ] || { echo 'Stack does not exist' >&2; exit 254; }
    [ -e "$0.going" ] || { echo REVIEW_IN_PROGRESS; exit; }
    rm "$0.shell"; echo DELETE_IN_PROGRESS ;;
  *delete-stack*) touch "$0.going" ;;
  *deploy*) touch "$0.shell"; echo 'arn:aws:cloudformation:ap-northeast-2:123456789012:changeSet/x/y' ;;
esac
"""
"""An AWS CLI with which the shell of a stack, once deleted, is still there when it is asked for again."""
ANOTHER_RUN = r"""#!/bin/sh
case "$*" in
  *describe-stacks*) echo 'Stack does not exist' >&2; exit 254 ;;
  *deploy*) echo '(AlreadyExistsException) when calling CreateChangeSet: ChangeSet [x] already exists' >&2; exit 254 ;;
esac
"""
"""An AWS CLI that was started twice within a second, which gives both change sets the same name."""


@pytest.fixture
def script() -> Deployment:
    """The script with nothing behind the AWS CLI that is put in its way."""
    return Deployment(SCRIPT, "http://127.0.0.1:9")


def program_called_aws(text: str, folder: Path) -> str:
    """A PATH on which ``aws`` is ``text``."""
    program = folder / "aws"
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def deploying_call(folder: Path) -> str:
    """What the AWS CLI in ``folder`` was told to deploy; every call went to the same region."""
    calls = (folder / "aws.calls").read_text(encoding="utf-8").splitlines()
    assert len({call.partition(" cloudformation ")[0] for call in calls}) == 1
    (deploying,) = [call for call in calls if " cloudformation deploy " in call]
    return deploying


def test_every_flag_reaches_cloudformation_and_wins_over_its_variable(script: Deployment, tmp_path: Path) -> None:
    flags = ["--region", "us-west-2", "--stack", "mine", "--environment", "production", "--prefix", "p."]
    flags += ["--topic-arn", "T", "--billing", "PROVISIONED", "--kms-key-arn", "K", "LogRetentionDays=90"]
    names = ("STACK", "ENVIRONMENT", "PREFIX", "TOPIC_ARN", "BILLING", "KMS_KEY_ARN")
    variables = {f"DALLYEOK_{name}": "other" for name in names}
    made = script.run(*flags, PATH=program_called_aws(RECORDS, tmp_path), **variables)
    assert made.returncode == 0, made.stderr
    call = deploying_call(tmp_path)
    assert call.startswith("--region us-west-2 cloudformation deploy --stack-name mine ")
    parameters = "Environment=production Prefix=p. AlarmTopicArn=T Billing=PROVISIONED KmsKeyArn=K LogRetentionDays=90"
    assert f"--parameter-overrides {parameters} --tags Environment=production Service=dallyeok" in call
    assert "--capabilities CAPABILITY_IAM " in call
    assert "other" not in call


def test_variables_do_what_flags_do_and_a_parameter_wins_over_them(script: Deployment, tmp_path: Path) -> None:
    values = {"STACK": "mine", "ENVIRONMENT": "production", "PREFIX": "p_", "TOPIC_ARN": "T", "BILLING": "B"}
    variables = {f"DALLYEOK_{name}": value for name, value in {**values, "KMS_KEY_ARN": "K"}.items()}
    path = program_called_aws(RECORDS, tmp_path)
    made = script.run("AlarmTopicArn=", PATH=path, AWS_REGION="eu-west-1", **variables)
    assert made.returncode == 0, made.stderr
    call = deploying_call(tmp_path)
    assert call.startswith("--region eu-west-1 cloudformation deploy --stack-name mine ")
    parameters = "Environment=production Prefix=p_ AlarmTopicArn=T Billing=B KmsKeyArn=K AlarmTopicArn="
    assert f"--parameter-overrides {parameters} --tags" in call


def test_prefix_and_environment_name_the_stack_however_they_are_given(script: Deployment, tmp_path: Path) -> None:
    made = script.run("Environment=staging", "Prefix=p.", PATH=program_called_aws(RECORDS, tmp_path))
    assert made.returncode == 0, made.stderr
    call = deploying_call(tmp_path)
    assert "--stack-name p-staging " in call
    assert "--parameter-overrides Environment=staging Prefix=p. --tags Environment=staging " in call


def test_two_runs_at_once_are_no_table_that_exists(script: Deployment, tmp_path: Path) -> None:
    failed = script.run(PATH=program_called_aws(ANOTHER_RUN, tmp_path))
    assert failed.returncode == 1
    assert "Another run has just begun" in failed.stderr
    assert "back up and delete" not in failed.stderr


def test_a_name_that_is_taken_is_explained(script: Deployment, tmp_path: Path) -> None:
    failed = script.run(PATH=program_called_aws(TAKEN, tmp_path))
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[1:4] == [
        WAITING,
        "✗ 실패한 것 / What failed:",
        "   EventsTable\tAWS::DynamoDB::Table\tCREATE_FAILED\tdallyeok-events already exists",
    ]
    assert "다른 --prefix를 쓰거나" in failed.stderr


@pytest.mark.parametrize(("arguments", "left"), [((), True), (("--dry-run",), False)])
def test_what_validation_before_any_change_finds_is_shown(
    script: Deployment, tmp_path: Path, arguments: tuple[str, ...], left: bool
) -> None:
    failed = script.run(*arguments, PATH=program_called_aws(INVALID, tmp_path))
    assert failed.returncode == 1
    said = [line for line in failed.stderr.splitlines() if line != WAITING]
    assert said[1:3] == [
        "✗ 실패한 것 / What failed:",
        "   EventsTable\tAWS::DynamoDB::Table\tNAME_CONFLICT_VALIDATION\tdallyeok-events already exists",
    ]
    assert "다른 --prefix를 쓰거나" in failed.stderr
    assert "mended since" not in failed.stderr
    assert (tmp_path / "aws.shell").exists() is left, "a dry run leaves nothing behind"


def test_a_dry_run_ends_when_a_real_one_can_begin(script: Deployment, tmp_path: Path) -> None:
    shown = script.run("--dry-run", PATH=program_called_aws(SHELL_GOES_SLOWLY, tmp_path))
    assert shown.returncode == 0, shown.stderr
    assert "Nothing was changed" in shown.stderr
    assert not (tmp_path / "aws.shell").exists()


def test_a_dry_run_leaves_a_stack_that_waits_for_somebodys_review(script: Deployment, tmp_path: Path) -> None:
    path = program_called_aws(INVALID, tmp_path)
    (tmp_path / "aws.shell").touch()
    assert script.run("--dry-run", PATH=path).returncode == 1
    assert "delete-stack" not in (tmp_path / "aws.calls").read_text(encoding="utf-8")


def test_failed_events_are_shown_oldest_first(script: Deployment, tmp_path: Path) -> None:
    failed = script.run(PATH=program_called_aws(UPDATE_FAILS, tmp_path))
    assert failed.returncode == 1
    assert [line.split("\t")[-1] for line in failed.stderr.splitlines() if "\t" in line] == ["the cause", "cancelled"]


def test_interrupted_it_says_that_cloudformation_goes_on(tmp_path: Path) -> None:
    environ = {"PATH": program_called_aws(WAITS, tmp_path), "AWS_REGION": "ap-northeast-2"}
    with subprocess.Popen(
        [str(SCRIPT)], env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert any(WAITING in line for line in process.stderr)
        os.killpg(process.pid, signal.SIGTERM)
        assert "What CloudFormation has begun goes on" in process.stderr.read()
    assert process.returncode == 130


def test_a_stack_whose_creation_failed_is_deleted_and_gone_before_it_is_made_anew(
    script: Deployment, tmp_path: Path
) -> None:
    made = script.run(PATH=program_called_aws(ROLLED_BACK, tmp_path))
    assert made.returncode == 0, made.stderr
    calls = [line.split()[3] for line in (tmp_path / "aws.calls").read_text(encoding="utf-8").splitlines()]
    changing = [call for call in calls if not call.startswith("describe")]
    assert changing == ["delete-stack", "wait", "deploy"]
