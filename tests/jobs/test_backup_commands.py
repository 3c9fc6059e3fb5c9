"""``flask backup``, ``flask restore`` and ``flask new-epochs``, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from samples import department

from calendar_server import jobs
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.services.calendar import Calendar
from calendar_server.store.embedded import EmbeddedStore


def run(store: EmbeddedStore, *arguments: str) -> Result:
    app = Flask("calendar_server")
    app.extensions["calendar"] = Calendar(store)
    jobs.register(app)
    return app.test_cli_runner().invoke(args=list(arguments))


@pytest.fixture
def file(embedded_store: EmbeddedStore, tmp_path: Path) -> str:
    """A backup of a store with one department."""
    embedded_store.commit([Edit(None, department())])
    path = str(tmp_path / "a.backup")
    assert run(embedded_store, "backup", path).exit_code == 0
    return path


def test_a_backup_says_what_is_in_it(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    embedded_store.commit([Edit(None, department())])
    result = run(embedded_store, "backup", str(tmp_path / "a.backup"))
    assert result.exit_code == 0
    assert "부서(departments) 1, 이벤트(events) 0, 변경(changes) 1, 멱등 응답(receipts) 0" in result.stdout
    assert str(embedded_store.path) in result.stderr


def test_an_existing_file_is_refused_and_force_overwrites_it(embedded_store: EmbeddedStore, file: str) -> None:
    result = run(embedded_store, "backup", file)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert run(embedded_store, "backup", file, "--force").exit_code == 0


def test_a_restore_into_a_store_that_is_not_empty_says_what_force_would_remove(
    embedded_store: EmbeddedStore, file: str
) -> None:
    embedded_store.commit([Edit(None, department("영업팀"))])
    result = run(embedded_store, "restore", file)
    assert result.exit_code == 1
    assert "모두 지우고" in result.stderr
    assert "remove all departments, events and histories" in " ".join(result.stderr.split())
    assert len(embedded_store.list_departments().departments) == 2
    assert run(embedded_store, "restore", file, "--force").exit_code == 0
    assert len(embedded_store.list_departments().departments) == 1


def test_a_damaged_file_is_refused_and_says_where(embedded_store: EmbeddedStore, file: str) -> None:
    path = Path(file)
    path.write_bytes(path.read_bytes()[:-20])
    result = run(embedded_store, "restore", file, "--force")
    assert result.exit_code == 1
    assert "6번째 줄" in result.stderr
    assert len(embedded_store.list_departments().departments) == 1


def test_a_file_that_is_not_there_gives_a_sentence(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    result = run(embedded_store, "restore", str(tmp_path / "none.backup"))
    assert result.exit_code == 1
    assert "none.backup" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("failure", "said"),
    [(StoreUnavailable("시간 초과"), "시간 초과"), (StoreUnusable(["테이블이 없습니다"]), "테이블이 없습니다")],
)
def test_a_store_that_fails_gives_a_sentence(
    embedded_store: EmbeddedStore, file: str, failure: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise failure

    monkeypatch.setattr(embedded_store, "renew_epochs", fail)
    monkeypatch.setattr(embedded_store, "extract", fail)
    for arguments in (["new-epochs"], ["backup", f"{file}.2"]):
        result = run(embedded_store, *arguments)
        assert result.exit_code == 1
        assert said in result.stderr
        assert "Traceback" not in result.output


def test_new_epochs_says_how_many_histories_there_are(embedded_store: EmbeddedStore, file: str) -> None:
    before = embedded_store.head(DEPARTMENTS_HISTORY)
    result = run(embedded_store, "new-epochs")
    assert result.exit_code == 0
    assert result.stdout.endswith(": 2\n")
    after = embedded_store.head(DEPARTMENTS_HISTORY)
    assert (after.last_seq, after.epoch == before.epoch) == (before.last_seq, False)
