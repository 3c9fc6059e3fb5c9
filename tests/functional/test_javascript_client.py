"""The client library that front ends use: socket.io-client from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from functional.serving import Server
from functional.talking import create_department, meta_of

CLIENT = Path(__file__).parent / "js"

pytestmark = pytest.mark.node


@pytest.fixture(scope="session")
def installed_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with its library, installed from the lock file; skipped without Node.js, except in continuous integration."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        reason = f"{' and '.join(missing)} not found: the JavaScript client needs Node.js with npm"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    directory = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json", "client.mjs"):
        shutil.copy(CLIENT / name, directory)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    installed = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=90)
    if installed.returncode != 0:
        reason = f"npm could not install the JavaScript client: {installed.stderr.strip()[-500:]}"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return directory


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_round_trip(server: Server, installed_client: Path, transport: str) -> None:
    department = create_department(server)
    command = ["node", "client.mjs", server.url, transport, department["id"]]
    ran = subprocess.run(command, cwd=installed_client, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    heard: dict[str, Any] = {}
    for line in ran.stdout.splitlines():
        document = json.loads(line)
        heard[document["what"]] = document["values"]

    assert heard["connected"][0]["message"] == "서버에 연결되었습니다."
    joined = heard["joined"][0]
    assert (joined["success"], joined["department_id"], joined["seq"]) == (True, department["id"], 0)
    assert heard["synced"] == heard["sync_response"]
    synced = heard["synced"][0]
    assert (synced["events"], synced["full"], synced["cursor"]) == ([], True, joined["cursor"])
    assert heard["rejoined"][0]["changes"] == []
    assert heard["refused"][0]["error"] == "validation_failed"
    assert heard["unknown"][0]["error"] == "unknown_event"
    event, meta = heard["event_created"]
    assert (event["title"], event["department_id"]) == ("팀 회의", department["id"])
    (posted,) = heard["posted"]
    assert (event, meta) == (posted["event"], meta_of(posted, department["id"]))
    assert heard["left"][0]["success"] is True
