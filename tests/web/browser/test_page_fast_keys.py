"""No key is lost however fast they come, and the focus stays on what it is on when that is drawn anew."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, day_cell, event_of, only_event, wait_until_online

pytestmark = pytest.mark.browser

FOCUSED_DAY = "document.activeElement.dataset.date"
FOCUSED_EVENT = "document.activeElement.dataset.eventId"


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    return create_department(site, f"속기팀 {uuid.uuid4().hex[:6]}")


def press(page: Any, key: str, times: int) -> None:
    """Without a pause: some milliseconds lie between the presses."""
    for _ in range(times):
        page.keyboard.press(key)


def wait_for_focus(page: Any, expression: str, wanted: str) -> None:
    page.wait_for_function(f"wanted => {expression} === wanted", arg=wanted)


def wait_until_drawn_anew(page: Any, act: Any) -> None:
    """Until the library has put something else in the place of the event that has the focus."""
    old = page.evaluate_handle("document.activeElement")
    act()
    page.wait_for_function("old => !old.isConnected", arg=old)


@pytest.mark.parametrize(
    ("view", "key", "times", "reached"),
    [
        ("month", "ArrowRight", 12, "2026-03-23"),
        ("month", "ArrowDown", 7, "2026-04-29"),
        ("month", "ArrowUp", 5, "2026-02-04"),
        ("week", "ArrowRight", 15, "2026-03-26"),
        ("day", "ArrowLeft", 9, "2026-03-02"),
    ],
)
def test_every_press_is_one_day_even_where_the_view_turns(
    site: Server, department: dict[str, Any], open_page: Any, view: str, key: str, times: int, reached: str
) -> None:
    page = open_page(address(site.url, department["id"], view))
    wait_until_online(page)
    day_cell(page, DAY).focus()
    press(page, key, times)
    wait_for_focus(page, FOCUSED_DAY, reached)
    press(page, "Enter", 1)
    assert page.get_by_role("dialog", name="새 이벤트").get_by_label("날짜").input_value() == reached


def test_every_press_is_one_event(site: Server, department: dict[str, Any], open_page: Any) -> None:
    made = [
        create_event(site, department["id"], f"교대 {day:02}", event_date=f"2026-03-{day:02}") for day in range(1, 15)
    ]
    page = open_page(address(site.url, department["id"], "list"))
    wait_until_online(page)
    event_of(page, "교대 02").focus()
    press(page, "ArrowDown", 9)
    assert page.evaluate(FOCUSED_EVENT) == made[10]["id"]
    press(page, "ArrowUp", 4)
    assert page.evaluate(FOCUSED_EVENT) == made[6]["id"]


def test_an_event_is_moved_by_every_press_and_followed_over_the_month(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "순회 점검", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "순회 점검").focus()
    press(page, "Alt+ArrowRight", 4)
    only_event(site, department, event_date="2026-03-15")
    wait_for_focus(page, FOCUSED_EVENT, event["id"])
    press(page, "Alt+ArrowDown", 5)
    only_event(site, department, event_date="2026-04-19")
    page.locator("#tools h2", has_text="2026년 4월").wait_for()
    wait_for_focus(page, FOCUSED_EVENT, event["id"])


def test_an_event_that_another_changes_keeps_the_focus(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "공동 작업", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "공동 작업").focus()

    def rename() -> None:
        requests.put(f"{site.url}/api/events/{event['id']}", json={"title": "공동 작업 2차"}, timeout=10)

    wait_until_drawn_anew(page, rename)
    wait_for_focus(page, FOCUSED_EVENT, event["id"])
    press(page, "Enter", 1)
    page.get_by_role("dialog", name="이벤트 편집").wait_for()


def test_the_focus_is_not_taken_back_from_what_the_user_goes_to(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "공동 작업", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "공동 작업").focus()
    page.locator(".brand").click()
    requests.put(f"{site.url}/api/events/{event['id']}", json={"title": "공동 작업 2차"}, timeout=10)
    event_of(page, "공동 작업 2차").wait_for()
    press(page, "Alt+ArrowRight", 1)
    assert page.evaluate("document.activeElement === document.body")
    assert only_event(site, department)["event_date"] == DAY


def test_a_key_right_after_a_dialog_was_closed_is_the_pages(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    """The browser may leave the focus in the closed dialog's field, and tells a moment later that it was closed."""
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.locator("#tools").get_by_role("button", name="새 이벤트").press("Enter")
    page.get_by_role("dialog", name="새 이벤트").wait_for()
    page.evaluate(
        """() => {
          const field = document.activeElement;
          for (const key of ["Escape", "/"]) {
            field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          }
        }"""
    )
    wait_for_focus(page, "document.activeElement.id", "search-text")
    page.locator("dialog").wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "search-text"
