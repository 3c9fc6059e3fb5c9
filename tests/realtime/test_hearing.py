"""What other processes tell is looked up and announced at once; notes that lead nowhere cost next to nothing."""

from __future__ import annotations

import pytest
from realtime.stage import Scene
from samples import EVENT_BODY

from calendar_server.domain.changes import DEPARTMENTS_HISTORY

NOBODYS = "5f0c6b0e-7d53-4c3c-9d3c-0a3c35c3e0aa"


@pytest.fixture
def teams(scene: Scene) -> list[str]:
    """Departments that somebody watches, after the first round."""
    found = [scene.department(f"팀 {number}") for number in range(3)]
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    for team in found:
        scene.watch(team)
    scene.stage.pass_seconds()
    scene.stage.heard()
    scene.store.calls.clear()
    return found


def test_what_is_heard_of_is_announced_before_the_next_round_and_only_once(scene: Scene, teams: list[str]) -> None:
    for _ in range(3):
        scene.elsewhere.editing.create_event(teams[0], EVENT_BODY)
    scene.announcer.hear({teams[0]: 3})
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [1, 2, 3]
    scene.announcer.hear({teams[0]: 3})
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == []


def test_what_nobody_watches_or_is_known_already_costs_no_look(scene: Scene, teams: list[str]) -> None:
    scene.announcer.hear({NOBODYS: 10**9, teams[0]: 0, "no id at all": 3})
    scene.stage.carry_out()
    assert scene.store.calls == []


def test_many_notes_of_a_history_cost_one_look(scene: Scene, teams: list[str]) -> None:
    scene.elsewhere.editing.create_event(teams[0], EVENT_BODY)
    for seq in range(1, 1_000):
        scene.announcer.hear({teams[0]: seq})
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [1]
    assert len(scene.store.calls) <= 3


def test_notes_of_many_histories_cost_one_look_at_their_heads(scene: Scene, teams: list[str]) -> None:
    scene.announcer.hear(dict.fromkeys(teams, 10**9))
    scene.stage.carry_out()
    assert scene.store.calls == ["heads"]
    assert scene.stage.heard() == []


def test_several_histories_are_announced_each_in_its_order(scene: Scene, teams: list[str]) -> None:
    for team in teams[:2]:
        for _ in range(2):
            scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.announcer.hear({teams[0]: 2})
    scene.announcer.hear({teams[1]: 2, teams[2]: 5})
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [1, 2, 1, 2]


def test_hearing_goes_on_after_the_store_was_away(scene: Scene, teams: list[str]) -> None:
    scene.elsewhere.editing.create_event(teams[0], EVENT_BODY)
    scene.store.failures["head"] = scene.store.failures["heads"] = OSError("away")
    for notes in ({teams[0]: 1}, dict.fromkeys(teams, 1)):
        scene.announcer.hear(notes)
        scene.stage.carry_out()
    assert scene.stage.heard() == []
    scene.store.failures.clear()
    scene.announcer.hear({teams[0]: 1})
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [1]


def test_long_polls_are_woken(scene: Scene) -> None:
    team = scene.department()
    with scene.here.waiting.waiter(team) as woken:
        scene.announcer.hear({NOBODYS: 4})
        scene.stage.carry_out()
        assert not woken.is_set()
        scene.announcer.hear({team: 1})
        scene.stage.carry_out()
        assert woken.is_set()
