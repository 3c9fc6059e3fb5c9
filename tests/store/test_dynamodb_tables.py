"""Tables: made, made again, taken over from an earlier version, and described to whoever must mend them."""

from __future__ import annotations

from typing import Any

import pytest
from doubles import TABLE_NAMES
from faults import Faults, failing
from samples import department, event

from calendar_server.config import Settings
from calendar_server.domain.changes import Edit
from calendar_server.errors import DepartmentExists, StoreUnavailable, StoreUnusable
from calendar_server.services.editing import Editing
from models import DynamoDBDatabase

LATER = "2024-02-01T00:00:00.000Z"
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}


def quiet(_line: str) -> None:
    """Reports nothing."""


def legacy_tables(
    endpoint: str, *, indexes: bool = False, events_key: tuple[str, ...] = ("id", "department_id")
) -> Settings:
    """The two tables of the first version, as its CLI instructions made them, with some items."""
    settings = TABLE_NAMES.settings(endpoint)
    client = DynamoDBDatabase(settings).connection.client
    for table, keys, index in (
        (settings.departments_table, ("id",), ("name-index", ("name",))),
        (settings.events_table, events_key, ("department-date-index", ("department_id", "event_date"))),
    ):
        names = {*keys, *(index[1] if indexes else ())}
        extra: dict[str, Any] = {}
        if indexes:
            keyed = {"IndexName": index[0], "KeySchema": schema(index[1]), "Projection": {"ProjectionType": "ALL"}}
            extra["GlobalSecondaryIndexes"] = [keyed]
        client.create_table(
            TableName=table,
            KeySchema=schema(keys),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
            **ON_DEMAND,
            **extra,
        )
    for item in LEGACY_DEPARTMENTS:
        client.put_item(TableName=settings.departments_table, Item=item)
    for item in LEGACY_EVENTS:
        client.put_item(TableName=settings.events_table, Item=item)
    return settings


def schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": role} for name, role in zip(keys, ("HASH", "RANGE"), strict=False)]


LEGACY_DEPARTMENTS = [
    {"id": {"S": "dev"}, "name": {"S": "개발팀"}, "created_at": {"S": "2023-05-01T09:00:00"}, "color": {"S": "#fff"}},
    {"id": {"S": "sales"}, "name": {"S": "Sales"}, "description": {"NULL": True}, "created_at": {"S": LATER}},
]
LEGACY_EVENTS = [
    {
        "id": {"S": "e1"},
        "department_id": {"S": "dev"},
        "event_date": {"S": "2024-1-5"},
        "title": {"S": "오래된 회의"},
        "attendees": {"L": [{"S": "철수"}]},
    },
    {
        "id": {"S": "e2"},
        "department_id": {"S": "dev"},
        "event_date": {"S": "2024-01-06"},
        "title": {"S": "둘째"},
        "time": {"NULL": True},
        "priority": {"N": "1.5"},
    },
]


def raw(db: DynamoDBDatabase, event_id: str) -> dict[str, Any]:
    (item,) = db._reads.events_with_id(event_id)
    return item


@pytest.fixture(params=[("id", "department_id"), ("id",)], ids=["composite key", "id alone"])
def legacy(request: pytest.FixtureRequest, ministack: str) -> DynamoDBDatabase:
    """A database on tables of the first version."""
    db = DynamoDBDatabase(legacy_tables(ministack, events_key=request.param))
    db.create_tables(report=quiet)
    return db


def test_tables_of_an_earlier_version_are_named_as_incomplete(ministack: str) -> None:
    db = DynamoDBDatabase(legacy_tables(ministack))
    with pytest.raises(StoreUnusable) as caught:
        db.check()
    text = str(caught.value)
    assert "'name-index' 인덱스가 없습니다" in text
    assert "'department-date-index' 인덱스가 없습니다" in text
    assert f"'{db.schema.changes.name}' 테이블이 없습니다." in text
    assert "create_tables()" in text


def test_create_tables_adds_what_is_missing_and_rewrites_nothing(ministack: str) -> None:
    db = DynamoDBDatabase(legacy_tables(ministack))
    db.create_tables(report=quiet)
    db.check()
    for table, items in (
        (db.schema.departments.name, LEGACY_DEPARTMENTS),
        (db.schema.events.name, LEGACY_EVENTS),
    ):
        found = [item for page in db.connection.pages("scan", TableName=table) for item in page["Items"]]
        assert sorted(found, key=lambda item: item["id"]["S"]) == items


