"""The page for everyone: keyboard, screen readers, phones, both languages, light and dark, paper."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, day_cell, event_of, wait_until_online

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def department(site: Server) -> dict[str, Any]:
    made = create_department(site, f"고객지원팀 {uuid.uuid4().hex[:6]}")
    long_title = "아주 긴 제목이 붙은 정기 점검 및 보안 업데이트 적용과 재시작 안내 공지 " * 2
    create_event(site, made["id"], "오전 회의", event_date=DAY, time="오전 9:30~10:30")
    create_event(
        site, made["id"], long_title.strip(), event_date=DAY, time="종일", description="설명", url="https://a.kr"
    )
    for number in range(8):
        create_event(site, made["id"], f"교대 근무 {number}", event_date=DAY, time=f"{10 + number}:00")
    return made


def findings(page: Any, axe: str) -> list[str]:
    """What axe-core finds serious or critical."""
    page.evaluate(axe)
    page.wait_for_timeout(400)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary'][:200]}"
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def _dialog(page: Any) -> None:
    event_of(page, "오전 회의").first.click()
    page.get_by_role("dialog").wait_for()


def _help(page: Any) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


def _results(page: Any) -> None:
    page.locator("#search-text").fill("교대")
    page.locator("#results li").first.wait_for()


def _unsaved(page: Any) -> None:
    _dialog(page)
    page.keyboard.type("!")
    page.keyboard.press("Escape")
    page.get_by_role("alertdialog").wait_for()


STATES: dict[str, Callable[[Any], None]] = {
    "": lambda page: None,
    "dialog": _dialog,
    "unsaved": _unsaved,
    "help": _help,
    "results": _results,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize(
    ("view", "state"),
    [
        ("month", ""), ("week", ""), ("day", ""), ("list", ""),
        ("month", "dialog"), ("month", "unsaved"), ("month", "help"), ("month", "results"),
    ],
)  # fmt: skip
def test_axe_finds_nothing_serious(
    site: Server, department: Any, open_page: Any, axe_script: str, view: str, state: str, locale: str, scheme: str
) -> None:
    page = open_page(address(site.url, department["id"], view), locale=locale, color_scheme=scheme, bypass_csp=True)
    wait_until_online(page)
    event_of(page, "오전 회의").first.wait_for()
    STATES[state](page)
    assert findings(page, axe_script) == []


@pytest.mark.parametrize("view", ["month", "week", "day", "list"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    site: Server, department: Any, open_page: Any, axe_script: str, view: str, scheme: str
) -> None:
    page = open_page(
        address(site.url, department["id"], view),
        width=390, height=844, color_scheme=scheme, has_touch=True, is_mobile=True, bypass_csp=True,
    )  # fmt: skip
    wait_until_online(page)
    event_of(page, "오전 회의").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#drawer-toggle").click()
    page.locator("#sidebar").get_by_text(department["name"]).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page, axe_script) == []


def test_days_are_walked_with_arrows_and_an_event_is_made_without_a_mouse(
    site: Server, department: Any, open_page: Any
) -> None:
    own = create_department(site, f"키보드팀 {uuid.uuid4().hex[:6]}")
    page = open_page(address(site.url, own["id"]))
    wait_until_online(page)
    day_cell(page, DAY).focus()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.dataset.date") == "2026-03-19"
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="새 이벤트")
    dialog.wait_for()
    assert dialog.get_by_label("날짜").input_value() == "2026-03-19"
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.type("키보드로 만든 일정")
    page.keyboard.press("Enter")
    event_of(page, "키보드로 만든 일정").wait_for()


def test_single_keys_do_what_the_help_says(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.keyboard.press("n")
    page.get_by_role("dialog", name="새 이벤트").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-text"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Ctrl").wait_for()
    page.keyboard.press("Escape")
    for key, view in (("w", "week"), ("d", "day"), ("l", "list"), ("m", "month")):
        page.keyboard.press(key)
        page.locator(f"#tools [data-view={view}][aria-pressed=true]").wait_for()


def test_the_focus_comes_back_and_is_visible(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    create = page.locator("#tools").get_by_role("button", name="새 이벤트")
    create.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    assert create.evaluate("element => element === document.activeElement")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    style = create.evaluate(
        "e => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow]; }"
    )
    assert style[0] != "none" or style[2] != "none", style


def test_the_browsers_language_decides_until_the_user_does(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]), locale="en-US")
    wait_until_online(page)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#tools h2").inner_text() == "March 2026"
    page.locator("#menu-toggle").click()
    page.locator("#menu").get_by_role("button", name="한국어").click()
    page.locator("#tools h2", has_text="2026년 3월").wait_for()
    page.reload()
    wait_until_online(page)
    assert page.locator("html").get_attribute("lang") == "ko"


LATIN_WORDS = """() => {
  const said = ["aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "title", "placeholder", "alt"];
  const found = [];
  for (const element of document.querySelectorAll("#calendar *, [role=dialog] *")) {
    for (const name of said) if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
  }
  return found.flatMap((text) => text.match(/[A-Za-z]{2,}/g) ?? []);
}"""
"""In the calendar: of what is seen and of what only screen readers say."""


def latin_words(page: Any, department: dict[str, Any]) -> set[str]:
    return set(page.evaluate(LATIN_WORDS)) - set(re.findall("[A-Za-z]{2,}", department["name"]))


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_korean_calendar_says_nothing_in_english(
    site: Server, department: Any, open_page: Any, locale: str
) -> None:
    page = open_page(address(site.url, department["id"]), locale=locale)
    wait_until_online(page)
    if locale == "en-US":
        page.locator("#menu-toggle").click()
        page.locator("#menu").get_by_role("button", name="한국어").click()
    for view, known in (("월", None), ("주", "시간 지정"), ("일", "시간 지정"), ("목록", "이벤트")):
        page.locator("#tools").get_by_role("button", name=view, exact=True).click()
        event_of(page, "오전 회의").first.wait_for()
        if known is not None:
            page.locator(f"#calendar [aria-label='{known}']").wait_for(state="attached")
        assert latin_words(page, department) == set(), view


def test_what_stands_behind_more_is_korean_too(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    more = day_cell(page, DAY).get_by_text("건")
    assert "더 보기" in (more.locator("xpath=ancestor-or-self::*[@title][1]").get_attribute("title") or "")
    more.click()
    page.get_by_role("dialog").get_by_role("button", name="닫기").wait_for()
    assert latin_words(page, department) == set()


def test_weeks_begin_on_sunday_and_holidays_are_named(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"], "month", "2026-03-01"))
    wait_until_online(page)
    headers = page.locator("#calendar [role=columnheader]").all_inner_texts()
    assert [text.strip()[:1] for text in headers[:7]] == list("일월화수목금토")
    page.locator("#calendar [role=gridcell][data-date='2026-03-01'][aria-description*='삼일절']").wait_for()


def test_a_long_holiday_stays_in_its_day(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"], "month", "2026-03-01"), width=900)
    wait_until_online(page)
    day = day_cell(page, "2026-03-02")
    name = day.get_by_text("대체공휴일(삼일절)")
    name.wait_for()
    cell, text, number = (each.bounding_box() for each in (day, name, day.get_by_text("2", exact=True)))
    assert cell["x"] < number["x"] < text["x"]
    assert text["x"] + text["width"] <= cell["x"] + cell["width"]


def test_a_month_fits_on_paper(site: Server, department: Any, open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.emulate_media(media="print")
    assert not page.locator("#sidebar").is_visible()
    assert not page.locator("#search").is_visible()
    assert event_of(page, "오전 회의").first.is_visible()
    assert page.pdf(format="A4", landscape=True)[:4] == b"%PDF"


def test_an_empty_server_invites_to_begin(open_page: Any, tmp_path: Any) -> None:
    from functional.serving import serving

    with serving("gunicorn-eventlet", tmp_path) as empty:
        page = open_page(empty.url)
        page.get_by_role("heading", name="첫 부서를 만들어 보세요").wait_for()
        page.locator("#cover").get_by_role("button", name="새 부서").click()
        page.get_by_role("dialog", name="새 부서").wait_for()
