"""Events on the page: made, changed, moved, found, deleted and brought back; and text stays text."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import (
    DAY,
    a_day_later,
    address,
    day_cell,
    event_of,
    events,
    fill,
    only_event,
    open_new,
    save,
    wait_until_online,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    return create_department(site, f"기획팀 {uuid.uuid4().hex[:6]}")


def test_an_event_is_made_changed_deleted_and_brought_back(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    dialog = open_new(page)
    fill(dialog, title="주간 회의", date=DAY, time="오후 2:00~3:00", description="3층 회의실")
    save(dialog)
    event_of(page, "주간 회의").wait_for()
    made = only_event(site, department, title="주간 회의", description="3층 회의실")
    assert (made["start_time"], made["end_time"]) == ("14:00", "15:00")
    event_of(page, "주간 회의").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    fill(dialog, title="월간 회의")
    save(dialog)
    only_event(site, department, title="월간 회의", time="오후 2:00~3:00")
    event_of(page, "월간 회의").click()
    page.get_by_role("dialog", name="이벤트 편집").get_by_role("button", name="삭제", exact=True).click()
    event_of(page, "월간 회의").wait_for(state="detached")
    page.locator("#toasts").get_by_role("button", name="되돌리기").last.click()
    event_of(page, "월간 회의").wait_for()
    assert only_event(site, department, title="월간 회의")["description"] == "3층 회의실"


@pytest.mark.parametrize("mistyped", ["example.com", "javascript:alert(1)", "http://", "https://example.com/길 안내"])
def test_a_link_that_is_no_web_address_is_refused_in_the_form(
    site: Server, department: dict[str, Any], open_page: Any, mistyped: str
) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    dialog = open_new(page)
    fill(dialog, title="견학", date=DAY, url=mistyped)
    save(dialog)
    dialog.get_by_role("alert").filter(has_text="http:// 또는 https://").wait_for()
    assert dialog.get_by_label("링크", exact=True).get_attribute("aria-invalid") == "true"
    fill(dialog, url="https://example.com/견학")
    save(dialog)
    only_event(site, department, title="견학", url="https://example.com/견학")


def test_a_click_on_a_day_begins_an_event_there(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    day_cell(page, "2026-03-19").click()
    dialog = page.get_by_role("dialog", name="새 이벤트")
    assert dialog.get_by_label("날짜").input_value() == "2026-03-19"
    fill(dialog, title="면접")
    save(dialog)
    only_event(site, department, title="면접", event_date="2026-03-19")


def test_dragging_over_days_makes_one_event_for_each(site: Server, department: dict[str, Any], open_page: Any) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    day_cell(page, "2026-03-17").drag_to(day_cell(page, "2026-03-19"))
    dialog = page.get_by_role("dialog", name="새 이벤트")
    dialog.get_by_text("3일 동안 하루에 하나씩").wait_for()
    fill(dialog, title="교육")
    save(dialog)
    for number in range(3):
        event_of(page, "교육").nth(number).wait_for()
    deadline = time.monotonic() + 10
    while len(found := events(site, department["id"])) < 3:
        assert time.monotonic() < deadline
    assert [each["event_date"] for each in found] == ["2026-03-17", "2026-03-18", "2026-03-19"]


def test_an_event_is_dragged_to_another_day_and_undone(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    create_event(site, department["id"], "출장", event_date=DAY, time="종일")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    drag(page, event_of(page, "출장"), day_cell(page, "2026-03-20"))
    only_event(site, department, event_date="2026-03-20", time="종일")
    page.keyboard.press("Control+z")
    only_event(site, department, event_date=DAY, time="종일")


def drag(page: Any, what: Any, where: Any) -> None:
    """By mouse, with the small steps that a hand makes."""
    source, target = what.bounding_box(), where.bounding_box()
    page.mouse.move(source["x"] + source["width"] / 2, source["y"] + source["height"] / 2)
    page.mouse.down()
    page.mouse.move(source["x"] + source["width"] / 2 + 8, source["y"] + source["height"] / 2 + 8, steps=3)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=8)
    page.mouse.up()


def test_in_the_week_another_hour_rewrites_the_time(site: Server, department: dict[str, Any], open_page: Any) -> None:
    create_event(site, department["id"], "면담", event_date=DAY, time="14:00~15:00")
    page = open_page(address(site.url, department["id"], "week"), height=1000)
    wait_until_online(page)
    event = event_of(page, "면담")
    event.wait_for()
    box = event.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=3)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10 + 2 * box["height"], steps=8)
    page.mouse.up()
    deadline = time.monotonic() + 10
    while (moved := only_event(site, department))["start_time"] == "14:00":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert moved["event_date"] == DAY
    assert "15:30" <= moved["start_time"] <= "16:30"
    hour, minute = map(int, moved["start_time"].split(":"))
    assert moved["end_time"] == f"{hour + 1:02}:{minute:02}"


def test_an_event_moves_to_another_department(site: Server, department: dict[str, Any], open_page: Any) -> None:
    other = create_department(site, f"디자인팀 {uuid.uuid4().hex[:6]}")
    create_event(site, department["id"], "시안 검토", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "시안 검토").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    fill(dialog, department=other["name"])
    save(dialog)
    event_of(page, "시안 검토").wait_for(state="detached")
    only_event(site, other, title="시안 검토")


def test_search_finds_by_title_and_description(site: Server, department: dict[str, Any], open_page: Any) -> None:
    create_event(site, department["id"], "거래처 방문", event_date="2026-08-05", description="계약서 지참")
    create_event(site, department["id"], "회식", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.get_by_role("searchbox", name="제목과 설명에서 찾기").fill("계약서")
    results = page.locator("#results")
    results.get_by_role("button", name="거래처 방문").wait_for()
    assert results.get_by_text("회식").count() == 0
    results.get_by_role("button", name="거래처 방문").click()
    page.get_by_role("dialog", name="이벤트 편집").wait_for()


def test_other_views_today_and_a_jump_to_a_date(site: Server, department: dict[str, Any], open_page: Any) -> None:
    create_event(site, department["id"], "발표", event_date=DAY, time="10:00")
    create_event(site, department["id"], "다음날 발표", event_date=a_day_later(DAY), time="10:00")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    tools = page.locator("#tools")
    for view, shows_next_day in (("주", True), ("일", False), ("목록", True)):
        tools.get_by_role("button", name=view, exact=True).click()
        event_of(page, "발표").first.wait_for()
        assert (event_of(page, "다음날 발표").count() == 1) is shows_next_day, view
    tools.get_by_role("button", name="월", exact=True).click()
    assert tools.get_by_role("heading").inner_text() == "2026년 3월"
    tools.get_by_role("button", name="다음").click()
    assert tools.get_by_role("heading").inner_text() == "2026년 4월"
    tools.get_by_role("button", name="이전").click()
    tools.get_by_label("날짜로 이동").fill("2027-01-15")
    page.locator("#tools h2", has_text="2027년 1월").wait_for()
    tools.get_by_role("button", name="오늘").click()
    page.locator("#tools h2", has_text="2027년 1월").wait_for(state="detached")


EVIL = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>{{7*7}}${7*7}"


def test_text_is_text_in_every_field(site: Server, open_page: Any) -> None:
    evil = create_department(site, f"{EVIL[:80]}{uuid.uuid4().hex[:4]}")
    create_event(site, evil["id"], EVIL, event_date=DAY, time=EVIL[:100], description=EVIL)
    page = open_page(address(site.url, evil["id"]))
    wait_until_online(page)
    event_of(page, EVIL).wait_for()
    page.locator("#sidebar").get_by_text(evil["name"]).wait_for()
    event_of(page, EVIL).click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    assert dialog.get_by_label("제목").input_value() == EVIL
    assert dialog.get_by_label("설명").input_value() == EVIL
    page.keyboard.press("Escape")
    for view in ("주", "일", "목록"):
        page.locator("#tools").get_by_role("button", name=view, exact=True).click()
        event_of(page, EVIL).first.wait_for()
    page.locator("#search-text").fill("onerror")
    page.locator("#results").get_by_role("button", name=EVIL).wait_for()
    assert page.locator("img[src=x], script:not([src])").count() == 0
    assert page.title() != "hacked"


def test_only_web_addresses_are_links(site: Server, department: dict[str, Any], open_page: Any) -> None:
    create_event(site, department["id"], "자료", event_date=DAY, url="https://example.com/a?b=c")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "자료").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    link = dialog.get_by_role("link", name="링크 열기")
    assert link.get_attribute("href") == "https://example.com/a?b=c"
    assert set((link.get_attribute("rel") or "").split()) >= {"noopener"}
    assert link.get_attribute("target") == "_blank"
    for address_ in ("javascript:alert(1)", "data:text/html,x", "  ", "ftp://example.com", "//example.com"):
        fill(dialog, url=address_)
        assert link.count() == 0 or not link.is_visible()


def test_what_the_server_refuses_is_kept_and_can_be_mended(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    dialog = open_new(page)
    fill(dialog, title="자료 공유", date=DAY, url="https://example.com/<1>", description="길게 쓴 설명")
    save(dialog)
    notice = page.locator("#notices").get_by_role("alert")
    notice.get_by_text("길게 쓴 설명").wait_for()
    notice.get_by_role("button", name="다시 편집").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_label("설명").input_value() == "길게 쓴 설명"
    fill(dialog, url="https://example.com")
    save(dialog)
    only_event(site, department, title="자료 공유", url="https://example.com")
    assert page.locator("#notices").get_by_role("alert").count() == 0


def test_a_month_with_three_hundred_events_is_shown_whole(site: Server, open_page: Any) -> None:
    department = create_department(site, f"큰 부서 {uuid.uuid4().hex[:6]}")
    with requests.Session() as session:
        for number in range(300):
            body = {"title": f"일정 {number}", "event_date": f"2026-03-{number % 28 + 1:02}"}
            assert session.post(f"{site.url}/api/events/{department['id']}", json=body, timeout=10).status_code == 201
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    day_cell(page, DAY).get_by_text("건").first.wait_for()
    page.locator("#tools").get_by_role("button", name="목록").click()
    page.locator("#calendar [data-event-id]").nth(299).wait_for()
    assert page.locator("#calendar [data-event-id]").count() == 300
