"""Nothing that was typed into a form is lost by a slip: leaving it asks first, where there is something to lose."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import create_department, create_event
from playwright.sync_api import Error as PlaywrightError
from web.browser.shown import DAY, address, day_cell, event_of, events, fill, open_new, save, wait_until_online

pytestmark = pytest.mark.browser

LEAVE: dict[str, Callable[[Any], None]] = {
    "Escape": lambda dialog: dialog.page.keyboard.press("Escape"),
    "the cross": lambda dialog: dialog.get_by_role("button", name="닫기", exact=True).click(),
    "cancel": lambda dialog: dialog.get_by_role("button", name="취소", exact=True).click(),
}


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    made = create_department(site, f"홍보팀 {uuid.uuid4().hex[:6]}")
    create_event(site, made["id"], "보도 자료", event_date=DAY, description="초안")
    return made


@pytest.fixture
def page(site: Server, department: dict[str, Any], open_page: Any) -> Any:
    opened = open_page(address(site.url, department["id"]))
    wait_until_online(opened)
    return opened


def opened_form(page: Any) -> Any:
    event_of(page, "보도 자료").click()
    return page.get_by_role("dialog", name="이벤트 편집")


def wait_until_no_form_is_open(page: Any) -> None:
    """Neither a form nor a question about it."""
    page.locator("dialog").first.wait_for(state="detached")


def question(page: Any) -> Any:
    return page.get_by_role("alertdialog", name="입력한 내용을 버리시겠습니까?")


@pytest.mark.parametrize("way", LEAVE)
def test_an_untouched_form_closes_at_once(page: Any, way: str) -> None:
    for opened in (opened_form, open_new):
        dialog = opened(page)
        dialog.wait_for()
        LEAVE[way](dialog)
        wait_until_no_form_is_open(page)


def test_what_was_typed_and_taken_back_is_nothing_to_lose(page: Any) -> None:
    dialog = opened_form(page)
    fill(dialog, title="다른 제목")
    fill(dialog, title="보도 자료")
    page.keyboard.press("Escape")
    wait_until_no_form_is_open(page)


@pytest.mark.parametrize("way", LEAVE)
def test_leaving_a_form_with_unsaved_words_asks_and_can_discard_them(
    site: Server, department: dict[str, Any], page: Any, way: str
) -> None:
    dialog = opened_form(page)
    fill(dialog, description="길게 고쳐 쓴 본문")
    LEAVE[way](dialog)
    question(page).get_by_text("저장하지 않은 내용이 있습니다").wait_for()
    assert dialog.get_by_label("설명").input_value() == "길게 고쳐 쓴 본문"
    question(page).get_by_role("button", name="버리기").click()
    wait_until_no_form_is_open(page)
    assert [each["description"] for each in events(site, department["id"])] == ["초안"]


def test_the_question_is_answered_by_keyboard_and_asked_as_often_as_it_takes(page: Any) -> None:
    event_of(page, "보도 자료").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    dialog.wait_for()
    page.keyboard.type("봄 보도 자료")
    for _ in range(3):
        page.keyboard.press("Escape")
        question(page).wait_for()
        assert page.evaluate("document.activeElement.textContent") == "계속 편집"
        page.keyboard.press("Escape")
        question(page).wait_for(state="detached")
        assert dialog.get_by_label("제목").evaluate("input => input === document.activeElement")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    question(page).wait_for(state="detached")
    assert "봄 보도 자료" in dialog.get_by_label("제목").input_value()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent").endswith("보도 자료")


def test_the_question_says_what_it_is_about_to_screen_readers(page: Any) -> None:
    dialog = opened_form(page)
    fill(dialog, title="봄 보도 자료")
    page.keyboard.press("Escape")
    described = question(page).get_attribute("aria-describedby")
    assert "사라집니다" in page.locator(f"#{described}").inner_text()


def test_a_new_event_on_a_day_is_kept_until_it_is_saved(site: Server, department: dict[str, Any], page: Any) -> None:
    day_cell(page, "2026-03-19").click()
    dialog = page.get_by_role("dialog", name="새 이벤트")
    fill(dialog, title="기자 간담회")
    page.keyboard.press("Escape")
    question(page).get_by_role("button", name="계속 편집").click()
    save(dialog)
    event_of(page, "기자 간담회").wait_for()
    wait_until_no_form_is_open(page)


def test_what_the_server_refused_is_asked_about_when_it_is_opened_again(page: Any) -> None:
    dialog = open_new(page)
    fill(dialog, title="자료 공유", date=DAY, url="https://example.com/<1>")
    save(dialog)
    page.locator("#notices").get_by_role("button", name="다시 편집").click()
    dialog = page.get_by_role("dialog", name="새 이벤트")
    dialog.wait_for()
    page.keyboard.press("Escape")
    question(page).wait_for()
    page.keyboard.press("Escape")
    assert dialog.get_by_label("제목").input_value() == "자료 공유"


def test_what_others_wrote_is_nothing_of_ones_own_to_lose(site: Server, department: dict[str, Any], page: Any) -> None:
    event = events(site, department["id"])[0]
    dialog = opened_form(page)
    dialog.wait_for()
    requests.put(f"{site.url}/api/events/{event['id']}", json={"title": "여름 보도 자료"}, timeout=10)
    dialog.get_by_role("button", name="바뀐 내용 가져오기").click()
    assert dialog.get_by_label("제목").input_value() == "여름 보도 자료"
    page.keyboard.press("Escape")
    wait_until_no_form_is_open(page)


def test_the_question_is_asked_in_english_too(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]), locale="en-US")
    wait_until_online(page)
    event_of(page, "보도 자료").click()
    page.keyboard.type("!")
    page.keyboard.press("Escape")
    asked = page.get_by_role("alertdialog", name="Discard what you typed?")
    assert asked.get_by_role("button").all_inner_texts() == ["", "Discard", "Keep editing"]


def department_form(page: Any, department: dict[str, Any]) -> Any:
    page.locator(f"[data-department-id='{department['id']}']").get_by_role("button", name="편집").click()
    return page.get_by_role("dialog", name="부서 편집")


@pytest.mark.parametrize("way", LEAVE)
def test_leaving_a_departments_form_asks_too(site: Server, department: dict[str, Any], page: Any, way: str) -> None:
    dialog = department_form(page, department)
    LEAVE[way](dialog)
    wait_until_no_form_is_open(page)
    dialog = department_form(page, department)
    dialog.get_by_label("설명").fill("대외 홍보를 맡습니다")
    LEAVE[way](dialog)
    question(page).get_by_role("button", name="계속 편집").click()
    assert dialog.get_by_label("설명").input_value() == "대외 홍보를 맡습니다"
    dialog.get_by_role("button", name="저장").click()
    wait_until_no_form_is_open(page)
    listed = requests.get(f"{site.url}/api/departments", timeout=10).json()["departments"]
    assert [each["description"] for each in listed if each["id"] == department["id"]] == ["대외 홍보를 맡습니다"]


def asked_when_closed(page: Any) -> list[str]:
    """The kinds of what the browser asks before it closes the tab; the tab stays."""
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    with suppress(PlaywrightError):  # it is closed
        page.wait_for_timeout(500)
    return asked


@pytest.mark.parametrize("form", ["event", "department"])
def test_closing_the_tab_asks_while_a_form_holds_unsaved_words(
    department: dict[str, Any], page: Any, form: str
) -> None:
    dialog = opened_form(page) if form == "event" else department_form(page, department)
    dialog.get_by_label("설명").fill("아직 쓰는 중")
    assert asked_when_closed(page) == ["beforeunload"]
    assert dialog.get_by_label("설명").input_value() == "아직 쓰는 중"


def test_closing_the_tab_asks_nothing_where_nothing_is_lost(page: Any) -> None:
    dialog = opened_form(page)
    fill(dialog, description="버릴 말")
    page.keyboard.press("Escape")
    question(page).get_by_role("button", name="버리기").click()
    wait_until_no_form_is_open(page)
    opened_form(page).wait_for()
    assert asked_when_closed(page) == []
    assert page.is_closed()
