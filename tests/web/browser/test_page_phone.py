"""On a phone: which days are shown can always be read, and the list begins where its reader is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, event_of, wait_until_online

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
SCROLLED = """element => {
  const list = element.closest('[role=list]').parentElement;
  return element.getBoundingClientRect().top - list.getBoundingClientRect().top;
}"""


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    return create_department(site, f"시설팀 {uuid.uuid4().hex[:6]}")


@pytest.fixture
def busy(site: Server, department: dict[str, Any]) -> dict[str, Any]:
    """A department with one event on each day of the month but one, the day that is opened."""
    for number in range(1, 31):
        if number != int(DAY[-2:]):
            create_event(site, department["id"], f"당직 {number}", event_date=f"2026-03-{number:02}")
    return department


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_week_says_which_days_it_shows(
    site: Server, department: dict[str, Any], open_page: Any, locale: str
) -> None:
    page = open_page(address(site.url, department["id"], "week"), **PHONE, locale=locale)
    wait_until_online(page)
    heads = page.locator("#calendar .day-head-number")
    heads.first.wait_for()
    assert heads.all_inner_texts() == ["8", "9", "10", "11", "12", "13", "14"]


@pytest.mark.parametrize("view", ["month", "week", "day", "list"])
def test_the_period_is_not_cut_off(site: Server, department: dict[str, Any], open_page: Any, view: str) -> None:
    page = open_page(address(site.url, department["id"], view), **PHONE)
    wait_until_online(page)
    period = page.locator(".period")
    assert period.inner_text().startswith("2026년 3월")
    assert period.evaluate("element => element.scrollWidth <= element.clientWidth"), period.inner_text()


def test_a_week_of_two_months_names_both(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"], "week", "2026-03-31"), **PHONE)
    wait_until_online(page)
    period = page.locator(".period")
    assert period.inner_text() == "3월 ~ 4월"
    assert period.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_the_list_begins_at_the_next_day_with_events(site: Server, busy: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, busy["id"], "list"), **PHONE)
    wait_until_online(page)
    row = event_of(page, "당직 12")
    row.wait_for()
    page.wait_for_function("([find, row]) => eval(find)(row) < 60", arg=[f"({SCROLLED})", row.element_handle()])
    assert event_of(page, "당직 10").evaluate(SCROLLED) < 0


def test_a_list_that_was_scrolled_stays_there_when_others_add_to_it(
    site: Server, busy: dict[str, Any], open_page: Any
) -> None:
    page = open_page(address(site.url, busy["id"], "list"), **PHONE)
    wait_until_online(page)
    event_of(page, "당직 12").wait_for()
    page.mouse.move(200, 500)
    page.mouse.wheel(0, -20_000)
    page.wait_for_function(
        "([find, row]) => eval(find)(row) > 0", arg=[f"({SCROLLED})", event_of(page, "당직 1").first.element_handle()]
    )
    create_event(site, busy["id"], "추가 근무", event_date="2026-03-30")
    event_of(page, "추가 근무").wait_for()
    assert event_of(page, "당직 1").first.evaluate(SCROLLED) > 0
