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


EVENTS_SHOWN = "count => document.querySelectorAll('#calendar [data-event-id]').length === count"
PERIOD_FITS = """width => {
  const period = document.querySelector('.period');
  return innerWidth === width && period.scrollWidth <= period.clientWidth;
}"""
TOOLS_FIT = """width => {
  const period = document.querySelector('.period');
  const buttons = [...document.querySelectorAll('#tools button')];
  const end = document.querySelector('#calendar').getBoundingClientRect().right;
  return innerWidth === width && period.scrollWidth <= period.clientWidth && buttons.length >= 8 &&
    buttons.every(each => each.getBoundingClientRect().right <= end + 1);
}"""
"""The period is written anew, and the calendar measured, a moment after the window has another width."""


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


@pytest.mark.parametrize(("locale", "written"), [("ko-KR", "2026년 9월"), ("en-US", "Sep 2026")])
@pytest.mark.parametrize("view", ["month", "week", "day", "list"])
def test_the_period_is_not_cut_off(
    site: Server, department: dict[str, Any], open_page: Any, view: str, locale: str, written: str
) -> None:
    page = open_page(address(site.url, department["id"], view, "2026-09-16"), **PHONE, locale=locale)
    wait_until_online(page)
    period = page.locator(".period")
    assert period.inner_text() == written
    for width in (390, 360, 320):
        page.set_viewport_size({**PHONE, "width": width})
        page.wait_for_function(PERIOD_FITS, arg=width)


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


@pytest.fixture
def crowded(site: Server, department: dict[str, Any]) -> dict[str, Any]:
    """A department with four events beside one another, and a short one."""
    for number, time in enumerate(("14:00~15:30", "14:10~16:00", "14:20~16:00", "14:30~15:30"), start=1):
        create_event(site, department["id"], f"부서장 회의 {number}", event_date=DAY, time=time)
    create_event(site, department["id"], "짧은 점검", event_date=DAY, time="11:00~11:20")
    return department


def test_of_events_beside_one_another_a_week_shows_one_and_the_others_on_demand(
    site: Server, crowded: dict[str, Any], open_page: Any
) -> None:
    page = open_page(address(site.url, crowded["id"], "week"), **PHONE)
    wait_until_online(page)
    event_of(page, "부서장 회의 1").wait_for()
    assert event_of(page, "부서장 회의").count() == 1
    page.locator("#calendar").get_by_text("+3", exact=True).click()
    others = page.get_by_role("dialog")
    for number, time in ((2, "14:10"), (3, "14:20"), (4, "14:30")):
        hidden = others.locator("[data-event-id]").filter(has_text=f"부서장 회의 {number}")
        hidden.wait_for()
        assert hidden.locator(".event-time").inner_text().startswith(time)
        assert hidden.locator(".event-time").evaluate("element => getComputedStyle(element).clipPath") == "none"
    others.get_by_text("부서장 회의 4").click()
    assert page.get_by_label("제목", exact=True).input_value() == "부서장 회의 4"


@pytest.mark.parametrize("width", [320, 390])
def test_what_a_week_shows_can_be_tapped(site: Server, department: dict[str, Any], open_page: Any, width: int) -> None:
    for number in range(3):
        create_event(site, department["id"], f"동시에 {number}", event_date=DAY, time="14:00~14:30")
    page = open_page(address(site.url, department["id"], "week"), width=width, height=844)
    wait_until_online(page)
    shown = event_of(page, "동시에")
    shown.first.wait_for()
    assert shown.count() == 1
    box = shown.bounding_box()
    share = page.evaluate(
        """([id, x, y, width, height]) => {
          const columns = [...Array(20).keys()].map((column) => x + ((column + 0.5) * width) / 20);
          const hits = columns.map((at) => document.elementFromPoint(at, y + height / 2));
          return hits.filter((hit) => hit.closest(`[data-event-id="${id}"]`)).length / hits.length;
        }""",
        [shown.get_attribute("data-event-id"), box["x"], box["y"], box["width"], box["height"]],
    )
    assert share > 0.4


@pytest.mark.parametrize(("view", "on_its_side", "upright"), [("week", 4, 1), ("day", 4, 4)])
def test_turned_on_its_side_it_shows_all_of_them(
    site: Server, crowded: dict[str, Any], open_page: Any, view: str, on_its_side: int, upright: int
) -> None:
    page = open_page(address(site.url, crowded["id"], view), **PHONE)
    wait_until_online(page)
    shown = event_of(page, "부서장 회의")
    for size, count in ((PHONE, upright), ({"width": 844, "height": 390}, on_its_side), (PHONE, upright)):
        page.set_viewport_size(size)
        page.wait_for_function(EVENTS_SHOWN, arg=count + 1)
        assert shown.count() == count


def test_narrow_paper_hides_nothing(site: Server, crowded: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, crowded["id"], "week"))
    wait_until_online(page)
    event_of(page, "부서장 회의 4").wait_for()
    page.emulate_media(media="print")
    page.set_viewport_size(PHONE)
    page.wait_for_function(PERIOD_FITS, arg=PHONE["width"])
    assert event_of(page, "부서장 회의").count() == 4
    page.emulate_media(media="screen")
    page.set_viewport_size({**PHONE, "width": 1280})
    page.wait_for_function(TOOLS_FIT, arg=1280)
    assert event_of(page, "부서장 회의").count() == 4


def test_from_a_week_to_its_day_and_back(site: Server, crowded: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, crowded["id"], "week"), **PHONE)
    wait_until_online(page)
    for view, last in (("일", "부서장 회의 4"), ("주", "부서장 회의 1"), ("일", "부서장 회의 4")):
        page.locator("#tools").get_by_role("button", name=view, exact=True).click()
        event_of(page, last).wait_for()
        page.wait_for_function(EVENTS_SHOWN, arg=int(last[-1]) + 1)


def test_titles_have_the_width_of_a_week_to_themselves(site: Server, crowded: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, crowded["id"], "week"), **PHONE)
    wait_until_online(page)
    long, short = event_of(page, "부서장 회의 1"), event_of(page, "짧은 점검")
    long.wait_for()
    assert "14:00" in long.inner_text(), "for screen readers"
    lines = "element => element.clientHeight / parseFloat(getComputedStyle(element).lineHeight)"
    assert long.locator(".event-title").evaluate(lines) > 2
    assert long.locator(".event-title").bounding_box()["y"] < long.bounding_box()["y"] + 6
    assert short.locator(".event-title").evaluate("element => element.clientHeight") <= short.bounding_box()["height"]


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("searching", [False, True])
def test_every_tool_is_beside_the_calendar(
    site: Server, department: dict[str, Any], open_page: Any, locale: str, searching: bool
) -> None:
    page = open_page(address(site.url, department["id"], "week", "2026-03-31"), locale=locale)
    wait_until_online(page)
    if searching:
        page.locator("#search-text").fill("회의")
        page.locator("#results").wait_for()
    for width in (320, 360, 699, 700, 900, 1024, 1099, 1100, 1199, 1200, 1280, 1366, 1440):
        page.set_viewport_size({**PHONE, "width": width})
        page.wait_for_function(TOOLS_FIT, arg=width)
