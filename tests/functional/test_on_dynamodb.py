"""The whole server on DynamoDB, over TLS as in production: boto3 works under each patched worker."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from doubles import FAKE_CREDENTIALS, ministack_server
from functional.serving import KINDS, ROOT, Server, environment, serving
from functional.talking import create_department, listening, meta_of, post_event
from functional.tls_front import tls_front

CREATE_TABLES = "from models import DynamoDBDatabase; db = DynamoDBDatabase(); db.create_tables()"


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a DynamoDB that is reached over TLS only."""
    folder = tmp_path_factory.mktemp("double")
    with ministack_server(folder) as endpoint, tls_front(urlsplit(endpoint).port or 0, folder) as (port, authority):
        yield {
            **FAKE_CREDENTIALS,
            "STORE": "dynamodb",
            "AWS_REGION": "ap-northeast-2",
            "DYNAMODB_ENDPOINT_URL": f"https://localhost:{port}",
            "AWS_CA_BUNDLE": str(authority),
        }


def tables_named(kind: str) -> dict[str, str]:
    """Tables of their own for each kind of server."""
    names = ("DEPARTMENTS", "EVENTS", "CHANGES", "RECORDS")
    return {f"{name}_TABLE": f"{kind}-{name.lower()}" for name in names}


def create_tables(settings: dict[str, str], folder: Path) -> str:
    """What the users' own line prints."""
    result = subprocess.run(
        [sys.executable, "-c", CREATE_TABLES],
        env={**environment(folder, settings), "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def wait_for_log(server: Server, words: str) -> None:
    deadline = time.monotonic() + 10
    while words not in server.log and time.monotonic() < deadline:
        time.sleep(0.05)
    assert words in server.log


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_on_dynamodb_names_missing_tables_and_serves_once_they_are_made(
    kind: str, double: dict[str, str], tmp_path: Path
) -> None:
    settings = {**double, **tables_named(kind)}
    with serving(kind, tmp_path, settings) as server:
        wait_for_log(server, f"'{kind}-events' 테이블이 없습니다.")
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 503
        refused = requests.get(f"{server.url}/api/departments", timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (503, "store_unavailable")

        assert f"✓ 테이블 '{kind}-departments' 생성 완료" in create_tables(settings, tmp_path)
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 200

        department = create_department(server)
        with listening(server) as listener:
            joined = listener.ask("join_department", {"department_id": department["id"]})
            assert (joined["success"], joined["seq"]) == (True, 0)
            answer = post_event(server, department["id"], "TLS 회의")
            assert listener.next("event_created")[1:] == (answer["event"], meta_of(answer, department["id"]))
            missed = listener.ask("join_department", {"department_id": department["id"], "cursor": joined["cursor"]})
            assert [change["data"] for change in missed["changes"]] == [answer["event"]]
        listed = requests.get(f"{server.url}/api/events/{department['id']}", timeout=10).json()
        assert (listed["events"], listed["cursor"]) == ([answer["event"]], answer["cursor"])
        found = requests.get(f"{server.url}/api/events/{department['id']}?q=회의 tls", timeout=10).json()
        assert found["events"] == [answer["event"]]
        assert requests.delete(f"{server.url}/api/departments/{department['id']}", timeout=10).status_code == 200
        assert "Traceback" not in server.log
