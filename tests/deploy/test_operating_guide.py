"""The operating guide says what the product does: its messages, its variables, the same commands in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from deploy.hosting_files import DEPLOY, ROOT
from deploy.printed_messages import of_aws, of_settings_and_clients, of_this_machine
from deploy.stack_template import Stack

from calendar_server.config import VARIABLES
from calendar_server.store.embedded import EmbeddedStore

EXAMPLE = ROOT / ".env.example"
GUIDES = [ROOT / "docs" / "operating.ko.md", ROOT / "docs" / "operating.md"]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(guide: Path, language: str) -> list[str]:
    return [text for found, text in FENCE.findall(guide.read_text(encoding="utf-8")) if found == language]


@pytest.fixture(scope="module")
def messages(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each message as the product prints it."""
    folder = tmp_path_factory.mktemp("messages")
    store = EmbeddedStore(folder / "calendar.sqlite3")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        found = of_aws(aws["DYNAMODB_ENDPOINT_URL"], monkeypatch, folder)
    found |= of_settings_and_clients(store) | of_this_machine(folder)
    store.close()
    return found


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_message_is_quoted_as_it_is_printed_and_none_that_is_not(guide: Path, messages: dict[str, str]) -> None:
    quoted = [text.strip() for text in blocks(guide, "text")]
    assert sorted(quoted) == sorted(messages.values())


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_variable_and_no_other_is_explained_with_its_default(guide: Path) -> None:
    explained = re.findall(r"^\| `([A-Z][A-Z_]+)` \| (.+?) \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(name for name, _ in explained) == VARIABLES
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: shown.strip("`") for name, shown in explained if shown.startswith("`")} == {
        name: value for name, value in example.items() if value
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_to_another_file_leads_to_one_in_the_same_language(guide: Path) -> None:
    targets = {
        target.partition("#")[0] for target in re.findall(r"\]\(([^)#:]+(?:#[^)]*)?)\)", guide.read_text("utf-8"))
    }
    assert {"metrics", "README", "capacity", "backup"} <= {Path(target).name.partition(".")[0] for target in targets}
    assert [target for target in targets if not (guide.parent / target).exists()] == []
    other = {path.name for path in GUIDES} - {guide.name}
    pages = [Path(target).name for target in targets if target.endswith(".md")]
    assert [name for name in pages if name.endswith(".ko.md") != (".ko" in guide.name)] == list(other)


def test_both_languages_give_the_same_commands() -> None:
    korean, english = (blocks(guide, "sh") for guide in GUIDES)
    assert korean == english
    assert len(korean) > 10


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_within_the_guide_leads_to_a_heading(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    headings = re.findall(r"^#{1,4} (.+)$", FENCE.sub("", text), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_deployment_file_is_in_it(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    files = [
        "deploy/systemd/calendar.env.example",
        "deploy/systemd/calendar@.service",
        "deploy/proxy/nginx.conf",
        "deploy/proxy/Caddyfile",
        "deploy/beanstalk/bundle.sh",
        "deploy/beanstalk/site.config.example",
        "deploy/cloudwatch/rsyslog.conf",
        "deploy/cloudwatch/logrotate.conf",
        "deploy/cloudwatch/agent.json",
    ]
    assert [name for name in files if name not in text or not (ROOT / name).exists()] == []
    assert DEPLOY.is_dir()


def test_the_commands_for_the_tables_fit_the_script_and_the_stack() -> None:
    script = (DEPLOY / "aws" / "deploy-dynamodb.sh").read_text(encoding="utf-8")
    template = (DEPLOY / "aws" / "dynamodb-schema.yaml").read_text(encoding="utf-8")
    commands = "\n".join(blocks(GUIDES[0], "sh"))
    calls = [line for line in commands.splitlines() if line.startswith("deploy/aws/deploy-dynamodb.sh")]
    assert len(calls) == 3
    parameters = {name for line in calls for name in re.findall(r" ([A-Z]\w+)=", line)}
    assert parameters == {"AnswersInLog"}
    assert parameters <= set(Stack().template["Parameters"])
    flags = {flag for line in calls for flag in re.findall(r"--[a-z-]+", line)}
    assert [flag for flag in flags if flag not in script] == []
    assert "ends_with(OutputKey, 'PolicyArn')" in commands
    assert len(re.findall(r"^  \w*PolicyArn:$", template, re.MULTILINE)) == 1


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_alarm_is_in_the_table_and_no_other(guide: Path) -> None:
    alarms = Stack("stack", Billing="PROVISIONED").of_type("AWS::CloudWatch::Alarm").values()
    kinds = {"-".join(alarm["AlarmName"].split("-")[-2:]) for alarm in alarms}
    text = guide.read_text(encoding="utf-8")
    assert set(re.findall(r"`…-([a-z-]+)`", text)) == kinds
    assert "dallyeok-production-events-write-throttled" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| `…-server-errors`")]
    default = Stack().template["Parameters"]["ServerErrorsPercent"]["Default"]
    assert re.findall(r"(\d+) ?%", row) == [str(default)]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_answers_with_5xx_are_found_where_the_line_is_no_json_alone(
    guide: Path, printed_request: dict[int, str]
) -> None:
    # Beanstalk puts a time before each line. A pattern of CloudWatch between percent signs is a regular expression.
    (pattern,) = re.findall(r"--filter-pattern '%(.+)%'", "\n".join(blocks(guide, "sh")))
    (searched,) = re.findall(r"`journalctl [^`]*grep '([^']+)'`", guide.read_text(encoding="utf-8"))
    lines = {status: f"Nov 21 09:30:00 ip-10-0-0-1 web[1234]: {line}" for status, line in printed_request.items()}
    assert {status: bool(re.search(pattern, line)) for status, line in lines.items()} == dict.fromkeys(lines, False) | {
        503: True
    }
    assert {status for status, line in lines.items() if searched in line} == {503}


def test_the_agent_sends_the_log_to_the_group_of_the_stack() -> None:
    agent = json.loads((DEPLOY / "cloudwatch" / "agent.json").read_text(encoding="utf-8"))
    (collected,) = agent["logs"]["logs_collected"]["files"]["collect_list"]
    (group,) = Stack("dallyeok-production").of_type("AWS::Logs::LogGroup").values()
    assert collected["log_group_name"] == group["LogGroupName"]
