"""How many files may be open decides how many sockets are served; too few are named at the start."""

from __future__ import annotations

import resource
import runpy
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[1] / "gunicorn.conf.py"
HARD = resource.RLIM_INFINITY


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """``now`` stands for the process's limits."""
    found = {"now": (1024, HARD)}
    monkeypatch.setattr(resource, "getrlimit", lambda _what: found["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _what, wanted: found.update(now=wanted))
    return found


def start() -> None:
    runpy.run_path(str(CONFIGURATION))["on_starting"](None)


def test_ten_thousand_sockets_are_admitted() -> None:
    assert runpy.run_path(str(CONFIGURATION))["worker_connections"] >= 10_000


def test_the_limit_is_raised_as_far_as_needed(
    limits: dict[str, tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    start()
    assert limits["now"] == (12_512, HARD)
    assert capsys.readouterr().err == ""


def test_a_limit_that_is_too_low_is_named_with_what_it_is_enough_for(
    limits: dict[str, tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    limits["now"] = (1024, 4096)
    start()
    assert limits["now"] == (4096, 4096)
    said = capsys.readouterr().err
    assert "ulimit -n" in said
    assert "LimitNOFILE" in said
    assert "4096" in said
    assert "3584" in said
    assert "12512" in said


def test_a_limit_that_is_high_enough_stays_as_it_is(
    limits: dict[str, tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    limits["now"] = (65_536, 65_536)
    start()
    assert limits["now"] == (65_536, 65_536)
    assert capsys.readouterr().err == ""
