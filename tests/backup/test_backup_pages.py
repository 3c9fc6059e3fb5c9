"""The pages about backups: both languages show the same commands, and the commands exist as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import botocore.session
import click
import pytest
from flask import Flask

from calendar_server import jobs

ROOT = Path(__file__).parents[2]
PAGES = ("deploy/backup.md", "docs/capacity.md")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def korean(page: str) -> str:
    return page.replace(".md", ".ko.md")


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_show_the_same_commands(page: str) -> None:
    assert commands(page) == commands(korean(page))


@pytest.mark.parametrize("page", [*PAGES, *map(korean, PAGES)])
def test_their_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not ((ROOT / page).parent / link).exists()] == []


def test_every_command_of_the_server_exists_with_its_options() -> None:
    app = Flask("calendar_server")
    jobs.register(app)
    shown = [line.split()[1:] for page in PAGES for line in commands(page) if line.startswith("flask ")]
    assert len(shown) >= 7
    for name, *arguments in shown:
        command = app.cli.commands[name]
        options = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
        assert {each for each in arguments if each.startswith("--")} <= options


def test_every_call_to_aws_has_the_parameters_that_it_takes() -> None:
    service = botocore.session.get_session().get_service_model("dynamodb")
    shown = [line.split()[2:] for line in commands("deploy/backup.md") if line.startswith("aws dynamodb ")]
    calls = [arguments for arguments in shown if arguments[0] != "wait"]
    assert len(calls) == 4
    for name, *arguments in calls:
        operation = service.operation_model("".join(part.title() for part in name.split("-")))
        known = {re.sub("(?<!^)(?=[A-Z])", "-", each).lower() for each in operation.input_shape.members}
        given = {each.removeprefix("--") for each in arguments if each.startswith("--")}
        assert given <= known | {"output", "query"}


def test_systemd_takes_the_nightly_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert os.environ.get("CI") != "true", "systemd-analyze is not installed"
        pytest.skip("systemd units are checked with systemd-analyze (Debian: apt install systemd)")
    program = tmp_path / ".venv" / "bin" / "flask"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    for name in ("calendar-backup.service", "calendar-backup.timer"):
        text = (ROOT / "deploy" / "backup" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/dallyeok", str(tmp_path)), encoding="utf-8")
    command = [
        "systemd-analyze",
        "verify",
        str(tmp_path / "calendar-backup.timer"),
        str(tmp_path / "calendar-backup.service"),
    ]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    told = [line for line in checked.stderr.splitlines() if "calendar-backup" in line]
    assert (checked.returncode, told) == (0, [])
