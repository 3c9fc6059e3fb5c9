"""Restores that end in the middle: nothing of them is served, and the next run makes them whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup.whole_stores import CutOff, MadeUp, content, fill
from flask import Flask
from samples import department, event

from calendar_server.api import register
from calendar_server.backup.restoring import opened
from calendar_server.backup.writing import back_up
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, DepartmentList, Edit, Head
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.services.calendar import Calendar
from calendar_server.store.contract import Store
from calendar_server.store.dynamodb import replacing
from calendar_server.store.embedded import EmbeddedStore

ROOT = Path(__file__).parents[2]
Opening = Callable[[str], Store]


def to_nobody(_told: object) -> None:
    pass


@pytest.fixture
def backup(tmp_path: Path) -> Any:
    """A backup of a store with something of everything, and what that store holds as ``whole``."""
    source = EmbeddedStore(tmp_path / "source.sqlite3")
    fill(source)
    back_up(source, tmp_path / "a.backup", to_nobody)
    found: Any = opened(tmp_path / "a.backup", to_nobody)
    found.whole = content(source, tmp_path)
    source.close()
    return found


@pytest.fixture
def half_restored(opening: Opening, backup: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """DynamoDB tables in which a restore was cut off after some of its events."""
    monkeypatch.setattr(replacing, "ITEMS_AT_A_TIME", 5)
    store = opening("moto")
    with pytest.raises(KeyboardInterrupt):
        store.replace(CutOff(backup, after=17))
    return store


def test_half_a_restore_is_not_served(half_restored: Any, backup: Any) -> None:
    app = Flask("calendar_server")
    register(app, Calendar(half_restored))
    client = app.test_client()
    department_id = next(iter(backup.heads))
    event_id = next(backup.events()).id
    for path in ("/readyz", "/api/departments", f"/api/events/{department_id}", f"/api/sync/{department_id}"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["error"]) == (503, "store_unavailable"), path
    assert client.put(f"/api/events/{event_id}", json={"title": "쓰기"}).status_code == 503
    assert client.post("/api/departments", json={"name": "쓰기"}).status_code == 503
    assert client.delete(f"/api/departments/{department_id}").status_code == 503
    with pytest.raises(StoreUnusable, match="flask restore"):
        half_restored.check()


def test_the_next_restore_starts_over_without_being_forced(half_restored: Any, backup: Any, tmp_path: Path) -> None:
    assert not half_restored.would_lose(backup)
    half_restored.replace(backup)
    half_restored.check()
    assert content(half_restored, tmp_path) == backup.whole


def test_another_backup_may_take_the_place_of_half_a_restore(half_restored: Any, tmp_path: Path) -> None:
    other = MadeUp(3)
    assert not half_restored.would_lose(other)
    half_restored.replace(other)
    assert list(content(half_restored, tmp_path)["numbers"].values()) == [1, 3]


def test_a_restore_that_was_cut_off_while_it_appeared_goes_on_and_loses_no_write(
    opening: Opening, backup: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = opening("moto")
    publish, published = store._replacement._publish_department, []

    def cut_off(department: Any, head: Any) -> None:
        if published:
            raise KeyboardInterrupt
        published.append(department.id)
        publish(department, head)

    monkeypatch.setattr(store._replacement, "_publish_department", cut_off)
    with pytest.raises(KeyboardInterrupt):
        store.replace(backup)
    monkeypatch.undo()
    with pytest.raises(StoreUnusable):
        store.check()
    store.commit([Edit(None, written := event(published[0]))])
    assert store.would_lose(MadeUp(1))
    assert not store.would_lose(backup)
    store.replace(backup)
    assert store.get_event(written.id) == written
    assert store.head(published[0]).last_seq == backup.heads[published[0]].last_seq + 1
    assert store.list_departments().departments == backup.departments.departments


def test_of_two_restores_at_once_the_earlier_gives_up(opening: Opening, backup: Any, tmp_path: Path) -> None:
    store = opening("moto")

    class Overtaken(CutOff):
        def changes(self) -> Any:
            store.replace(backup)
            return iter(())

    with pytest.raises(StoreUnavailable, match="another restore"):
        store.replace(Overtaken(MadeUp(2), after=99))
    assert store.list_departments().departments == backup.departments.departments


def test_a_running_server_reads_the_old_content_of_an_embedded_store_until_the_new_is_whole(
    embedded_store: EmbeddedStore, backup: Any, tmp_path: Path
) -> None:
    fill(embedded_store)
    before = content(embedded_store, tmp_path)
    other = EmbeddedStore(embedded_store.path)
    with pytest.raises(KeyboardInterrupt):
        other.replace(CutOff(backup, after=17))
    assert content(embedded_store, tmp_path) == before
    other.replace(backup)
    assert content(embedded_store, tmp_path) == backup.whole
    other.close()


def command(file: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """``flask restore`` in a process of its own."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(file.parent), "LANG": "C.UTF-8", **settings}
    flask = str(Path(sys.executable).parent / "flask")
    arguments = [flask, "--app", str(ROOT / "app"), "restore", str(file)]
    return subprocess.Popen(arguments, cwd=file.parent, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def killed_when(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """Kill -9 as soon as ``condition`` holds, which must be while it still runs."""
    deadline = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()


def finished(process: subprocess.Popen[bytes]) -> None:
    output = process.communicate(timeout=60)
    assert process.returncode == 0, output


@pytest.fixture
def large_backup(tmp_path: Path) -> Path:
    """Of a store with some thousand events."""
    source = EmbeddedStore(tmp_path / "source.sqlite3")
    source.replace(MadeUp(2_500))
    back_up(source, tmp_path / "large.backup", to_nobody)
    source.close()
    return tmp_path / "large.backup"


def test_killed_in_an_embedded_store_it_leaves_the_store_as_it_was(large_backup: Path) -> None:
    path = large_backup.with_name("target.sqlite3")
    EmbeddedStore(path).close()
    log = path.with_name(f"{path.name}-wal")
    settings = {"STORE": "embedded", "EMBEDDED_PATH": str(path)}
    killed_when(command(large_backup, settings), lambda: log.exists() and log.stat().st_size > 200_000)
    store = EmbeddedStore(path)
    assert store.list_departments().departments == ()
    assert store.head(DEPARTMENTS_HISTORY).last_seq == 0
    store.close()
    finished(command(large_backup, settings))
    store = EmbeddedStore(path)
    department_id = store.list_departments().departments[0].id
    assert len(store.snapshot(department_id).events) == store.head(department_id).last_seq == 2_500
    store.close()


def test_killed_in_dynamodb_it_says_so_and_is_made_whole_by_the_next_run(opening: Opening, large_backup: Path) -> None:
    store: Any = opening("ministack")
    settings = {
        "STORE": "dynamodb",
        "AWS_REGION": "ap-northeast-2",
        "DYNAMODB_ENDPOINT_URL": store._settings.dynamodb_endpoint_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        **{table.variable: table.name for table in store.schema.tables},
    }
    killed_when(command(large_backup, settings), lambda: not store.would_lose(MadeUp(0)) and some_events(store))
    with pytest.raises(StoreUnusable, match="flask restore"):
        store.list_departments()
    finished(command(large_backup, settings))
    department_id = store.list_departments().departments[0].id
    assert len(store.snapshot(department_id).events) == store.head(department_id).last_seq == 2_500


def some_events(store: Any) -> bool:
    page: Any = store.connection.call("scan", TableName=store.schema.events.name, Limit=1, Select="COUNT")
    return bool(page["Count"])


def test_a_missing_table_is_found_before_anything_is_removed(opening: Opening, backup: Any, tmp_path: Path) -> None:
    store: Any = opening("moto")
    fill(store)
    departments = store.list_departments()
    store.connection.call("delete_table", TableName=store.schema.records.name)
    with pytest.raises(StoreUnusable, match=store.schema.records.name):
        store.replace(backup)
    assert store.list_departments() == departments


@pytest.mark.parametrize("kind", ["moto", "ministack"])
def test_old_items_without_what_the_indexes_are_keyed_by_are_restored(
    kind: str, opening: Opening, tmp_path: Path
) -> None:
    source, target = opening(kind), opening(kind)
    old: Any = source
    put = old.connection.call
    put("put_item", TableName=old.schema.departments.name, Item={"id": {"S": "이름 없는 팀"}})
    key = {"id": {"S": "날짜 없는 회의"}, "department_id": {"S": "이름 없는 팀"}}
    put("put_item", TableName=old.schema.events.name, Item={**key, "title": {"S": "회의"}})
    with source.extract(tmp_path) as extract:
        target.replace(extract)
    assert target.list_departments().departments == source.list_departments().departments
    assert target.get_event("날짜 없는 회의") == source.get_event("날짜 없는 회의")


def test_departments_of_one_name_are_named_before_an_embedded_store_is_changed(
    embedded_store: EmbeddedStore, tmp_path: Path
) -> None:
    fill(embedded_store)
    before = content(embedded_store, tmp_path)
    source = MadeUp(1)
    source.departments = DepartmentList(Head(2, "a"), (department("Team"), department("team")))
    with pytest.raises(StoreUnusable, match="Team, team"):
        embedded_store.replace(source)
    assert content(embedded_store, tmp_path) == before
