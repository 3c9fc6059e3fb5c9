"""``flask backup``, ``flask restore`` and ``flask new-epochs``, and what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from samples import department

from calendar_server import jobs
from calendar_server.backup import reading
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.jobs.sentences import REASONS
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
    assert "⚠" not in result.stderr


def test_a_backup_of_an_empty_store_asks_once_whether_it_is_the_right_one(
    embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    result = run(embedded_store, "backup", str(tmp_path / "a.backup"))
    assert result.exit_code == 0
    assert "부서가 하나도 없습니다" in result.stderr
    assert "holds no departments" in result.stderr
    assert result.stderr.count("EMBEDDED_PATH") == 2, "in both languages"


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
    assert str(embedded_store.path) in result.stderr
    after = embedded_store.head(DEPARTMENTS_HISTORY)
    assert (after.last_seq, after.epoch == before.epoch) == (before.last_seq, False)


def test_an_interrupted_backup_says_that_there_is_none(
    embedded_store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded_store, "extract", interrupt)
    result = run(embedded_store, "backup", str(tmp_path / "b.backup"))
    assert result.exit_code == 1
    assert "중단했습니다" in result.stderr
    assert "백업 파일을 만들지 않았습니다" in result.stderr
    assert list(tmp_path.glob("b.backup*")) == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "복구하다 만 내용은 없습니다"),
        (StoreUnusable(["flask restore 를 다시 실행하세요"]), "flask restore 를 다시 실행하세요"),
        (StoreUnavailable("시간 초과"), "확인하지 못했습니다"),
    ],
)
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), StoreUnavailable("끊김")])
def test_a_restore_that_fails_says_what_it_has_left_in_the_store(
    embedded_store: EmbeddedStore,
    file: str,
    failure: BaseException,
    state: Exception | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object) -> None:
        raise failure

    def check() -> None:
        if state is not None:
            raise state

    monkeypatch.setattr(embedded_store, "replace", fail)
    monkeypatch.setattr(embedded_store, "check", check)
    result = run(embedded_store, "restore", file, "--force")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_and_a_dash_are_no_files(embedded_store: EmbeddedStore, tmp_path: Path) -> None:
    for name in (str(tmp_path), "-"):
        for command in ("backup", "restore"):
            result = run(embedded_store, command, name, "--force")
            assert result.exit_code == 1
            assert "일반 파일이 아닙니다" in result.stderr


def test_every_reason_for_damage_is_told_in_words() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(reading.__file__).parent.glob("*.py"))
    assert set(re.findall(r'reason="(\w+)"', source)) == set(REASONS)
