"""How the Python client follows histories: joining, holding back, the rule of numbers, gaps, resets, the end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from clients.python_client import FileStorage, WriteFailed
from clients.python_doubles import TIMING, FakeServer, Heard, MemoryStorage, client, event, eventually

GRACE_OVER = 3 * TIMING.grace


def deleted(event_id: str) -> dict[str, Any]:
    return {"id": event_id, "department_id": "d1"}


def test_the_first_time_everything_is_loaded_and_then_each_change_is_told_in_order() -> None:
    server = FakeServer("d1")
    server.write("d1", "event_created", event("e1"))
    with client(server) as my:
        team = my.sync.department("d1")
        heard = Heard(team)
        eventually(lambda: team.status == "online")
        server.write("d1", "event_created", event("e2"), "key-1")
        server.write("d1", "event_deleted", deleted("e1"))
        my.settle()
        assert heard.resets == [["e1"]]
        assert heard.changes == [(2, "event_created", "e2"), (3, "event_deleted", "e1")]
        assert heard.statuses[-1] == "online"
        assert heard.metas[0]["mutation_id"] == "key-1"
        assert (list(team.items()), team.seq, team.cursor) == (["e2"], 3, "d1/a/3")


def test_who_listens_later_is_told_the_present() -> None:
    server = FakeServer("d1")
    server.write("d1", "event_created", event("e1"))
    with client(server) as my:
        team, _heard = my.follow()
        late = Heard(team)
        my.settle()
        assert (late.resets, late.statuses, late.changes) == ([["e1"]], ["online"], [])


def test_the_list_of_departments_is_followed_without_joining() -> None:
    server = FakeServer()
    server.write("list", "department_created", {"id": "d1", "name": "개발팀", "created_at": "1"})
    with client(server) as my:
        eventually(lambda: my.sync.departments.status == "online")
        server.write("list", "department_updated", {"id": "d1", "name": "연구팀", "created_at": "1"})
        my.settle()
        assert server.asked == [("sync_request", None, None)]
        assert [each["name"] for each in my.sync.departments.ordered()] == ["연구팀"]


def test_after_a_cut_it_joins_with_its_cursor_and_gets_only_what_it_missed() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.write("d1", "event_created", event("e1"))
        my.settle()
        server.reachable = False
        server.cut()
        eventually(lambda: team.status == "offline")
        server.write("d1", "event_updated", event("e1", 2))
        server.reachable = True
        eventually(lambda: team.status == "online")
        assert ("join_department", "d1", "d1/a/1") in server.asked
        assert heard.changes == [(1, "event_created", "e1"), (2, "event_updated", "e1")]
        assert heard.resets == []
        assert heard.metas[1]["cursor"] == "d1/a/2"


def cut_and_write(server: FakeServer, team: Any, count: int) -> None:
    """Break the connection, write without it, and let it come back to a server whose answers are held back."""
    server.reachable = False
    server.cut()
    eventually(lambda: team.status == "offline")
    for number in range(count):
        server.write("d1", "event_created", event(f"e{number + 1}"))
    server.answering = False
    server.reachable = True
    eventually(lambda: any(socket.waiting for socket in list(server.sockets) if "d1" in socket.rooms))


def test_live_messages_are_held_back_until_a_replay_in_many_parts_has_reached_the_head() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.limit = 2
        cut_and_write(server, team, 7)
        server.write("d1", "event_created", event("e8"))
        server.write("d1", "event_created", event("e9"))
        my.settle()
        assert heard.changes == []
        server.release()
        eventually(lambda: team.status == "online")
        assert heard.seqs == list(range(1, 10))
        assert team.cursor == "d1/a/9"


def test_repeated_messages_are_dropped_and_reordered_ones_put_in_order_without_asking() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        messages = [server.write("d1", "event_created", event(name), announce=False) for name in ("e1", "e2", "e3")]
        for position in (2, 0, 0, 1, 1):
            server.say("d1", *messages[position])
        time.sleep(GRACE_OVER)
        my.settle()
        assert heard.seqs == [1, 2, 3]
        assert (team.status, server.asked) == ("online", [])


def test_a_gap_is_asked_for_and_nothing_is_told_before_it_is_closed() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.write("d1", "event_created", event("e1"), announce=False)
        server.write("d1", "event_created", event("e2"))
        eventually(lambda: team.seq == 2 and team.status == "online")
        assert server.asked == [("sync_request", "d1", "d1/a/0")]
        assert heard.seqs == [1, 2]


def test_department_head_shows_that_the_last_message_was_missed() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, _heard = my.follow()
        server.write("d1", "event_created", event("e1"), announce=False)
        server.say("d1", "department_head", {"department_id": "d1", **server.place("d1")})
        eventually(lambda: team.seq == 1 and team.status == "online")
        server.asked.clear()
        server.say("d1", "department_head", {"department_id": "d1", **server.place("d1")})
        time.sleep(GRACE_OVER)
        assert server.asked == []


def test_a_head_behind_ours_is_looked_into() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        for name in ("e1", "e2", "e3"):
            server.write("d1", "event_created", event(name))
        server.start_anew("d1", "b", event("n1"))
        server.say("d1", "department_head", {"department_id": "d1", **server.place("d1")})
        eventually(lambda: team.cursor == "d1/b/0")
        my.settle()
        assert (heard.resets, team.seq) == ([["n1"]], 0)


def test_the_list_which_has_no_heads_is_checked_from_time_to_time() -> None:
    server = FakeServer()
    timing = type(TIMING)(list_check=0.03, grace=0.02)
    with client(server, timing=timing) as my:
        eventually(lambda: my.sync.departments.status == "online")
        server.write("list", "department_created", {"id": "d1", "name": "개발팀", "created_at": "1"}, announce=False)
        eventually(lambda: my.sync.departments.get("d1"))


def test_an_expired_cursor_replaces_the_state_at_once() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        cut_and_write(server, team, 2)
        server.cut()
        server.write("d1", "event_deleted", deleted("e1"))
        server.histories["d1"]["floor"] = 2
        server.answering = True
        eventually(lambda: team.status == "online")
        assert (heard.resets, heard.changes) == ([["e2"]], [])
        assert (list(team.items()), team.seq) == (["e2"], 3)


def test_sync_reset_in_the_middle_of_a_replay_reloads_and_keeps_nothing_of_the_old_numbers() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        cut_and_write(server, team, 4)
        server.write("d1", "event_created", event("e5"))
        my.settle()
        server.start_anew("d1", "b", event("n1"))
        server.say("d1", "sync_reset", {"department_id": "d1", "reason": "history_lost"})
        my.settle()
        server.write("d1", "event_created", event("n2"))
        server.release()
        eventually(lambda: team.status == "online")
        assert sorted(team.items()) == ["n1", "n2"]
        assert (team.seq, team.cursor, heard.changes[:-1]) == (1, "d1/b/1", [])


def test_a_change_that_is_announced_while_a_new_numbering_is_loaded_is_not_lost() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, _heard = my.follow()
        for name in ("e1", "e2", "e3"):
            server.write("d1", "event_created", event(name))
        my.settle()
        server.start_anew("d1", "b")
        cut_and_write(server, team, 0)
        server.write("d1", "event_created", event("n1"))
        server.release()
        eventually(lambda: team.status == "online")
        assert (list(team.items()), team.seq) == (["n1"], 1)


def test_a_cursor_that_the_server_does_not_accept_is_thrown_away() -> None:
    server = FakeServer("d1")
    server.write("d1", "event_created", event("e1"))
    saved = {"cursor": "other/a/9", "seq": 9, "items": [event("old")]}
    with client(server, storage=MemoryStorage(**{"department:d1": saved})) as my:
        team = my.sync.department("d1")
        eventually(lambda: team.status == "online")
        assert (list(team.items()), team.cursor, team.seq) == (["e1"], "d1/a/1", 1)


def test_a_hole_in_the_answer_is_reloaded_never_passed_over() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.reachable = False
        server.cut()
        eventually(lambda: team.status == "offline")
        for name in ("e1", "e2", "e3"):
            server.write("d1", "event_created", event(name))
        del server.histories["d1"]["changes"][1]
        server.histories["d1"]["changes"].append({**server.histories["d1"]["changes"][1], "seq": 4})
        server.reachable = True
        eventually(lambda: team.status == "online")
        assert heard.seqs == [1]
        assert heard.resets == [["e1", "e2", "e3"]]


def test_a_cut_in_the_middle_of_a_replay_goes_on_from_where_it_was() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        server.limit = 2
        cut_and_write(server, team, 6)
        [socket] = server.sockets
        socket.waiting.pop()()
        eventually(lambda: team.seq == 2 and socket.waiting)
        stale = socket.waiting.pop()
        server.reachable = False
        server.cut()
        eventually(lambda: team.status == "offline")
        stale()
        my.settle()
        assert team.seq == 2
        server.asked.clear()
        server.answering = server.reachable = True
        eventually(lambda: team.status == "online" and team.seq == 6)
        assert next(asked for asked in server.asked if asked[1]) == ("join_department", "d1", "d1/a/2")
        assert heard.seqs == [1, 2, 3, 4, 5, 6]


def test_a_question_without_an_answer_or_with_one_that_refuses_for_now_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = FakeServer("d1")
    answers: list[Any] = [{"success": False, "error": "store_unavailable"}, "no object", None]
    answer = server.answer

    def answer_or_refuse(socket: Any, name: str, payload: dict[str, Any]) -> Any:
        return answers.pop() if answers and "department_id" in payload else answer(socket, name, payload)

    monkeypatch.setattr(server, "answer", answer_or_refuse)
    server.answering = False
    with client(server) as my:
        team = my.sync.department("d1")
        eventually(lambda: not answers)
        assert team.status != "online"
        server.answering = True
        eventually(lambda: team.status == "online")


def test_numbers_that_nobody_knows_any_more_do_not_keep_it_asking_for_ever() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        meta = {"department_id": "d1", "seq": 99, "cursor": "d1/z/99", "mutation_id": None}
        server.say("d1", "event_created", event("ghost"), meta)
        eventually(lambda: server.asked and team.status == "online")
        server.asked.clear()
        time.sleep(GRACE_OVER)
        assert (server.asked, heard.changes) == ([], [])


def test_what_is_held_back_is_bounded_and_the_rest_is_asked_for() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        cut_and_write(server, team, 0)
        for version in range(1, 2_301):
            server.write("d1", "event_updated", event("e1", version))
        my.settle()
        server.asked.clear()
        server.release()
        eventually(lambda: team.seq == 2_300 and team.status == "online")
        assert heard.seqs == list(range(1, 2_301))
        assert [cursor for _name, name, cursor in server.asked if name] == ["d1/a/1000", "d1/a/2000"]


@pytest.mark.parametrize("how", ["sync_reset", "department_deleted", "join"])
def test_a_deleted_department_ends_the_subscription(how: str) -> None:
    server = FakeServer("d1")
    server.write("list", "department_created", {"id": "d1", "name": "개발팀", "created_at": "1"})
    storage = MemoryStorage()
    with client(server, storage=storage) as my:
        team, heard = my.follow()
        server.write("d1", "event_created", event("e1"))
        if how == "sync_reset":
            server.say("d1", "sync_reset", {"department_id": "d1", "reason": "department_deleted"})
        elif how == "department_deleted":
            server.write("list", "department_deleted", {"id": "d1"})
        else:
            my.settle()
            del server.histories["d1"]
            server.cut()
        eventually(lambda: team.ended)
        server.histories.pop("d1", None)
        my.settle()
        assert heard.ended == ["department_deleted"]
        assert (team.status, team.items(), len(heard.changes)) == ("offline", {}, 1)
        assert my.sync.department("d1") is not team
    assert "department:d1" not in storage.values


def test_leaving_ends_the_subscription_and_tells_the_server() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        team.leave()
        my.settle()
        server.write("d1", "event_created", event("e1"))
        assert (heard.ended, server.asked) == (["left"], [("leave_department", "d1", None)])
        again, _heard = my.follow()
        assert (list(again.items()), heard.changes) == (["e1"], [])


def test_a_listener_that_raises_disturbs_nobody_and_one_that_is_taken_away_hears_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        taken_away: list[str] = []
        team.on("change", lambda *_: 1 / 0)
        team.on("change", lambda name, *_: taken_away.append(name))()
        later = Heard(team)
        server.write("d1", "event_created", event("e1"))
        my.settle()
        assert (heard.seqs, later.seqs, taken_away) == ([1], [1], [])
        assert "ZeroDivisionError" in caplog.text


def test_several_departments_are_followed_apart_from_one_another_and_listed_in_the_servers_order() -> None:
    server = FakeServer("d1", "d2")
    with client(server) as my:
        team, _heard = my.follow("d1")
        other, _heard = my.follow("d2")
        server.write("d1", "event_created", event("e1"))
        server.write("d2", "event_created", event("x", department_id="d2", start_time="09:00"))
        server.write("d1", "event_deleted", deleted("e1"))
        server.write("d2", "event_created", event("e1", department_id="d2"))
        my.settle()
        assert (team.seq, team.ordered()) == (2, [])
        assert (other.seq, [each["id"] for each in other.ordered()]) == (2, ["e1", "x"])


def test_state_and_cursor_are_saved_together_and_taken_up_again(tmp_path: Path) -> None:
    server = FakeServer("d1")
    with client(server, storage=FileStorage(tmp_path)) as my:
        my.follow()
        server.write("d1", "event_created", event("e1"))
    saved = FileStorage(tmp_path).load("department:d1")
    assert saved == {"cursor": "d1/a/1", "seq": 1, "items": [event("e1")]}

    server.write("d1", "event_created", event("e2"))
    server.asked.clear()
    with client(server, storage=FileStorage(tmp_path)) as my:
        team = my.sync.department("d1")
        heard = Heard(team)
        eventually(lambda: team.status == "online")
        my.settle()
        assert sorted(team.items()) == ["e1", "e2"]
        assert [asked for asked in server.asked if asked[1]] == [("join_department", "d1", "d1/a/1")]
        assert len(heard.resets) == 1


def test_a_saved_cursor_may_lie_behind_the_saved_state() -> None:
    server = FakeServer("d1")
    for name in ("e1", "e2", "e3"):
        server.write("d1", "event_created", event(name))
    saved = {"cursor": "d1/a/1", "seq": 2, "items": [event("e1"), event("e2")]}
    with client(server, storage=MemoryStorage(**{"department:d1": saved})) as my:
        team = my.sync.department("d1")
        heard = Heard(team)
        eventually(lambda: team.status == "online")
        my.settle()
        assert heard.changes in ([], [(3, "event_created", "e3")])  # who listens late hears of it by reset
        assert heard.resets in ([["e1", "e2"]], [["e1", "e2", "e3"]])
        assert sorted(team.items()) == ["e1", "e2", "e3"]
        assert [asked for asked in server.asked if asked[1]] == [("join_department", "d1", "d1/a/1")]


@pytest.mark.parametrize("content", ["{not json", "[]", '{"cursor": 1, "seq": "x", "items": null}'])
def test_a_storage_that_holds_nonsense_costs_no_more_than_a_reload(tmp_path: Path, content: str) -> None:
    (tmp_path / "department%3Ad1.json").write_text(content, encoding="utf-8")
    server = FakeServer("d1")
    server.write("d1", "event_created", event("e1"))
    with client(server, storage=FileStorage(tmp_path)) as my:
        team, _heard = my.follow()
        assert list(team.items()) == ["e1"]


def test_a_connection_that_ends_without_a_word_is_noticed() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, _heard = my.follow()
        [socket] = server.sockets
        socket.disconnect()
        eventually(lambda: server.sockets and team.status == "online")
        assert len(server.made) == 2


def test_close_ends_all_threads_and_is_quiet_afterwards() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, heard = my.follow()
        my.sync.close()
        my.sync.close()
        assert (server.sockets, team.status, my.http.is_closed) == (set(), "offline", True)
        server.made[-1].hear("event_created", event("e1"), {"department_id": "d1", "seq": 1, "cursor": "d1/a/1"})
        assert heard.changes == []
        with pytest.raises(WriteFailed, match="closed"):
            my.sync.department("d2")


def test_a_listener_may_close_the_client() -> None:
    server = FakeServer("d1")
    with client(server) as my:
        team, _heard = my.follow()
        team.on("change", lambda *_: my.sync.close())
        server.write("d1", "event_created", event("e1"))
        eventually(lambda: my.http.is_closed)
        assert team.seq == 1
