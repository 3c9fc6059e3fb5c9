"""Clients that have seen what a restore undoes: both end with exactly the restored state.

Once the store is put back by ``flask restore`` while the server runs; once its tables are brought back to an earlier
second, as AWS does it, and ``flask new-epochs`` makes them fit to be served.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import requests
from clients.javascript import install_library
from doubles import FAKE_CREDENTIALS, made_database, ministack_server
from functional.serving import BIN, ROOT, Server, environment, spawn
from functional.talking import create_department, create_event
from functional.test_sync_clients import Follower, JavaScriptFollower, PythonFollower, wait_until_settled

KIND = "gunicorn-eventlet"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def made(stack: ExitStack, endpoint: str) -> Any:
    """Empty tables in ministack."""
    return stack.enter_context(closing(made_database(endpoint)))


def settings_of(database: Any) -> dict[str, str]:
    """The settings of a server that uses the tables of ``database``."""
    settings = database._settings
    names = {table.variable: table.name for table in database.schema.tables}
    place = {"AWS_REGION": settings.aws_region, "DYNAMODB_ENDPOINT_URL": settings.dynamodb_endpoint_url}
    return {**FAKE_CREDENTIALS, **place, **names, "STORE": "dynamodb"}


def flask(folder: Path, settings: dict[str, str], *arguments: str) -> str:
    """What a command of the administrator says."""
    command = [str(BIN / "flask"), "--app", str(ROOT / "app"), *arguments]
    ran = subprocess.run(
        command, cwd=folder, env=environment(folder, settings), capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def started(stack: ExitStack, folder: Path, settings: dict[str, str], port: int | None = None) -> Server:
    server = spawn(KIND, folder, settings, port)
    stack.callback(lambda: server.process.poll() is None and server.kill())
    server.wait_until_ready()
    return server


def followers(stack: ExitStack, folder: Path, url: str, department_id: str) -> list[Follower]:
    install_library(folder)
    shutil.copy(ROOT / "clients" / "js" / "dallyeok-sync.js", folder)
    shutil.copy(ROOT / "tests" / "clients" / "js" / "follow.mjs", folder)
    script = JavaScriptFollower(folder, url, [department_id])
    stack.callback(script.kill)
    return [stack.enter_context(closing(PythonFollower(url, [department_id]))), script]


def cursors(server: Server, department_id: str) -> dict[str, str]:
    """Where a client stands that has seen everything."""
    paths = ("departments", department_id)
    return {path: requests.get(f"{server.url}/api/sync/{path}", timeout=5).json()["cursor"] for path in paths}


def written_before_and_after(server: Server) -> tuple[str, Any]:
    """A department with events, and what writes the later ones, which the restore undoes."""
    department_id = create_department(server)["id"]
    kept = [create_event(server, department_id, f"회의 {number}") for number in range(3)]

    def write_later() -> None:
        requests.put(f"{server.url}/api/events/{kept[0]['id']}", json={"title": "나중 제목"}, timeout=5)
        requests.delete(f"{server.url}/api/events/{kept[1]['id']}", timeout=5)
        create_event(server, department_id, "나중 회의")
        create_department(server, "나중 부서")

    return department_id, write_later


def assert_all_have_gone_back(
    server: Server, following: list[Follower], seen: dict[str, str], titles: set[str]
) -> None:
    for follower in following:
        state = wait_until_settled(server, follower)
        (events,) = state["events"].values()
        assert {each["title"] for each in events} == titles
        assert len(state["departments"]) == 1
        assert state["broken"] == []
        assert state["counts"]["resets"] >= 2
    for path, cursor in seen.items():
        answer = requests.get(f"{server.url}/api/sync/{path}", params={"cursor": cursor}, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (410, "cursor_expired")


TITLES = {"회의 0", "회의 1", "회의 2"}


@pytest.mark.parametrize("kind", ["embedded", "dynamodb"])
def test_clients_go_back_with_a_store_that_is_restored_under_a_running_server(
    kind: str, stack: ExitStack, tmp_path: Path, aws_credentials: None
) -> None:
    settings = {} if kind == "embedded" else settings_of(made(stack, stack.enter_context(ministack_server(tmp_path))))
    server = started(stack, tmp_path, settings)
    department_id, write_later = written_before_and_after(server)
    following = followers(stack, tmp_path, server.url, department_id)
    flask(tmp_path, settings, "backup", "a.backup")
    write_later()
    for follower in following:
        wait_until_settled(server, follower)
    seen = cursors(server, department_id)
    assert "이벤트(events) 3" in flask(tmp_path, settings, "restore", "--force", "a.backup")
    assert_all_have_gone_back(server, following, seen, TITLES)


def copied(source: Any, target: Any) -> None:
    """As a restore to a point in time does it: table by table into new ones, item by item as they are."""
    for old, new in zip(source.schema.tables, target.schema.tables, strict=True):
        for page in source.connection.pages("scan", TableName=old.name, ConsistentRead=True):
            for item in page["Items"]:
                target.connection.call("put_item", TableName=new.name, Item=item)


def test_clients_go_back_with_tables_that_aws_has_restored(
    stack: ExitStack, tmp_path: Path, aws_credentials: None
) -> None:
    endpoint = stack.enter_context(ministack_server(tmp_path))
    live, restored = made(stack, endpoint), made(stack, endpoint)
    server = started(stack, tmp_path, settings_of(live))
    department_id, write_later = written_before_and_after(server)
    following = followers(stack, tmp_path, server.url, department_id)
    copied(live, restored)
    write_later()
    for follower in following:
        wait_until_settled(server, follower)
    seen = cursors(server, department_id)
    server.kill()
    assert flask(tmp_path, settings_of(restored), "new-epochs").endswith(": 2\n")
    again = started(stack, tmp_path, settings_of(restored), server.port)
    assert_all_have_gone_back(again, following, seen, TITLES)
