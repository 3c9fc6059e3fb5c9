"""GitHub's workflows: what linters say of them, what they may do, and what they run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.hosted import BIN
from deploy.hosting_files import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
TEST = ROOT / ".github" / "workflows" / "test.yml"
DEPLOY_TABLES = ROOT / ".github" / "workflows" / "deploy-tables.yml"
SCRIPT = ROOT / "deploy" / "aws" / "deploy-dynamodb.sh"
PINNED = re.compile(r"uses: [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
ENVIRONMENTS = ["development", "staging", "production"]

for_each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)


def workflow(file: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key "on" as true.
    return {"on" if key is True else key: value for key, value in yaml.safe_load(file.read_text("utf-8")).items()}


def only_job(file: Path) -> dict[str, Any]:
    (job,) = workflow(file)["jobs"].values()
    return dict(job)


def step(name: str) -> dict[str, Any]:
    (found,) = [each for each in only_job(DEPLOY_TABLES)["steps"] if each.get("name") == name]
    return dict(found)


def ran(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


def test_the_workflows_fit_githubs_schema() -> None:
    checked = ran(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_zizmor_finds_nothing_even_as_an_auditor() -> None:
    checked = ran(BIN / "zizmor", "--offline", "--no-progress", "--persona", "auditor", *WORKFLOWS)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "No findings to report" in checked.stdout + checked.stderr


@pytest.mark.parametrize("file", [ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say_of_what_they_run(file: Path) -> None:
    checked = ran(BIN / "shellcheck", file)
    assert checked.returncode == 0, checked.stdout
    assert os.access(file, os.X_OK)


@for_each_workflow
def test_every_action_is_pinned_by_digest_and_says_its_version(file: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_all_workflows_pin_an_action_alike() -> None:
    used = {line for file in WORKFLOWS for line in re.findall(r"uses: (\S+@\S+)", file.read_text("utf-8"))}
    assert len({line.partition("@")[0] for line in used}) == len(used)


@for_each_workflow
def test_nothing_is_permitted_but_what_a_job_asks_for(file: Path) -> None:
    granted = {"contents": "read"} | ({"id-token": "write"} if file == DEPLOY_TABLES else {})
    assert workflow(file)["permissions"] == {}
    assert only_job(file)["permissions"] == granted


@for_each_workflow
def test_no_secret_is_used_and_no_token_stays_in_the_checkout(file: Path) -> None:
    assert "secrets" not in file.read_text("utf-8")
    (checkout,) = [each for each in only_job(file)["steps"] if "actions/checkout" in each.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False


@for_each_workflow
def test_no_expression_is_pasted_into_a_command(file: Path) -> None:
    commands = [each["run"] for each in only_job(file)["steps"] if "run" in each]
    assert commands
    assert [command for command in commands if "${{" in command] == []


@for_each_workflow
def test_a_hanging_run_ends(file: Path) -> None:
    assert only_job(file)["timeout-minutes"] <= 60


class TestTesting:
    def test_it_runs_what_a_landing_runs_and_nothing_else(self) -> None:
        assert [each["run"] for each in only_job(TEST)["steps"] if "run" in each] == [".ci/run"]

    def test_it_runs_for_main_and_for_pull_requests(self) -> None:
        assert workflow(TEST)["on"] == {"push": {"branches": ["main"]}, "pull_request": None}

    def test_it_begins_with_the_oldest_python_that_is_supported(self) -> None:
        supported = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
        assert supported is not None
        assert only_job(TEST)["strategy"]["matrix"]["python"][0] == supported[1]


class TestDeploying:
    def test_it_runs_when_the_template_the_script_or_itself_changes_on_main(self) -> None:
        paths = [
            "deploy/aws/dynamodb-schema.yaml",
            "deploy/aws/deploy-dynamodb.sh",
            ".github/workflows/deploy-tables.yml",
        ]
        assert workflow(DEPLOY_TABLES)["on"]["push"] == {"branches": ["main"], "paths": paths}
        assert [path for path in paths if not (ROOT / path).is_file()] == []
        assert only_job(DEPLOY_TABLES)["if"] == "github.ref == 'refs/heads/main'"

    def test_by_hand_it_asks_for_the_environment_and_only_shows_unless_told_otherwise(self) -> None:
        inputs = workflow(DEPLOY_TABLES)["on"]["workflow_dispatch"]["inputs"]
        assert inputs["environment"]["options"] == ENVIRONMENTS
        assert (inputs["dry_run"]["type"], inputs["dry_run"]["default"]) == ("boolean", True)

    def test_a_push_goes_to_development_in_every_respect(self) -> None:
        chosen = "${{ inputs.environment || 'development' }}"
        assert only_job(DEPLOY_TABLES)["environment"] == chosen
        assert step("Deploy")["env"]["DALLYEOK_ENVIRONMENT"] == chosen
        assert workflow(DEPLOY_TABLES)["concurrency"] == {
            "group": f"deploy-tables-{chosen}", "cancel-in-progress": False
        }  # fmt: skip

    def test_it_assumes_the_environments_role_before_it_deploys_and_has_no_keys(self) -> None:
        steps = only_job(DEPLOY_TABLES)["steps"]
        (number,) = [
            i for i, each in enumerate(steps) if "aws-actions/configure-aws-credentials@" in each.get("uses", "")
        ]
        given = steps[number]["with"]
        assert (given["role-to-assume"], given["aws-region"]) == ("${{ vars.AWS_ROLE_ARN }}", "${{ vars.AWS_REGION }}")
        assert not [name for name in given if "key" in name or "token" in name]
        assert steps.index(step("Deploy")) > number

    def test_it_sets_only_variables_that_the_script_reads(self) -> None:
        names = {name for name in step("Deploy")["env"] if name != "DRY_RUN"}
        assert names
        assert names - set(re.findall(r"\$\{(\w+)", SCRIPT.read_text("utf-8"))) == set()

    def test_a_prefix_that_is_not_set_is_not_an_empty_one(self) -> None:
        default = re.search(r"DALLYEOK_PREFIX-([\w-]+)\}", SCRIPT.read_text("utf-8"))
        assert default is not None
        assert step("Deploy")["env"]["DALLYEOK_PREFIX"] == f"${{{{ vars.DALLYEOK_PREFIX || '{default[1]}' }}}}"

    @pytest.mark.parametrize(("dry_run", "arguments"), [("--dry-run", ["--dry-run"]), ("", [])])
    def test_it_hands_the_script_the_dry_run_and_the_scripts_failure_on(
        self, dry_run: str, arguments: list[str], tmp_path: Path
    ) -> None:
        script = tmp_path / SCRIPT.relative_to(ROOT)
        script.parent.mkdir(parents=True)
        script.write_text('#!/bin/sh\nfor word; do echo "$word"; done\nexit 3\n')
        script.chmod(0o755)
        ended = ran("bash", "-e", "-c", step("Deploy")["run"], cwd=tmp_path, env={**os.environ, "DRY_RUN": dry_run})
        assert (ended.returncode, ended.stdout.splitlines()) == (3, arguments)

    @pytest.mark.parametrize("missing", ["AWS_ROLE_ARN", "AWS_REGION", None])
    def test_a_variable_that_is_missing_is_named_before_anything_is_done(self, missing: str | None) -> None:
        given = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_REGION": "ap-northeast-2"}
        looking = step("Look for the environment's variables")
        assert set(looking["env"]) == set(given)
        environ = {**os.environ, **given, **({missing: ""} if missing else {})}
        ended = ran("bash", "-e", "-c", looking["run"], env=environ)
        assert (ended.returncode == 0) == (missing is None)
        assert (missing or "") in ended.stdout
