"""A real Chromium in front of the real server. Skipped where there is none, except in continuous integration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from functional.serving import Server, serving

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def skip_or_fail(reason: str) -> None:
    """Skip on a user's machine, fail in continuous integration."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        skip_or_fail("Chromium was not found: the page is tested in it (Debian, Ubuntu: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe_script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core, installed from the lock file."""
    if shutil.which("npm") is None:
        skip_or_fail("npm was not found: axe-core is installed with it")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "js" / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode != 0:
        skip_or_fail(f"npm could not install axe-core: {done.stderr.strip()[-300:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("gunicorn-eventlet", tmp_path_factory.mktemp("site")) as server:
        yield server
        assert "Traceback" not in server.log


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """``open_page(url, width=1280, height=800, locale="ko-KR", scheme="light")``: a page in a profile of its own.

    At the end nothing may have been written to the console as an error, or been refused by the content security policy.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(url: str, *, width: int = 1280, height: int = 800, locale: str = "ko-KR", **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, timezone_id="Asia/Seoul", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note(message, complaints))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def note(message: Any, complaints: list[str]) -> None:
    """Keep errors, but for requests that a test lets fail on purpose: the browser writes those down by itself."""
    if message.type == "error" and "Failed to load resource" not in message.text and "WebSocket" not in message.text:
        complaints.append(message.text)
