"""Tables that AWS has brought back to a second in which a transaction had reached only some of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backup.whole_stores import content
from samples import department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.store.contract import Store


@pytest.fixture
def torn(opening: Callable[[str], Store], tmp_path: Path) -> Any:
    """Two departments with events; ``rows`` are the items of one table, ``whole`` is how it ought to be."""
    store: Any = opening("moto")
    store.first, store.second = department("개발팀"), department("영업팀")
    for each in (store.first, store.second):
        store.commit([Edit(None, each)])
    store.made = [event(store.first.id, f"회의 {number}") for number in range(4)]
    store.commit([Edit(None, each) for each in store.made])
    return store


def rows(store: Any, table: str) -> list[Any]:
    name = getattr(store.schema, table).name
    return [item for page in store.connection.pages("scan", TableName=name) for item in page["Items"]]


def put_back(store: Any, table: str, items: list[Any]) -> None:
    """Bring one table to an earlier state, whatever the others hold."""
    found = getattr(store.schema, table)
    for item in rows(store, table):
        key = {key.name: item[key.name] for key in found.keys}
        store.connection.call("delete_item", TableName=found.name, Key=key)
    for item in items:
        store.connection.call("put_item", TableName=found.name, Item=item)


def write(store: Any) -> None:
    made = store.made
    changed = replace(made[0], title="바뀐 회의", version=2)
    store.commit([Edit(made[0], changed), Edit(made[1], None), Edit(None, event(store.first.id, "새 회의"))])
    store.commit([Edit(made[2], replace(made[2], department_id=store.second.id, version=2))])
    store.commit([Edit(store.second, replace(store.second, name="영업본부", version=2))])
    store.commit([Edit(None, department("새 팀"))])


@pytest.mark.parametrize("behind", ["events", "departments"])
def test_objects_that_are_behind_are_brought_to_where_the_histories_are(torn: Any, behind: str, tmp_path: Path) -> None:
    earlier = rows(torn, behind)
    write(torn)
    whole = content(torn, tmp_path)
    put_back(torn, behind, earlier)
    torn.renew_epochs()
    assert content(torn, tmp_path) == whole
    assert {item["id"]["S"]: item["version"]["N"] for item in rows(torn, "events")} == {
        each.id: str(each.version) for events in whole["events"].values() for each in events
    }


def test_a_department_whose_deletion_reached_only_the_history_is_gone(torn: Any) -> None:
    departments, events = rows(torn, "departments"), rows(torn, "events")
    torn.commit([Edit(torn.first, None)])
    put_back(torn, "departments", departments)
    put_back(torn, "events", events)
    torn.renew_epochs()
    assert torn.list_departments().departments == (torn.second,)
    assert torn.finish_deletions()
    assert rows(torn, "events") == []


@pytest.mark.parametrize("history", ["list", "department"])
def test_a_head_that_is_behind_its_changes_catches_up(torn: Any, history: str) -> None:
    name = DEPARTMENTS_HISTORY if history == "list" else torn.first.id
    last = torn.head(name).last_seq
    torn.connection.call(
        "update_item",
        TableName=torn.schema.changes.name,
        Key={"history": {"S": name}, "seq": {"N": "0"}},
        UpdateExpression="SET last_seq = :behind",
        ExpressionAttributeValues={":behind": {"N": str(last - 1)}},
    )
    torn.renew_epochs()
    assert torn.head(name).last_seq == last
    torn.commit([Edit(None, event(torn.first.id))])
    assert torn.head(torn.first.id).last_seq == 5


def test_objects_that_are_ahead_stay_and_keep_what_the_server_does_not_know(torn: Any) -> None:
    changes = rows(torn, "changes")
    write(torn)
    key = {"id": {"S": torn.made[0].id}, "department_id": {"S": torn.first.id}}
    torn.connection.call(
        "update_item",
        TableName=torn.schema.events.name,
        Key=key,
        UpdateExpression="SET color = :color",
        ExpressionAttributeValues={":color": {"S": "파랑"}},
    )
    put_back(torn, "changes", changes)
    torn.renew_epochs()
    item = torn.connection.call("get_item", TableName=torn.schema.events.name, Key=key)["Item"]
    assert (item["version"], item["color"]) == ({"N": "2"}, {"S": "파랑"})
