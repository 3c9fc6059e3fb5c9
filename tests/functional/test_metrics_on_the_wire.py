"""``/metrics`` of a real server says exactly what was done."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
from functional.serving import Server, serving, spawn
from functional.talking import create_department, create_event, listening
from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, tuple[tuple[str, str], ...]]


def metrics(server: Server) -> dict[Sample, float]:
    answer = requests.get(server.url + "/metrics", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(found: Mapping[Sample, float], name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.mark.parametrize("kind", ["gunicorn-eventlet", "gunicorn-gevent"])
@pytest.mark.parametrize("fanout", ["direct", "stock"])
def test_what_was_done_is_counted_exactly(kind: str, fanout: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, {"FANOUT": fanout}) as server:
        department = create_department(server)["id"]
        with listening(server) as one, listening(server) as other, listening(server, "polling") as polling:
            for listener in (one, other, polling):
                listener.ask("join_department", {"department_id": department})
            before = metrics(server)
            for number in range(5):
                create_event(server, department, f"회의 {number}")
            for listener in (one, other, polling):
                for _ in range(5):
                    listener.next("event_created")
            after = metrics(server)
            requests.get(f"{server.url}/api/events/{department}", timeout=10)
            requests.get(f"{server.url}/api/events/no-such-department", timeout=10)
            last = metrics(server)
    route = "/api/events/<department_id>"
    assert of(before, "dallyeok_sockets", transport="websocket") == 2
    assert of(before, "dallyeok_sockets", transport="polling") == 1
    assert of(before, "dallyeok_rooms") == 1
    assert of(after, "dallyeok_deliveries_total") - of(before, "dallyeok_deliveries_total") == 15
    assert of(after, "dallyeok_commits_total") - of(before, "dallyeok_commits_total") == 5
    assert of(after, "dallyeok_changes_total") - of(before, "dallyeok_changes_total") == 5
    assert of(after, "dallyeok_group_size_sum") - of(before, "dallyeok_group_size_sum") == 5
    assert of(after, "dallyeok_store_seconds_count", operation="commit") >= 6
    assert of(after, "dallyeok_http_request_seconds_count", route=route, method="POST", status="2xx") == 5
    assert of(last, "dallyeok_http_request_seconds_count", route=route, method="GET", status="2xx") == 1
    assert of(last, "dallyeok_http_request_seconds_count", route=route, method="GET", status="4xx") == 1
    assert of(last, "dallyeok_cache_reads_total", result="hit") > of(after, "dallyeok_cache_reads_total", result="hit")
    assert of(after, "dallyeok_cache_reads_total", result="loaded") >= 2
    if fanout == "direct":
        observed = of(after, "dallyeok_delivery_seconds_count") - of(before, "dallyeok_delivery_seconds_count")
        assert observed == 5
        assert of(after, "dallyeok_delivery_seconds_sum") > of(before, "dallyeok_delivery_seconds_sum")


def test_nothing_is_shown_where_it_is_turned_off(tmp_path: Path) -> None:
    with serving("gunicorn-eventlet", tmp_path, {"METRICS": "off"}) as server:
        assert requests.get(server.url + "/metrics", timeout=10).status_code == 404


def test_workers_that_share_a_directory_answer_for_each_other(tmp_path: Path) -> None:
    shared = tmp_path / "metrics"
    shared.mkdir()
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    with (
        serving("gunicorn-eventlet", tmp_path, settings) as one,
        serving("gunicorn-eventlet", tmp_path, settings) as other,
    ):
        department = create_department(one)["id"]
        create_event(one, department)
        create_event(other, department)
        with listening(one), listening(other):
            deadline = time.monotonic() + 10
            while of(metrics(one), "dallyeok_sockets", transport="websocket") != 2:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert of(metrics(one), "dallyeok_changes_total") == of(metrics(other), "dallyeok_changes_total") == 3
        with listening(one), listening(other):
            other.terminate()
            deadline = time.monotonic() + 10
            while of(metrics(one), "dallyeok_sockets", transport="websocket") != 1:  # the other's are gone with it
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert of(metrics(one), "dallyeok_changes_total") == 3


def test_a_shared_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    server = spawn("gunicorn-eventlet", tmp_path, {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "missing")})
    assert server.process.wait(timeout=20) != 0
    assert "must be an empty directory that exists" in server.log
    assert "Traceback" not in server.log


def test_without_a_shared_directory_nothing_is_written(tmp_path: Path) -> None:
    with serving("gunicorn-eventlet", tmp_path) as server:
        metrics(server)
    assert subprocess.run(["find", str(tmp_path), "-name", "*.db"], capture_output=True, check=True).stdout == b""
