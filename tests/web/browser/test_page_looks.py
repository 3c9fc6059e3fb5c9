"""Pictures of the page for people to look at: three widths, light and dark, Korean and English.

They are written to the folder that ``PAGE_PICTURES`` names, and to a temporary one without it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional.serving import Server, serving
from web.browser.shown import wait_until_online

pytestmark = pytest.mark.browser

SOCKETS = re.compile("socket.io")
VIEWS = {390: "month", 820: "week", 1440: "month"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of ``make demo``."""
    folder = tmp_path_factory.mktemp("company")
    command = [sys.executable, "-m", "calendar_server.demo", "--folder", str(folder), "--date", "2026-11-21"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with serving("gunicorn-eventlet", folder, {"EMBEDDED_PATH": str(folder / "demo.sqlite3")}) as server:
        yield server


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", VIEWS)
def test_the_page_is_pictured_full_of_events(
    company: Server, open_page: Any, tmp_path: Path, width: int, scheme: str, locale: str
) -> None:
    address = f"{company.url}/?view={VIEWS[width]}&date=2026-11-17"
    page = open_page(address, width=width, height=900, locale=locale, color_scheme=scheme)
    wait_until_online(page)
    page.locator("#calendar [data-event-id]").nth(20).wait_for(state="attached")
    folder = Path(os.environ.get("PAGE_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    picture = page.screenshot(path=folder / f"{width}-{scheme}-{locale}.png")
    assert len(picture) > 20_000  # a blank page compresses to far less
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_server_that_refuses_access_says_so(open_page: Any, site: Server) -> None:
    page = open_page("about:blank")
    page.route("**/api/**", lambda route: route.fulfill(status=403, json={"success": False, "error": "forbidden"}))
    page.route("**/socket.io/**", lambda route: route.fulfill(status=403, body=""))
    page.route_web_socket(SOCKETS, lambda socket: socket.close())
    page.goto(f"{site.url}/?d={uuid.uuid4()}")
    page.get_by_role("heading", name="볼 권한이 없습니다").wait_for(timeout=15_000)


def test_a_server_that_does_not_answer_says_so(open_page: Any, site: Server) -> None:
    page = open_page("about:blank")
    page.route("**/api/**", lambda route: route.abort())
    page.route("**/socket.io/**", lambda route: route.abort())
    page.route_web_socket(SOCKETS, lambda socket: socket.close())
    page.goto(site.url)
    page.get_by_role("heading", name="서버에 연결할 수 없습니다").wait_for(timeout=15_000)
