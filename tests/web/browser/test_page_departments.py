"""Departments on the page: listed, found, made, renamed, deleted, coloured, shown over one another, kept in the address."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import create_department, create_event
from web.browser.shown import DAY, address, event_of, wait_until_online

pytestmark = pytest.mark.browser


def rows(page: Any) -> Any:
    return page.locator("#sidebar .department-name")


def named(prefix: str) -> str:
    return f"{prefix} {uuid.uuid4().hex[:6]}"


def test_a_department_is_made_and_everyone_sees_it(site: Server, open_page: Any) -> None:
    name = named("연구소")
    page, other = open_page(site.url), open_page(site.url)
    wait_until_connected(page)
    wait_until_connected(other)
    page.locator("#sidebar").get_by_role("button", name="새 부서").click()
    dialog = page.get_by_role("dialog", name="새 부서")
    dialog.get_by_label("이름", exact=True).fill(name)
    dialog.get_by_role("button", name="저장").click()
    dialog.wait_for(state="detached")
    rows(page).filter(has_text=name).wait_for()
    rows(other).filter(has_text=name).wait_for()


def wait_until_connected(page: Any) -> None:
    page.locator("#connection[data-status=online]").wait_for()


def test_a_name_that_is_taken_is_refused_in_the_form(site: Server, open_page: Any) -> None:
    taken = create_department(site, named("법무팀"))["name"]
    page = open_page(site.url)
    wait_until_connected(page)
    page.locator("#sidebar").get_by_role("button", name="새 부서").click()
    dialog = page.get_by_role("dialog", name="새 부서")
    dialog.get_by_label("이름", exact=True).fill(taken)
    dialog.get_by_role("button", name="저장").click()
    dialog.get_by_role("alert").filter(has_text="이미").wait_for()
    assert dialog.get_by_label("이름", exact=True).input_value() == taken


def test_a_name_is_asked_for_with_the_particle_that_belongs_to_it(site: Server, open_page: Any) -> None:
    page = open_page(site.url)
    wait_until_connected(page)
    page.locator("#sidebar").get_by_role("button", name="새 부서").click()
    dialog = page.get_by_role("dialog", name="새 부서")
    dialog.get_by_role("button", name="저장").click()
    dialog.get_by_role("alert").filter(has_text="이름을 입력하세요.").wait_for()


@pytest.mark.parametrize(
    ("end", "particle"), [("팀", "을"), ("부", "를"), ("2", "를"), ("3", "을"), ("(대외)", "를"), ("TF", "을(를)")]
)
def test_the_particle_after_a_name_fits_how_it_ends(site: Server, open_page: Any, end: str, particle: str) -> None:
    department = create_department(site, named("기획") + end)
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.locator("#sidebar").get_by_role("button", name=f"{department['name']} 편집").click()
    page.get_by_role("dialog", name="부서 편집").get_by_role("button", name="부서 삭제").click()
    page.get_by_role("dialog", name="부서 삭제").get_by_text(f"‘{department['name']}’{particle} 입력하세요.").wait_for()


def test_who_deletes_a_department_is_told_once_and_others_that_it_is_gone(site: Server, open_page: Any) -> None:
    department = create_department(site, named("해산팀"))
    page, other = (open_page(address(site.url, department["id"])) for _ in range(2))
    wait_until_online(page)
    wait_until_online(other)
    page.locator("#sidebar").get_by_role("button", name=f"{department['name']} 편집").click()
    page.get_by_role("dialog", name="부서 편집").get_by_role("button", name="부서 삭제").click()
    dialog = page.get_by_role("dialog", name="부서 삭제")
    dialog.get_by_role("textbox").fill(department["name"])
    dialog.get_by_role("button", name="부서 삭제").click()
    other.locator("#toasts").get_by_text("보고 있던").wait_for()
    page.locator("#cover").get_by_text("보이는 부서가 없습니다").or_(
        page.locator("#cover").get_by_text("첫 부서")
    ).wait_for()
    assert page.locator("#toasts").get_by_text(department["name"]).all_inner_texts() == [
        f"‘{department['name']}’ 부서를 삭제했습니다."
    ]


def test_a_department_is_renamed_and_coloured(site: Server, open_page: Any) -> None:
    department = create_department(site, named("총무팀"))
    renamed = named("경영지원팀")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    row = page.locator(f"#sidebar [data-department-id='{department['id']}']")
    before = row.locator("label").get_attribute("class")
    row.get_by_role("button", name=f"{department['name']} 편집").click()
    dialog = page.get_by_role("dialog", name="부서 편집")
    dialog.get_by_label("이름", exact=True).fill(renamed)
    dialog.get_by_role("radio", checked=False).first.check()
    dialog.get_by_role("button", name="저장").click()
    rows(page).filter(has_text=renamed).wait_for()
    assert row.locator("label").get_attribute("class") != before
    page.reload()
    rows(page).filter(has_text=renamed).wait_for()
    assert row.locator("label").get_attribute("class") != before


def test_deleting_says_how_many_events_go_and_wants_the_name_typed(site: Server, open_page: Any) -> None:
    department = create_department(site, named("임시팀"))
    for number in range(3):
        create_event(site, department["id"], f"일정 {number}")
    page = open_page(address(site.url, department["id"]))
    wait_until_online(page)
    page.locator("#sidebar").get_by_role("button", name=f"{department['name']} 편집").click()
    page.get_by_role("dialog", name="부서 편집").get_by_role("button", name="부서 삭제").click()
    dialog = page.get_by_role("dialog", name="부서 삭제")
    dialog.get_by_text("이벤트 3건").wait_for()
    confirm = dialog.get_by_role("button", name="부서 삭제")
    assert confirm.is_disabled()
    dialog.get_by_role("textbox").fill(department["name"][:-1])
    assert confirm.is_disabled()
    dialog.get_by_role("textbox").fill(department["name"])
    confirm.click()
    page.locator(f"#sidebar [data-department-id='{department['id']}']").wait_for(state="detached")
    assert requests.get(f"{site.url}/api/departments/{department['id']}", timeout=5).status_code == 404


def test_the_list_is_searched_by_name(site: Server, open_page: Any) -> None:
    found, other = create_department(site, named("홍보팀")), create_department(site, named("구매팀"))
    page = open_page(site.url)
    rows(page).filter(has_text=other["name"]).wait_for()
    page.get_by_label("부서 찾기").fill(found["name"])
    rows(page).filter(has_text=other["name"]).wait_for(state="detached")
    assert rows(page).all_inner_texts() == [found["name"]]


def test_several_are_shown_over_one_another_and_a_link_opens_what_its_sender_saw(site: Server, open_page: Any) -> None:
    one, two, three = (create_department(site, named(name)) for name in ("개발팀", "영업팀", "인사팀"))
    for department in (one, two, three):
        create_event(site, department["id"], f"{department['name']} 회의", event_date=DAY)
    page = open_page(address(site.url, one["id"]))
    wait_until_online(page)
    event_of(page, one["name"]).wait_for()
    page.locator(f"[data-department-id='{two['id']}'] input").check()
    event_of(page, two["name"]).wait_for()
    assert event_of(page, one["name"]).count() == 1
    assert event_of(page, three["name"]).count() == 0
    page.locator("#tools").get_by_role("button", name="주", exact=True).click()
    page.wait_for_url(re.compile("view=week"))
    receiver = open_page(page.url)
    wait_until_online(receiver)
    event_of(receiver, one["name"]).wait_for()
    event_of(receiver, two["name"]).wait_for()
    assert receiver.locator("#tools [data-view=week]").get_attribute("aria-pressed") == "true"
    assert receiver.locator("#tools h2").inner_text() == page.locator("#tools h2").inner_text()
    page.go_back()
    event_of(page, two["name"]).wait_for(state="detached")


def test_a_link_to_a_department_that_is_gone_says_so(site: Server, open_page: Any) -> None:
    create_department(site, named("남은팀"))
    page = open_page(address(site.url, str(uuid.uuid4())))
    page.get_by_role("heading", name="이 링크의 부서를 볼 수 없습니다").wait_for()