def test_items_of_an_earlier_version_count_as_version_one(legacy: DynamoDBDatabase) -> None:
    assert [(d.name, d.version) for d in legacy.list_departments().departments] == [("개발팀", 1), ("Sales", 1)]
    first, second = legacy.snapshot("dev").events
    assert (first.event_date, first.title, first.version) == ("2024-01-05", "오래된 회의", 1)
    assert (second.time, second.version) == ("", 1)
    assert legacy.get_department("dev").created_at == "2023-05-01T09:00:00.000Z"
    assert legacy.head("dev").last_seq == 0


def test_an_edit_of_an_earlier_item_keeps_what_else_stands_in_it(legacy: DynamoDBDatabase) -> None:
    editing = Editing(legacy)
    changed = editing.update_event("e1", {"title": "새 제목"}).subject
    assert (changed.version, legacy.get_event("e1")) == (2, changed)
    assert raw(legacy, "e1")["attendees"] == {"L": [{"S": "철수"}]}
    assert legacy.head("dev").last_seq == 1
    editing.update_department("dev", {"description": "설명"})
    item = legacy._reads.department_item("dev")
    assert item["color"] == {"S": "#fff"}


def test_a_move_of_an_earlier_item_keeps_what_else_stands_in_it(legacy: DynamoDBDatabase) -> None:
    moved = Editing(legacy).update_event("e2", {"department_id": "sales"}).subject
    assert legacy.snapshot("sales").events == (moved,)
    assert [e.id for e in legacy.snapshot("dev").events] == ["e1"]
    assert raw(legacy, "e2")["priority"] == {"N": "1.5"}


def test_names_of_earlier_departments_are_taken(legacy: DynamoDBDatabase) -> None:
    with pytest.raises(DepartmentExists):
        legacy.commit([Edit(None, department("SALES"))])


def test_an_earlier_department_is_deleted_with_its_events(legacy: DynamoDBDatabase) -> None:
    editing = Editing(legacy)
    kept = editing.update_event("e2", {"department_id": "sales"}).subject
    editing.delete_department("dev")
    scanned = legacy.connection.pages("scan", TableName=legacy.schema.events.name)
    assert [item["id"]["S"] for page in scanned for item in page["Items"]] == ["e2"]
    assert legacy.get_event("e2") == kept


def test_an_id_is_used_once_also_where_id_is_the_whole_key(legacy: DynamoDBDatabase) -> None:
    with pytest.raises(Exception, match="e1"):
        legacy.commit([Edit(None, event("sales", id="e1"), id_from_client=True)])
    assert legacy.get_event("e1").department_id == "dev"


def test_without_its_index_a_list_is_still_complete(ministack: str) -> None:
    db = DynamoDBDatabase(legacy_tables(ministack))
    (changes, records) = (db.schema.changes, db.schema.records)
    for table in (changes, records):
        db.tables._create_table(table, "on-demand")
    assert [e.id for e in db.snapshot("dev").events] == ["e1", "e2"]
    added = event("dev")
    db.commit([Edit(None, added)])
    assert added in db.snapshot("dev").events


def test_tables_with_their_indexes_are_taken_over_as_they_are(ministack: str) -> None:
    db = DynamoDBDatabase(legacy_tables(ministack, indexes=True))
    db.create_tables(report=quiet)
    db.check()
    assert [e.id for e in db.snapshot("dev").events] == ["e1", "e2"]


def test_create_tables_can_be_called_again(database: DynamoDBDatabase) -> None:
    database.commit([Edit(None, department())])
    lines: list[str] = []
    database.create_tables(report=lines.append)
    database.create_tables(report=lines.append)
    assert len(lines) == 8
    assert all("준비됨" in line for line in lines)
    assert len(database.list_departments().departments) == 1


