"""What the browser tests do with the page, in the words of its users."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import requests
from functional.serving import Server

DAY = "2026-03-11"
"""A Wednesday without a holiday; the calendar is opened there, whatever today is."""


def address(server_url: str, department_id: str, view: str = "month", day: str = DAY) -> str:
    return f"{server_url}/?d={department_id}&view={view}&date={day}"


def event_of(page: Any, title: str) -> Any:
    """The events of this title that the calendar shows."""
    return page.locator("#calendar [data-event-id]").filter(has_text=title)


def day_cell(page: Any, day: str) -> Any:
    return page.locator(f"#calendar [role=gridcell][data-date='{day}']").first


def events(server: Server, department_id: str) -> list[dict[str, Any]]:
    return requests.get(f"{server.url}/api/events/{department_id}", timeout=10).json()["events"]


def only_event(site: Server, department: dict[str, Any], **wanted: str) -> dict[str, Any]:
    """The department's single event, once it has the ``wanted`` fields."""
    deadline = time.monotonic() + 10
    while True:
        found = events(site, department["id"])
        if len(found) == 1 and all(found[0][name] == value for name, value in wanted.items()):
            return found[0]
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def wait_until_online(page: Any) -> None:
    page.locator("#connection[data-status=online]").wait_for()
    page.locator("#cover").wait_for(state="hidden")


def open_new(page: Any) -> Any:
    """The form for a new event."""
    page.locator("#tools").get_by_role("button", name="새 이벤트").click()
    return page.get_by_role("dialog", name="새 이벤트")


def fill(dialog: Any, **fields: str) -> None:
    """``title``, ``date``, ``time``, ``url``, ``description``, ``department`` (by its name)."""
    labels = {"title": "제목", "date": "날짜", "time": "시간", "url": "링크", "description": "설명"}
    for name, value in fields.items():
        if name == "department":
            dialog.get_by_label("부서", exact=True).select_option(label=value)
        else:
            dialog.get_by_label(labels[name], exact=True).fill(value)


def save(dialog: Any) -> None:
    dialog.get_by_role("button", name="저장", exact=True).click()


def a_day_later(day: str) -> str:
    return date.fromordinal(date.fromisoformat(day).toordinal() + 1).isoformat()
