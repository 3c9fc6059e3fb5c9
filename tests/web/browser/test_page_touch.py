"""The calendar under a finger: a long press lifts an event, a swipe scrolls and a tap opens."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, day_cell, event_of, only_event, wait_until_online

pytestmark = pytest.mark.browser

LONG_PRESS_MS = 350
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
Point = tuple[float, float]


class Finger:
    """One finger on the screen, as the browser hears of it from the hardware (CDP, Input.dispatchTouchEvent)."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._page = page
        self._at: Point = (0, 0)

    def down(self, at: Point) -> None:
        self._at = at
        self._send("touchStart", at)

    def move(self, to: Point, steps: int = 8) -> None:
        (x, y), self._at = self._at, to
        for step in range(1, steps + 1):
            self._send("touchMove", (x + (to[0] - x) * step / steps, y + (to[1] - y) * step / steps))
            self._page.evaluate("new Promise(requestAnimationFrame)")

    def up(self) -> None:
        self._send("touchEnd")

    def _send(self, kind: str, *points: Point) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})


def middle(what: Any) -> Point:
    box = what.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def long_press(page: Any, finger: Finger, event: Any) -> None:
    """Until the calendar shows that it holds the event."""
    resting = event.get_attribute("class")
    finger.down(middle(event))
    page.wait_for_function(
        "([element, resting]) => element.className !== resting", arg=[event.element_handle(), resting]
    )


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    made = create_department(site, f"현장팀 {uuid.uuid4().hex[:6]}")
    create_event(site, made["id"], "출장", event_date=DAY, time="오후 2:00~3:00")
    return made


@pytest.mark.parametrize(("view", "day"), [("month", "2026-03-20"), ("week", "2026-03-13")])
def test_an_event_is_dragged_to_another_day_and_undone(
    site: Server, department: dict[str, Any], open_page: Any, view: str, day: str
) -> None:
    page = open_page(address(site.url, department["id"], view), **PHONE)
    wait_until_online(page)
    event, finger = event_of(page, "출장"), Finger(page)
    event.wait_for()
    across, down = middle(day_cell(page, day))
    target = (across, down if view == "month" else middle(event)[1])
    long_press(page, finger, event)
    finger.move(target)
    assert only_event(site, department)["event_date"] == DAY
    finger.up()
    only_event(site, department, event_date=day, time="오후 2:00~3:00")
    assert page.locator("dialog").count() == 0
    page.locator("#toasts").get_by_role("button", name="되돌리기").last.tap()
    only_event(site, department, event_date=DAY, time="오후 2:00~3:00")


@pytest.mark.parametrize("view", ["month", "week"])
def test_a_swipe_over_an_event_moves_nothing_however_slow_it_is(
    site: Server, department: dict[str, Any], open_page: Any, view: str
) -> None:
    page = open_page(address(site.url, department["id"], view), **PHONE)
    wait_until_online(page)
    event, finger = event_of(page, "출장"), Finger(page)
    event.wait_for()
    x, y = middle(event)
    finger.down((x, y))
    finger.move((x, y - 30), steps=3)
    page.wait_for_timeout(LONG_PRESS_MS + 100)
    finger.move((x, y - 150))
    assert event.count() == 1  # and no second one under the finger
    finger.up()
    event.tap()
    page.get_by_role("dialog", name="이벤트 편집").wait_for()
    unmoved = only_event(site, department)
    assert (unmoved["event_date"], unmoved["start_time"], unmoved["version"]) == (DAY, "14:00", 1)


def test_a_swipe_over_an_event_scrolls_the_hours(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"], "week"), **PHONE)
    wait_until_online(page)
    event, finger = event_of(page, "출장"), Finger(page)
    event.wait_for()
    x, y = middle(event)
    finger.down((x, y))
    finger.move((x, y + 150))
    finger.up()
    page.wait_for_function(
        "([element, y]) => element.getBoundingClientRect().y > y + 60", arg=[event.element_handle(), y]
    )
    assert only_event(site, department)["version"] == 1


def test_a_tap_opens_the_event(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]), **PHONE)
    wait_until_online(page)
    event_of(page, "출장").tap()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    assert dialog.get_by_label("제목", exact=True).input_value() == "출장"
