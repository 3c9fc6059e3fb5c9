"""Two people at one department: each sees what the other does, and nothing is lost when one is cut off."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
import requests
from functional.cutting_proxy import cutting_proxy
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, event_of, events, fill, open_new, save, wait_until_online

pytestmark = pytest.mark.browser


@pytest.fixture
def department(site: Server) -> dict[str, Any]:
    return create_department(site, f"운영팀 {uuid.uuid4().hex[:6]}")


def wait_for_events(site: Server, department: dict[str, Any], titles: list[str]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 15
    while True:
        found = events(site, department["id"])
        if sorted(each["title"] for each in found) == sorted(titles):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_change_of_another_appears_at_once_and_is_marked(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    page, other = (open_page(address(site.url, department["id"])) for _ in range(2))
    wait_until_online(page)
    wait_until_online(other)
    dialog = open_new(other)
    fill(dialog, title="긴급 점검", date=DAY)
    save(dialog)
    event_of(page, "긴급 점검").wait_for()
    assert "is-fresh" in (event_of(page, "긴급 점검").get_attribute("class") or "")
    page.locator("#said").get_by_text("긴급 점검").first.wait_for(state="attached")
    page.locator("#calendar .is-fresh").wait_for(state="detached")
    assert "is-fresh" not in (event_of(other, "긴급 점검").get_attribute("class") or "")


def test_who_looks_and_who_edits_is_seen(site: Server, department: dict[str, Any], open_page: Any) -> None:
    create_event(site, department["id"], "예산안", event_date=DAY)
    page, other = (open_page(address(site.url, department["id"])) for _ in range(2))
    wait_until_online(page)
    wait_until_online(other)
    other.locator("#viewers").click()
    dialog = other.get_by_role("dialog", name="함께 보는 사람")
    dialog.get_by_label("내 표시 이름").fill("김하늘")
    dialog.get_by_role("button", name="저장").click()
    page.locator("#viewers").get_by_text("2명").wait_for()
    page.locator("#viewers[title*='김하늘']").wait_for()
    event_of(other, "예산안").click()
    page.locator("#calendar [data-editor='김하늘']").wait_for()
    event_of(page, "예산안").click()
    page.get_by_role("dialog").get_by_text("김하늘님이 지금").wait_for()
    other.close()
    page.locator("#viewers").get_by_text("1명").wait_for(timeout=35_000)


def test_an_editor_is_told_before_he_saves_and_may_choose_field_by_field(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "워크숍", event_date=DAY, description="미정")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "워크숍").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    fill(dialog, title="봄 워크숍", description="강릉")
    changed = {"title": "전사 워크숍", "time": "10:00"}
    assert requests.put(f"{site.url}/api/events/{event['id']}", json=changed, timeout=10).status_code == 200
    dialog.get_by_role("alert").get_by_text("다른 사람이 이 이벤트를 바꾸었습니다").wait_for()
    save(dialog)
    choice = page.get_by_role("dialog", name="다른 사람이 먼저 바꾸었습니다")
    choice.get_by_text("전사 워크숍").first.wait_for()
    choice.get_by_text("봄 워크숍").first.wait_for()
    row = choice.get_by_role("group", name="제목")
    row.locator("label").filter(has_text="전사 워크숍").click()
    choice.get_by_role("group", name="설명").locator("label").filter(has_text="강릉").click()
    choice.get_by_role("button", name="고른 내용으로 저장").click()
    deadline = time.monotonic() + 10
    while (now := events(site, department["id"])[0])["description"] != "강릉":
        assert time.monotonic() < deadline, now
        time.sleep(0.05)
    assert (now["title"], now["time"]) == ("전사 워크숍", "10:00")


def test_an_editor_whose_event_is_deleted_keeps_what_he_wrote(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "철수 계획", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "철수 계획").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    fill(dialog, title="철수 계획 최종")
    requests.delete(f"{site.url}/api/events/{event['id']}", timeout=10)
    dialog.get_by_role("alert").get_by_text("삭제했습니다").wait_for()
    dialog.get_by_role("button", name="새 이벤트로 저장").click()
    wait_for_events(site, department, ["철수 계획 최종"])


def test_what_is_written_offline_is_pending_and_sent_once_in_order(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    create_event(site, department["id"], "기존 일정", event_date=DAY)
    other = open_page(address(site.url, department["id"]))
    with cutting_proxy(site.port) as proxy:
        page = open_page(address(proxy.url, department["id"]))
        wait_until_online(page)
        event_of(page, "기존 일정").wait_for()
        proxy.refuse()
        proxy.cut()
        page.locator("#connection[data-status=offline]").wait_for(timeout=20_000)
        for title in ("첫째", "둘째"):
            dialog = open_new(page)
            fill(dialog, title=title, date=DAY)
            save(dialog)
        event_of(page, "둘째").wait_for()
        assert "is-pending" in (event_of(page, "첫째").get_attribute("class") or "")
        event_of(page, "기존 일정").click()
        dialog = page.get_by_role("dialog", name="이벤트 편집")
        fill(dialog, title="기존 일정 수정")
        save(dialog)
        page.locator("#connection").click()
        waiting = page.get_by_role("dialog", name="전송을 기다리는 변경").get_by_role("listitem")
        assert [text.split("\n")[0][:2] for text in waiting.all_inner_texts()] == ["추가", "추가", "변경"]
        page.keyboard.press("Escape")
        create_event(site, department["id"], "그사이 생긴 일정", event_date=DAY)
        proxy.accept()
        page.locator("#connection[data-status=online]").wait_for(timeout=30_000)
        titles = ["첫째", "둘째", "기존 일정 수정", "그사이 생긴 일정"]
        wait_for_events(site, department, titles)
        for title in titles:
            event_of(page, title).first.wait_for()
            event_of(other, title).first.wait_for()
        page.locator("#calendar .is-pending").first.wait_for(state="detached")
        found = {each["title"]: each for each in wait_for_events(site, department, titles)}
        assert found["첫째"]["created_at"] <= found["둘째"]["created_at"]


def test_pending_writes_survive_closing_the_page(site: Server, department: dict[str, Any], open_page: Any) -> None:
    with cutting_proxy(site.port) as proxy:
        page = open_page(address(proxy.url, department["id"]))
        wait_until_online(page)
        proxy.refuse()
        proxy.cut()
        page.locator("#connection[data-status=offline]").wait_for(timeout=20_000)
        dialog = open_new(page)
        fill(dialog, title="닫아도 남는 일정", date=DAY)
        save(dialog)
        event_of(page, "닫아도 남는 일정").wait_for()
        page.wait_for_timeout(600)
        proxy.accept()
        page.reload()
        wait_for_events(site, department, ["닫아도 남는 일정"])


def test_a_department_that_is_deleted_is_taken_away_and_said(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    requests.delete(f"{site.url}/api/departments/{department['id']}", timeout=10)
    page.locator("#toasts").get_by_text(department["name"]).wait_for()
    page.locator(f"#sidebar [data-department-id='{department['id']}']").wait_for(state="detached")


def test_what_stands_in_an_open_conflict_outlives_a_reload(
    site: Server, department: dict[str, Any], open_page: Any
) -> None:
    event = create_event(site, department["id"], "계약 검토", event_date=DAY)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    event_of(page, "계약 검토").click()
    dialog = page.get_by_role("dialog", name="이벤트 편집")
    fill(dialog, title="계약 최종 검토")
    changed = {"title": "계약 재검토"}
    assert requests.put(f"{site.url}/api/events/{event['id']}", json=changed, timeout=10).status_code == 200
    dialog.get_by_role("alert").get_by_text("다른 사람이").wait_for()
    save(dialog)
    page.get_by_role("dialog", name="다른 사람이 먼저 바꾸었습니다").wait_for()
    page.reload()
    page.locator("#notices").get_by_text("계약 최종 검토").first.wait_for()
