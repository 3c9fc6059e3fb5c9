"""What clients see, and page by page."""

from __future__ import annotations

import base64

import orjson
import pytest
from samples import department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import DepartmentNotFound, EventNotFound, Invalid
from calendar_server.services.reading import PAGE_LIMIT_MAX, EventQuery, Reading
from calendar_server.store.embedded import EmbeddedStore

TIMES = ["", "오전 9시", "오후 2:00", "아무 때나", "14:00"]


@pytest.fixture
def reading(embedded_store: EmbeddedStore) -> Reading:
    return Reading(embedded_store)


@pytest.fixture
def events(embedded_store: EmbeddedStore) -> list[CalendarEvent]:
    """Events on five days, several at the same time, in the order of their list."""
    team = department()
    made = [event(team.id, str(n), event_date=f"2024-01-{n % 5 + 1:02}", time=TIMES[n % 3]) for n in range(23)]
    embedded_store.commit([Edit(None, team)])
    embedded_store.commit([Edit(None, e) for e in made])
    return sorted(made, key=lambda e: e.sort_key)


def token(value: object) -> str:
    """A page token as a client might forge it."""
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def problems(*parameters: str | None) -> list[tuple[str, str]]:
    """Field and code of all that is wrong with from, to, limit and page."""
    with pytest.raises(Invalid) as caught:
        EventQuery.parse(*parameters)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_without_a_limit_all_events_come_in_their_order(reading: Reading, events: list[CalendarEvent]) -> None:
    page = reading.events(events[0].department_id)
    assert list(page.events) == events
    assert page.next_page is None
    assert page.held.head == reading.department_head(events[0].department_id)
    assert page.held.head.last_seq == len(events)


@pytest.mark.parametrize("limit", [1, 2, 7, 22, 23, 24, PAGE_LIMIT_MAX])
def test_pages_together_are_the_whole_list(reading: Reading, events: list[CalendarEvent], limit: int) -> None:
    collected: list[CalendarEvent] = []
    page: str | None = None
    while page is not None or not collected:
        found = reading.events(events[0].department_id, EventQuery.parse(None, None, str(limit), page))
        assert len(found.events) == min(limit, len(events) - len(collected))
        collected += found.events
        page = found.next_page
        assert (page is None) == (len(collected) == len(events))
    assert collected == events


def test_a_page_goes_on_after_an_event_that_is_gone(
    reading: Reading, embedded_store: EmbeddedStore, events: list[CalendarEvent]
) -> None:
    first = reading.events(events[0].department_id, EventQuery(limit=3))
    embedded_store.commit([Edit(events[2], None)])
    rest = reading.events(events[0].department_id, EventQuery.parse(None, None, None, first.next_page))
    assert list(rest.events) == events[3:]


def test_a_page_without_a_limit_is_limited_to_the_most(events: list[CalendarEvent]) -> None:
    assert EventQuery.parse(None, None, None, token(list(events[0].sort_key))).limit == PAGE_LIMIT_MAX
    assert EventQuery.parse(None, None, None, None).limit is None


def test_both_dates_are_inclusive(reading: Reading, events: list[CalendarEvent]) -> None:
    query = EventQuery.parse("2024-01-02", "2024-01-03", None, None)
    wanted = [e for e in events if e.event_date in ("2024-01-02", "2024-01-03")]
    assert list(reading.events(events[0].department_id, query).events) == wanted
    one_day = EventQuery.parse("2024-01-02", "2024-01-02", "2", None)
    page = reading.events(events[0].department_id, one_day)
    assert [e.event_date for e in page.events] == ["2024-01-02"] * 2
    assert page.next_page


def test_a_page_of_a_range_stays_in_the_range(reading: Reading, events: list[CalendarEvent]) -> None:
    first = reading.events(events[0].department_id, EventQuery.parse(None, "2024-01-02", "4", None))
    rest = EventQuery.parse(None, "2024-01-02", "100", first.next_page)
    wanted = [e for e in events if e.event_date <= "2024-01-02"]
    assert [*first.events, *reading.events(events[0].department_id, rest).events] == wanted


def test_all_wrong_parameters_are_named_together() -> None:
    assert sorted(problems("2024-02-30", "gestern", "0", "?")) == [
        ("from", "invalid_date"),
        ("limit", "out_of_range"),
        ("page", "invalid_page"),
        ("to", "invalid_date"),
    ]


@pytest.mark.parametrize("day", ["", " ", "2024-1-5", "2024-01-20T00:00", "20240120", "\ud800", "가"])
def test_a_date_of_the_query_is_a_real_date(day: str) -> None:
    assert [field for field, _code in problems(day, day, None, None)] == ["from", "to"]


def test_the_last_day_is_not_before_the_first() -> None:
    assert problems("2024-01-21", "2024-01-20", None, None) == [("to", "before_from")]


@pytest.mark.parametrize("limit", ["", "0", "-1", "1001", "1e3", "1.5", "+5", " 5", "５", "٣", "가", "9" * 5000])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    assert problems(None, None, limit, None) == [("limit", "out_of_range")]


FORGED = [
    *["", "?", "=", "%%%", "a", "가", "\ud800", "A" * 5000],
    *[token(value) for value in (None, 1, "abc", [], ["a"], ["a", "b"], ["a", "b", 1], ["a", "b", "c", "d"], {"a": 1})],
    base64.urlsafe_b64encode(b"[" * 3000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


@pytest.mark.parametrize("page", FORGED)
def test_a_page_that_nobody_gave_out_is_refused(page: str) -> None:
    assert problems(None, None, None, page) == [("page", "invalid_page")]


def test_departments_and_their_heads_are_read(reading: Reading, events: list[CalendarEvent]) -> None:
    team = reading.department(events[0].department_id)
    assert reading.departments().ordered == (team,)
    assert reading.departments().head == reading.departments_head()


@pytest.mark.parametrize("name", ["nowhere", DEPARTMENTS_HISTORY])
def test_a_department_that_does_not_exist_has_no_events(reading: Reading, name: str) -> None:
    for read in (reading.department, reading.department_head, reading.events):
        with pytest.raises(DepartmentNotFound):
            read(name)
    with pytest.raises(DepartmentNotFound):
        reading.event(name, "nothing")


def test_an_event_is_found_in_its_own_department_only(
    reading: Reading, embedded_store: EmbeddedStore, events: list[CalendarEvent]
) -> None:
    other = department("다른 팀")
    embedded_store.commit([Edit(None, other)])
    assert reading.event(events[0].department_id, events[0].id) == events[0]
    for owner, wanted in ((other.id, events[0].id), (events[0].department_id, "nothing")):
        with pytest.raises(EventNotFound):
            reading.event(owner, wanted)
