"""The composition root: what the parts make together."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from werkzeug.test import Client

from calendar_server.config import Settings
from calendar_server.errors import StoreUnusable
from calendar_server.services import upkeep
from calendar_server.store.embedded import EmbeddedStore


@pytest.fixture
def composition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module ``app``, imported as a server would, with its data in a temporary folder and no upkeep."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE", "embedded")
    monkeypatch.setenv("EMBEDDED_PATH", str(tmp_path / "at-import.sqlite3"))
    monkeypatch.setattr(upkeep, "keep_up", lambda _store, _sleep: None)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    sys.modules.pop("app", None)
    module = importlib.import_module("app")
    yield module
    module.app.extensions["calendar"].store.close()
    sys.modules.pop("app", None)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_module_holds_a_ready_application_and_its_sockets(composition: ModuleType) -> None:
    assert composition.app.extensions["socketio"] is composition.socketio
    assert Client(composition.app).get("/healthz").status_code == 200
    assert Path("at-import.sqlite3").exists()


def test_an_application_uses_the_store_it_is_given(composition: ModuleType, embedded_store: EmbeddedStore) -> None:
    client = Client(composition.create_app(Settings(), embedded_store))
    answer = client.post("/api/departments", json={"name": "개발팀"})
    assert answer.status_code == 201
    assert [each.name for each in embedded_store.list_departments().departments] == ["개발팀"]


def test_what_is_written_over_rest_is_told_to_sockets(
    composition: ModuleType, embedded_store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = composition.create_app(Settings(), embedded_store)
    told: list[tuple[str, str]] = []
    heard = threading.Event()

    def hear(event: str, arguments: tuple[Any, Any], to: str | None = None) -> None:
        told.append((event, arguments[0]["name"]))
        heard.set()

    monkeypatch.setattr(app.extensions["socketio"], "emit", hear)
    app.extensions["announcer"].watch("departments")
    assert Client(app).post("/api/departments", json={"name": "개발팀"}).status_code == 201
    assert heard.wait(5)
    assert told == [("department_created", "개발팀")]


@pytest.mark.parametrize(("proxies", "status"), [(0, 200), (1, 400)])
def test_proxy_headers_count_only_where_proxies_are_trusted(
    composition: ModuleType, embedded_store: EmbeddedStore, proxies: int, status: int
) -> None:
    client = Client(composition.create_app(Settings(trusted_proxies=proxies), embedded_store))
    assert client.get("/healthz", headers={"X-Forwarded-Host": "evil.example"}).status_code == status


def test_a_store_that_cannot_be_used_is_said_before_anything_is_served(composition: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreUnusable):
        composition.create_app(Settings(embedded_path=tmp_path / "file" / "calendar.sqlite3"))


def test_a_start_that_is_refused_says_why_and_ends_the_process(
    composition: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLASK_ENV", "production")
    monkeypatch.setenv("TRUSTED_PROXIES", "many")
    with pytest.raises(SystemExit) as ended:
        composition.start()
    assert ended.value.code == 1
    written = capsys.readouterr().err
    assert "서버를 시작할 수 없습니다" in written
    assert "SECRET_KEY is not set" in written
    assert "TRUSTED_PROXIES='many'" in written
