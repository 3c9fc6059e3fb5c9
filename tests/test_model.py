"""Random histories: whatever is written, cut, restarted, late or expired, a client that keeps its cursor and asks again
ends with exactly what a fresh GET gives. ``model_histories.py`` says what happens and what must hold.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from doubles import FAKE_CREDENTIALS, answer_one_request_at_a_time
from functional.sizes import SOAKING, sized
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from model_histories import Histories
from model_servers import OnDynamoDB, OnEmbedded, RealServer, Servers
from moto import mock_aws

SECONDS = sized(120, 3_600)


def run(open_servers: Callable[[], Servers], examples: int, steps: int, most_restarts: int = 1_000) -> None:
    run_state_machine_as_test(
        lambda: Histories(open_servers(), most_restarts),
        settings=settings(
            max_examples=examples * sized(1, 20),
            stateful_step_count=steps * sized(1, 2),
            deadline=None,
            derandomize=not SOAKING,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=tuple(Phase) if SOAKING else (Phase.generate,),  # what fails is made small there
        ),
    )


@pytest.fixture
def numbered(tmp_path: Path) -> Callable[[], Path]:
    """Folders of their own."""
    numbers = iter(range(1_000_000))

    def folder() -> Path:
        made = tmp_path / str(next(numbers))
        made.mkdir()
        return made

    return folder


@pytest.mark.soak
@pytest.mark.timeout(SECONDS)
def test_histories_on_the_embedded_store(numbered: Callable[[], Path]) -> None:
    run(lambda: OnEmbedded(numbered() / "calendar.sqlite3"), examples=20, steps=40)


@pytest.mark.soak
@pytest.mark.timeout(SECONDS)
def test_histories_on_dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FAKE_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    answer_one_request_at_a_time(monkeypatch)

    def opened() -> Servers:
        return OnDynamoDB(monkeypatch)

    with mock_aws():
        run(opened, examples=5, steps=20)


@pytest.mark.soak
@pytest.mark.functional
@pytest.mark.timeout(SECONDS)
def test_histories_on_the_real_server(numbered: Callable[[], Path]) -> None:
    run(lambda: RealServer("gunicorn-eventlet", numbered()), examples=2, steps=25, most_restarts=2)
