"""DynamoDB fails in every way it can, and nothing is lost, doubled or guessed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from faults import Faults, answer, cancelled, failing, timeout
from samples import department, event

from calendar_server.domain.changes import Edit
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.services.editing import Editing
from models import DynamoDBDatabase

LATER = "2024-02-01T00:00:00.000Z"
TRANSACTION = "TransactWriteItems"


@pytest.fixture
def db(ministack_database: DynamoDBDatabase) -> DynamoDBDatabase:
    return ministack_database


@pytest.fixture
def faults(db: DynamoDBDatabase, monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(db, monkeypatch)


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calendar_server.store.dynamodb.transactions.COMMIT_DEADLINE_SECONDS", 0.3)


def seeded(db: DynamoDBDatabase, events: int = 1) -> tuple[str, list[CalendarEvent]]:
    """A department with some events."""
    owner = department()
    db.commit([Edit(None, owner)])
    made = [event(owner.id, f"{n}") for n in range(events)]
    for start in range(0, events, db.batch_limit):
        db.commit([Edit(None, one) for one in made[start : start + db.batch_limit]])
    return owner.id, made


def stored_items(db: DynamoDBDatabase, table: str) -> list[dict[str, Any]]:
    """Everything in a table, whatever the store would show of it."""
    return [
        item for page in db.connection.pages("scan", TableName=table, ConsistentRead=True) for item in page["Items"]
    ]


@pytest.mark.parametrize(
    "fault",
    [
        failing("ProvisionedThroughputExceededException"),
        failing("ThrottlingException"),
        failing("InternalServerError", status=500),
        timeout,
    ],
)
def test_a_read_that_fails_for_a_moment_is_made_again(db: DynamoDBDatabase, faults: Faults, fault: Any) -> None:
    owner, made = seeded(db)
    faults.next("GetItem", fault, fault)
    faults.next("Query", fault)
    assert list(db.snapshot(owner).events) == made


def test_a_read_that_keeps_failing_says_so(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db)
    faults.always("Query", failing("ProvisionedThroughputExceededException"))
    with pytest.raises(StoreUnavailable) as caught:
        db.snapshot(owner)
    assert caught.value.retry_after_seconds >= 1


@pytest.mark.parametrize(
    "fault",
    [
        cancelled("TransactionConflict", "None"),
        cancelled("None", "ThrottlingError"),
        cancelled("ProvisionedThroughputExceeded"),
        failing("TransactionInProgressException"),
        timeout,
    ],
)
def test_a_transaction_that_fails_for_a_moment_is_made_again_once(
    db: DynamoDBDatabase, faults: Faults, fault: Any
) -> None:
    owner, made = seeded(db)
    faults.next(TRANSACTION, fault, fault)
    added = event(owner, "새 이벤트")
    db.commit([Edit(None, added)])
    assert {e.id for e in db.snapshot(owner).events} == {made[0].id, added.id}
    assert db.head(owner).last_seq == 2


@pytest.mark.parametrize("lost", [1, 3, 5])
def test_a_lost_answer_is_recognised_as_the_success_that_it_was(
    db: DynamoDBDatabase, faults: Faults, lost: int
) -> None:
    owner, _ = seeded(db)
    faults.lose_answers(TRANSACTION, lost)
    added = event(owner, "새 이벤트")
    changes = db.commit([Edit(None, added)])
    assert [change.seq for change in changes] == [2]
    assert db.changes_after(owner, 1, 10) == changes


def test_a_lost_answer_to_an_update_is_no_false_conflict(db: DynamoDBDatabase, faults: Faults) -> None:
    _, (made,) = seeded(db)
    faults.lose_answers(TRANSACTION, 2)
    changed = made.changed({"title": "새 제목"}, LATER)
    db.commit([Edit(made, changed)])
    assert db.get_event(made.id) == changed


def test_a_cancellation_of_a_transaction_that_had_been_applied_is_its_success(
    db: DynamoDBDatabase, faults: Faults
) -> None:
    """As on a double that ignores ClientRequestToken: the second sending fails on what the first one wrote."""
    owner, _ = seeded(db)
    faults.lose_answers(TRANSACTION, 1)
    faults.next(TRANSACTION, lambda _parameters: None, cancelled("ConditionalCheckFailed", "ConditionalCheckFailed"))
    added = event(owner, "새 이벤트")
    assert [change.seq for change in db.commit([Edit(None, added)])] == [2]
    assert db.get_event(added.id) == added


@pytest.mark.usefixtures("short_deadline")
@pytest.mark.parametrize("fault", [cancelled("TransactionConflict"), timeout, failing("ThrottlingException")])
def test_a_transaction_that_never_passes_ends_in_503_and_changes_nothing(
    db: DynamoDBDatabase, faults: Faults, fault: Any
) -> None:
    owner, made = seeded(db)
    faults.always(TRANSACTION, fault)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        db.commit([Edit(None, event(owner))])
    assert time.monotonic() - began < 5
    faults.always(TRANSACTION, None)
    assert list(db.snapshot(owner).events) == made
    assert db.head(owner).last_seq == 1


def test_another_process_in_between_is_noticed_and_the_write_made_again(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db)
    other = DynamoDBDatabase(db._settings)

    def interfere(_parameters: dict[str, Any]) -> None:
        other.commit([Edit(None, event(owner, "다른 프로세스"))])

    faults.next(TRANSACTION, interfere)
    db.commit([Edit(None, event(owner, "이 프로세스"))])
    assert [change.subject.title for change in db.changes_after(owner, 1, 10)] == ["다른 프로세스", "이 프로세스"]
    other.close()


def test_a_department_deleted_in_between_takes_no_event(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db)
    other = DynamoDBDatabase(db._settings)
    faults.next(TRANSACTION, lambda _parameters: Editing(other).delete_department(owner) and None)
    with pytest.raises(Exception, match=owner):
        db.commit([Edit(None, event(owner))])
    assert stored_items(db, db.schema.events.name) == []
    other.close()


def test_a_name_taken_in_between_is_refused(db: DynamoDBDatabase, faults: Faults) -> None:
    other = DynamoDBDatabase(db._settings)
    faults.next(TRANSACTION, lambda _parameters: other.commit([Edit(None, department("경합"))]) and None)
    with pytest.raises(Exception, match="-") as caught:
        db.commit([Edit(None, department("경합"))])
    assert type(caught.value).__name__ == "DepartmentExists"
    assert len(db.list_departments().departments) == 1
    other.close()


def test_an_index_that_lags_hides_nothing(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, made = seeded(db, events=3)
    changed = made[0].changed({"title": "바뀜"}, LATER)
    db.commit([Edit(made[0], changed)])
    db.commit([Edit(made[1], None)])
    nothing = {"Items": [], "Count": 0, "ScannedCount": 0}
    faults.always("Query", lambda parameters: answer(200, nothing) if "IndexName" in parameters else None)
    assert {e.id: e.title for e in db.snapshot(owner).events} == {changed.id: "바뀜", made[2].id: "2"}


def test_an_index_that_shows_what_is_deleted_or_outdated_is_corrected(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, made = seeded(db, events=2)
    stale = stored_items(db, db.schema.events.name)
    changed = made[0].changed({"title": "바뀜"}, LATER)
    db.commit([Edit(made[0], changed)])
    db.commit([Edit(made[1], None)])
    page = {"Items": stale, "Count": 2, "ScannedCount": 2}
    faults.always("Query", lambda parameters: answer(200, page) if "IndexName" in parameters else None)
    assert db.snapshot(owner).events == (changed,)


def test_every_page_is_read(db: DynamoDBDatabase) -> None:
    owner, made = seeded(db, events=40)
    events = db.connection.client.meta.events
    for operation in ("Query", "Scan"):
        events.register(f"provide-client-params.dynamodb.{operation}", lambda params, **_: {**params, "Limit": 7})
    assert len(db.snapshot(owner).events) == len(made)
    assert len(db.changes_after(owner, 0, 1000)) == len(made)
    for n in range(9):
        db.commit([Edit(None, department(f"팀 {n}"))])
    assert len(db.list_departments().departments) == 10


def test_unprocessed_items_are_sent_again(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db, events=30)

    def take_none(parameters: dict[str, Any]) -> Any:
        return answer(200, {"UnprocessedItems": parameters["RequestItems"]})

    def take_some(parameters: dict[str, Any]) -> Any:
        ((table, requests),) = parameters["RequestItems"].items()
        db.connection.client.batch_write_item(RequestItems={table: requests[:5]})
        return answer(200, {"UnprocessedItems": {table: requests[5:]}})

    faults.next("BatchWriteItem", take_none, take_some)
    Editing(db).delete_department(owner)
    assert stored_items(db, db.schema.events.name) == []
    assert faults.seen["BatchWriteItem"] >= 5


def test_a_deletion_cut_off_half_way_is_finished_by_the_next_start(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db, events=60)
    faults.next("BatchWriteItem", lambda _parameters: None)
    faults.always("BatchWriteItem", failing("ProvisionedThroughputExceededException"))
    Editing(db).delete_department(owner)
    assert 0 < len(stored_items(db, db.schema.events.name)) < 60
    after_restart = DynamoDBDatabase(db._settings)
    assert after_restart.finish_deletions() is True
    assert stored_items(db, db.schema.events.name) == []
    rows = stored_items(db, db.schema.changes.name)
    assert {row["history"]["S"] for row in rows if row["seq"]["N"] != "0"} == {"departments"}
    assert after_restart.finish_deletions() is False
    after_restart.close()


def test_deleting_again_finishes_what_was_cut_off(db: DynamoDBDatabase, faults: Faults) -> None:
    owner, _ = seeded(db, events=3)
    faults.always("BatchWriteItem", failing("ProvisionedThroughputExceededException"))
    editing = Editing(db)
    editing.delete_department(owner)
    faults.always("BatchWriteItem", None)
    editing.delete_department(owner)
    assert stored_items(db, db.schema.events.name) == []
    with pytest.raises(Exception, match=owner):
        editing.delete_department(owner)


def test_a_department_with_ten_thousand_events_is_deleted_with_all_of_them(db: DynamoDBDatabase) -> None:
    owner, _ = seeded(db)
    key = {"department_id": {"S": owner}, "event_date": {"S": "2024-01-01"}, "title": {"S": "많음"}}
    puts = [{"PutRequest": {"Item": {"id": {"S": f"e{n}"}, **key}}} for n in range(9_999)]
    db.connection.write_batch(db.schema.events.name, puts)
    assert len(db.snapshot(owner).events) == 10_000
    Editing(db).delete_department(owner)
    assert stored_items(db, db.schema.events.name) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (failing("UnrecognizedClientException"), "✗ DynamoDB 연결 실패: 자격증명 오류"),
        (failing("ExpiredTokenException"), "✗ DynamoDB 연결 실패: 자격증명 오류"),
        (
            failing("AccessDeniedException", "User: x is not authorized to perform: dynamodb:Query on resource: y"),
            "권한 부족.*dynamodb:Query",
        ),
        (failing("ResourceNotFoundException"), "'.*events' 테이블이 없습니다.*create_tables"),
    ],
)
def test_what_an_administrator_must_mend_is_named(db: DynamoDBDatabase, faults: Faults, fault: Any, words: str) -> None:
    owner, _ = seeded(db)
    faults.always("Query", fault)
    with pytest.raises(StoreUnusable, match=words):
        db.snapshot(owner)
    faults.always("Query", None)
    faults.always(TRANSACTION, fault)
    with pytest.raises(StoreUnusable):
        db.commit([Edit(None, event(owner))])