def test_new_tables_have_the_keys_and_indexes_that_users_know(database: DynamoDBDatabase) -> None:
    departments = database.tables.describe(database.schema.departments.name)
    events = database.tables.describe(database.schema.events.name)
    assert departments is not None
    assert events is not None
    assert departments["KeySchema"] == schema(("id",))
    assert events["KeySchema"] == schema(("id", "department_id"))
    (name_index,) = departments["GlobalSecondaryIndexes"]
    (date_index,) = events["GlobalSecondaryIndexes"]
    assert (name_index["IndexName"], name_index["KeySchema"]) == ("name-index", schema(("name",)))
    assert (date_index["IndexName"], date_index["KeySchema"]) == (
        "department-date-index",
        schema(("department_id", "event_date")),
    )
    assert events["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_rows_that_expire_are_left_to_dynamodb(database: DynamoDBDatabase) -> None:
    for table in (database.schema.changes, database.schema.records):
        answer = database.connection.call("describe_time_to_live", TableName=table.name)
        assert answer["TimeToLiveDescription"]["AttributeName"] == "expires_at"


def test_heads_never_expire_and_changes_do(database: DynamoDBDatabase) -> None:
    owner = department()
    database.commit([Edit(None, owner)])
    database.commit([Edit(None, event(owner.id))])
    rows = [
        item
        for page in database.connection.pages("scan", TableName=database.schema.changes.name)
        for item in page["Items"]
    ]
    assert {row["seq"]["N"] == "0": "expires_at" in row for row in rows} == {True: False, False: True}


def test_provisioned_throughput_is_as_asked(ministack: str) -> None:
    settings = TABLE_NAMES.settings(ministack)
    provisioned = Settings(
        **{name: getattr(settings, name) for name in Settings.__slots__ if name != "billing_mode"},
        billing_mode="provisioned",
    )
    db = DynamoDBDatabase(provisioned)
    db.create_tables(report=quiet)
    departments, events = (db.tables.describe(t.name) for t in (db.schema.departments, db.schema.events))
    assert departments is not None
    assert events is not None
    assert units(departments) == units(events) == (10, 10)
    assert units(departments["GlobalSecondaryIndexes"][0]) == (5, 5)
    assert units(events["GlobalSecondaryIndexes"][0]) == (10, 10)


def units(described: dict[str, Any]) -> tuple[int, int]:
    throughput = described["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def test_a_table_with_other_keys_is_not_touched(ministack: str) -> None:
    settings = TABLE_NAMES.settings(ministack)
    db = DynamoDBDatabase(settings)
    db.connection.client.create_table(
        TableName=settings.changes_table,
        KeySchema=schema(("pk",)),
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        **ON_DEMAND,
    )
    with pytest.raises(StoreUnusable, match=r"\(history, seq\).*CHANGES_TABLE"):
        db.create_tables(report=quiet)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (failing("UnrecognizedClientException"), "✗ DynamoDB 연결 실패: 자격증명 오류"),
        (
            failing("AccessDeniedException", "User: x is not authorized to perform: dynamodb:DescribeTable on y"),
            "✗ DynamoDB 연결 실패: 권한 부족.dynamodb:DescribeTable",
        ),
    ],
)
def test_create_tables_says_what_is_missing(
    ministack: str, monkeypatch: pytest.MonkeyPatch, fault: Any, words: str
) -> None:
    db = DynamoDBDatabase(TABLE_NAMES.settings(ministack))
    Faults(db, monkeypatch).always("DescribeTable", fault)
    with pytest.raises(StoreUnusable, match=words):
        db.create_tables(report=quiet)


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    db = DynamoDBDatabase(Settings(store="dynamodb", aws_region="ap-northeast-2"))
    with pytest.raises(StoreUnusable, match=r"✗ DynamoDB 연결 실패: 자격증명 오류.*AWS_ACCESS_KEY_ID"):
        db.create_tables(report=quiet)


def test_a_missing_region_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreUnusable, match=r"✗ DynamoDB 연결 실패: 리전.*AWS_REGION"):
        DynamoDBDatabase(Settings(store="dynamodb")).create_tables(report=quiet)


def test_an_address_where_nobody_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    db = DynamoDBDatabase(TABLE_NAMES.settings("http://127.0.0.1:1"))
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    with pytest.raises(StoreUnavailable, match=r"✗ DynamoDB 연결 실패: http://127\.0\.0\.1:1.*접속할 수 없습니다"):
        db.check()


def test_two_processes_may_create_the_tables_at_once(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = DynamoDBDatabase(TABLE_NAMES.settings(ministack))
    faults = Faults(db, monkeypatch)
    other = DynamoDBDatabase(db._settings)
    faults.next("CreateTable", lambda _parameters: other.create_tables(report=quiet))
    db.create_tables(report=quiet)
    db.check()
