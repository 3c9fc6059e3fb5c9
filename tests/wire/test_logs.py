"""Log lines for people and for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from calendar_server.config import Settings
from calendar_server.wire import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _line(capsys: pytest.CaptureFixture[str], settings: Settings) -> str:
    logs.configure(settings)
    logs.configure(settings)  # a second time replaces the first
    token = logs.request_id.set("r-1")
    logging.getLogger("calendar_server.test").info("%s 저장", "일정", extra={"ms": 1.5})
    logs.request_id.reset(token)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "저장" in line]
    return line


def test_text_lines_name_time_level_logger_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    line = _line(capsys, Settings())
    assert line.endswith("INFO    calendar_server.test [r-1] 일정 저장")
    assert line[:24].endswith("Z")


def test_json_lines_hold_the_same_and_what_was_given_beside(capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads(_line(capsys, Settings(log_json=True)))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "calendar_server.test",
        "message": "일정 저장",
        "request_id": "r-1",
        "ms": 1.5,
    }


def test_the_level_is_that_of_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="ERROR"))
    logging.getLogger("calendar_server.test").warning("quiet")
    assert "quiet" not in capsys.readouterr().err


def test_werkzeugs_access_lines_are_left_out_but_not_what_else_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    werkzeug = logging.getLogger("werkzeug")
    before = werkzeug.level
    werkzeug.setLevel(logging.INFO)
    werkzeug.info('"%s" %s', "GET / HTTP/1.1", 200)
    werkzeug.info("Running on http://127.0.0.1:5000")
    werkzeug.setLevel(before)
    written = capsys.readouterr().err
    assert "GET /" not in written
    assert "Running on" in written


def test_of_the_socket_libraries_only_failures_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    logger = logs.socket_library_logger()
    logger.error("Invalid session abc")
    assert caplog.records == []
    try:
        raise ValueError("ours")
    except ValueError:
        logger.exception("message handler error")
    assert [record.getMessage() for record in caplog.records] == ["message handler error"]
