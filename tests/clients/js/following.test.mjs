// How a history is followed: joining, holding back, the rule of numbers, gaps, resets, the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CalendarSync } from "../../../clients/js/dallyeok-sync.js";
import { client, event, FakeServer, FakeSocket, FakeStorage, following, listen, sleep, TIMING, until } from "./doubles.mjs";

const ids = (history) => [...history.items.keys()].sort();

test("the first time everything is loaded, and then each change is told in order", async (t) => {
  const server = new FakeServer("d1");
  server.write("d1", "event_created", event("e1"));
  const { sync, socket } = await client(t, server);
  const team = sync.department("d1");
  const heard = listen(team);
  socket.connect();
  await until(() => team.status === "online");
  server.write("d1", "event_created", event("e2"), "key-1");
  server.write("d1", "event_deleted", { id: "e1", department_id: "d1" });

  assert.deepEqual(heard.resets, [["e1"]]);
  assert.deepEqual(heard.changes, [[2, "event_created", "e2"], [3, "event_deleted", "e1"]]);
  assert.deepEqual(heard.statuses, ["catching-up", "online"]);
  assert.equal(heard.metas[0].mutation_id, "key-1");
  assert.deepEqual([ids(team), team.seq, team.cursor], [["e2"], 3, "d1/a/3"]);
});

test("the list of departments is followed without joining", async (t) => {
  const server = new FakeServer();
  server.write("list", "department_created", { id: "d1", name: "개발팀", created_at: "1" });
  const { sync, socket } = await client(t, server);
  const heard = listen(sync.departments);
  socket.connect();
  await until(() => sync.departments.status === "online");
  server.write("list", "department_updated", { id: "d1", name: "연구팀", created_at: "1" });

  assert.deepEqual(server.asked, [["sync_request", null, null]]);
  assert.deepEqual(heard.changes, [[2, "department_updated", "d1"]]);
  assert.equal(sync.departments.list()[0].name, "연구팀");
});

test("after a cut it joins with its cursor and gets only what it missed", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  server.write("d1", "event_created", event("e1"));
  socket.cut();
  assert.equal(team.status, "offline");
  server.write("d1", "event_updated", event("e1", 2));
  server.asked.length = 0;
  socket.connect();
  await until(() => team.status === "online");

  assert.ok(server.asked.some(([name, id, cursor]) => name === "join_department" && id === "d1" && cursor === "d1/a/1"));
  assert.deepEqual(heard.changes, [[1, "event_created", "e1"], [2, "event_updated", "e1"]]);
  assert.deepEqual(heard.resets, []);
  assert.deepEqual(heard.metas[1].cursor, "d1/a/2");
});

test("live messages are held back until a replay in many parts has reached the head", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  socket.cut();
  for (let i = 1; i <= 7; i++) server.write("d1", "event_created", event(`e${i}`));
  server.limit = 2;
  socket.answering = false;
  socket.connect();
  server.write("d1", "event_created", event("e8"));
  server.write("d1", "event_created", event("e9"));
  assert.deepEqual(heard.changes, []);
  socket.release();
  await until(() => team.status === "online");

  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(team.cursor, "d1/a/9");
});

test("a repeated message is dropped", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  const message = server.write("d1", "event_created", event("e1"));
  server.write("d1", "event_updated", event("e1", 2));
  socket.hear(...message);

  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2]);
  assert.equal(team.items.get("e1").version, 2);
});

test("messages that only changed places are put in order without asking", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  const messages = ["e1", "e2", "e3"].map((id) => server.write("d1", "event_created", event(id), null, false));
  for (const i of [2, 0, 1]) socket.hear(...messages[i]);
  await sleep(3 * TIMING.graceMs);

  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2, 3]);
  assert.deepEqual([team.status, server.asked], ["online", []]);
});

test("a gap is asked for, and nothing is told before it is closed", async (t) => {
  const server = new FakeServer("d1");
  const { team, heard } = await following(t, server);
  server.write("d1", "event_created", event("e1"), null, false);
  server.write("d1", "event_created", event("e2"));
  assert.deepEqual(heard.changes, []);
  await until(() => team.seq === 2);

  assert.deepEqual(server.asked, [["sync_request", "d1", "d1/a/0"]]);
  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2]);
  await until(() => team.status === "online");
});

test("department_head shows that the last message was missed", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team } = await following(t, server);
  server.write("d1", "event_created", event("e1"), null, false);
  socket.hear("department_head", { department_id: "d1", ...server.head("d1") });
  await until(() => team.seq === 1);

  server.asked.length = 0;
  socket.hear("department_head", { department_id: "d1", ...server.head("d1") });
  await sleep(3 * TIMING.graceMs);
  assert.deepEqual(server.asked, []);
});

test("a head behind ours is looked into: the history may have been numbered anew", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  for (const id of ["e1", "e2", "e3"]) server.write("d1", "event_created", event(id));
  server.histories.set("d1", { changes: [], items: new Map([["e9", event("e9")]]), epoch: "b", floor: 0 });
  socket.hear("department_head", { department_id: "d1", ...server.head("d1") });
  await until(() => team.cursor === "d1/b/0");

  assert.deepEqual(heard.resets, [["e9"]]);
  assert.equal(team.seq, 0);
});

test("the list, which has no heads, is checked from time to time", async (t) => {
  const server = new FakeServer();
  const { sync, socket } = await client(t, server, { timing: { ...TIMING, listCheckMs: 15 } });
  socket.connect();
  await until(() => sync.departments.status === "online");
  server.write("list", "department_created", { id: "d1", name: "개발팀", created_at: "1" }, null, false);
  await until(() => sync.departments.seq === 1);
  assert.ok(sync.departments.items.has("d1"));
});

test("an expired cursor replaces the state at once", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  server.write("d1", "event_created", event("e1"));
  socket.cut();
  server.write("d1", "event_deleted", { id: "e1", department_id: "d1" });
  server.write("d1", "event_created", event("e2"));
  server.histories.get("d1").floor = 2;
  socket.connect();
  await until(() => team.status === "online");

  assert.deepEqual(heard.resets, [["e2"]]);
  assert.deepEqual([ids(team), team.seq], [["e2"], 3]);
});

test("sync_reset reloads without the cursor, also in the middle of a replay, and keeps nothing of the old numbers", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  for (const id of ["e1", "e2", "e3", "e4"]) server.write("d1", "event_created", event(id));
  socket.cut();
  const late = server.write("d1", "event_created", event("e5"));
  socket.answering = false;
  socket.connect();
  socket.hear(...server.write("d1", "event_created", event("e6"), null, false));
  server.histories.set("d1", { changes: [], items: new Map([["n1", event("n1")]]), epoch: "b", floor: 0 });
  heard.changes.length = 0;
  socket.hear("sync_reset", { department_id: "d1", reason: "history_lost" });
  const [first] = server.write("d1", "event_created", event("n2"));
  assert.equal(first, "event_created");
  socket.release();
  await until(() => team.status === "online");
  socket.hear(...late.slice(0, 2), { ...late[2], seq: 1 });

  assert.deepEqual(ids(team), ["n1", "n2"]);
  assert.deepEqual([team.seq, team.cursor], [1, "d1/b/1"]);
  assert.deepEqual(heard.changes, []);
});

test("a change that is announced while a new numbering is loaded is not lost", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team } = await following(t, server);
  for (const id of ["e1", "e2", "e3"]) server.write("d1", "event_created", event(id));
  socket.cut();
  server.histories.set("d1", { changes: [], items: new Map(), epoch: "b", floor: 0 });
  socket.answering = false;
  socket.connect();
  server.write("d1", "event_created", event("n1"));
  socket.release();
  await until(() => team.status === "online");
  assert.deepEqual([ids(team), team.seq], [["n1"], 1]);
});

test("a cursor that the server does not accept is thrown away", async (t) => {
  const server = new FakeServer("d1");
  server.write("d1", "event_created", event("e1"));
  const saved = { cursor: "other/a/9", seq: 9, items: [event("old")] };
  const storage = new FakeStorage({ "department:d1": saved });
  const { sync, socket } = await client(t, server, { storage });
  const team = sync.department("d1");
  const heard = listen(team);
  socket.connect();
  await until(() => team.status === "online");

  assert.deepEqual(heard.resets, [["old"], ["e1"]]);
  assert.deepEqual([team.cursor, team.seq], ["d1/a/1", 1]);
});

test("a hole in the answer is reloaded, never passed over", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  socket.cut();
  for (const id of ["e1", "e2", "e3"]) server.write("d1", "event_created", event(id));
  server.histories.get("d1").changes[1] = { ...server.histories.get("d1").changes[2] };
  socket.connect();
  await until(() => team.status === "online");

  assert.deepEqual(heard.changes.map(([seq]) => seq), [1]);
  assert.deepEqual(heard.resets, [["e1", "e2", "e3"]]);
  assert.equal(team.seq, 3);
});

test("a cut in the middle of a replay: the old answer no longer counts, the next join goes on from where it was", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  socket.cut();
  for (let i = 1; i <= 6; i++) server.write("d1", "event_created", event(`e${i}`));
  server.limit = 2;
  socket.answering = false;
  socket.connect();
  socket.waiting.splice(0).forEach(([answer]) => answer());
  assert.equal(team.seq, 2);
  const stale = socket.waiting.splice(0);
  socket.cut();
  stale.forEach(([answer]) => answer());
  assert.equal(team.seq, 2);
  server.asked.length = 0;
  socket.answering = true;
  socket.connect();
  await until(() => team.status === "online");

  assert.deepEqual(server.asked.filter(([, id]) => id === "d1")[0], ["join_department", "d1", "d1/a/2"]);
  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2, 3, 4, 5, 6]);
});

test("a question without an answer, or with one that refuses for now, is asked again", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket } = await client(t, server);
  const team = sync.department("d1");
  const answer = server.answer.bind(server);
  let asked = 0;
  server.answer = (...question) => {
    if (question[2].department_id === "d1" && ++asked === 2) return { success: false, error: "store_unavailable" };
    return answer(...question);
  };
  socket.answering = false;
  socket.connect();
  await sleep(TIMING.answerMs + 2 * TIMING.retryMs);
  socket.answering = true;
  await until(() => team.status === "online");
  assert.ok(asked >= 4, `asked ${asked} times`);
});

test("numbers that nobody knows any more do not keep it asking for ever", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team } = await following(t, server);
  socket.hear("event_created", event("ghost"), { department_id: "d1", seq: 99, cursor: "d1/z/99", mutation_id: null });
  await until(() => server.asked.length > 0 && team.status === "online");
  server.asked.length = 0;
  await sleep(5 * TIMING.graceMs);
  assert.deepEqual([server.asked, ids(team)], [[], []]);
});

test("what is held back is bounded, and the rest is asked for", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard } = await following(t, server);
  socket.cut();
  socket.answering = false;
  socket.connect();
  for (let i = 1; i <= 2_500; i++) server.write("d1", "event_updated", event("e1", i));
  server.asked.length = 0;
  socket.release();
  await until(() => team.seq === 2_500 && team.status === "online");

  assert.deepEqual(heard.changes.map(([seq]) => seq), Array.from({ length: 2_500 }, (_, i) => i + 1));
  assert.deepEqual(server.asked.filter(([, id]) => id === "d1").map(([, , cursor]) => cursor), ["d1/a/1000", "d1/a/2000"]);
});

for (const how of ["sync_reset", "the list's department_deleted", "a join that finds nothing"]) {
  test(`a deleted department ends the subscription: ${how}`, async (t) => {
    const server = new FakeServer("d1");
    server.write("list", "department_created", { id: "d1", name: "개발팀", created_at: "1" });
    const storage = new FakeStorage();
    const { sync, socket, team, heard } = await following(t, server, { storage });
    server.write("d1", "event_created", event("e1"));
    if (how === "sync_reset") socket.hear("sync_reset", { department_id: "d1", reason: "department_deleted" });
    else if (how.startsWith("the list")) server.write("list", "department_deleted", { id: "d1" });
    else {
      socket.cut();
      server.histories.delete("d1");
      socket.connect();
      await until(() => team.ended);
    }
    server.say("d1", "event_created", event("e2"), { department_id: "d1", seq: 2, cursor: "x", mutation_id: null });

    assert.deepEqual(heard.ended, ["department_deleted"]);
    assert.deepEqual([team.ended, team.status, team.items.size], [true, "offline", 0]);
    assert.equal(heard.changes.length, 1);
    await sync.close();
    assert.equal(storage.get("department:d1"), null);
  });
}

test("leaving ends the subscription and tells the server; a new one begins anew", async (t) => {
  const server = new FakeServer("d1");
  const { sync, team, heard } = await following(t, server);
  team.leave();
  server.write("d1", "event_created", event("e1"));
  assert.deepEqual([heard.ended, heard.changes, server.asked.at(-1)[0]], [["left"], [], "leave_department"]);

  const again = sync.department("d1");
  assert.notEqual(again, team);
  await until(() => again.status === "online");
  assert.deepEqual(ids(again), ["e1"]);
});

test("a listener that leaves in the middle of a replay hears nothing more; one that throws disturbs nobody", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team, heard, errors } = await following(t, server);
  socket.cut();
  for (const id of ["e1", "e2", "e3"]) server.write("d1", "event_created", event(id));
  team.on("change", (_type, { id }) => {
    if (id === "e2") team.leave();
    throw new Error(id);
  });
  socket.connect();
  await until(() => team.ended);
  await sleep(20);
  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2]);
  assert.deepEqual(errors.map(({ message }) => message), ["e1", "e2"]);
});

test("several departments are followed apart from one another", async (t) => {
  const server = new FakeServer("d1", "d2");
  const { sync, team } = await following(t, server);
  const other = sync.department("d2");
  await until(() => other.status === "online");
  server.write("d2", "event_created", event("x", 1, { department_id: "d2" }));
  server.write("d1", "event_created", event("e1"));
  server.write("d1", "event_deleted", { id: "e1", department_id: "d1" });
  server.write("d2", "event_created", event("e1", 2, { department_id: "d2" }));

  assert.deepEqual([team.seq, ids(team)], [2, []]);
  assert.deepEqual([other.seq, ids(other)], [2, ["e1", "x"]]);
});

test("lists are in the server's order", async (t) => {
  const server = new FakeServer("d1");
  const rows = [
    event("c", 1, { start_time: "09:00" }), event("b", 1), event("a", 1, { event_date: "2024-02-01" }), event("d", 1),
  ];
  for (const row of rows) server.write("d1", "event_created", row);
  const { team } = await following(t, server);
  assert.deepEqual(team.list().map(({ id }) => id), ["b", "d", "c", "a"]);
});

test("state and cursor are saved together and taken up again", async (t) => {
  const server = new FakeServer("d1");
  const storage = new FakeStorage();
  const first = await following(t, server, { storage });
  server.write("d1", "event_created", event("e1"));
  await first.sync.close();
  assert.deepEqual(storage.get("department:d1"), { cursor: "d1/a/1", seq: 1, items: [event("e1")] });

  server.write("d1", "event_created", event("e2"));
  server.asked.length = 0;
  const { sync, socket } = await client(t, server, { storage });
  const team = sync.department("d1");
  const heard = listen(team);
  await until(() => heard.resets.length === 1);
  socket.connect();
  await until(() => team.status === "online");
  assert.deepEqual([heard.resets, heard.changes], [[["e1"]], [[2, "event_created", "e2"]]]);
  assert.deepEqual(server.asked.filter(([, id]) => id), [["join_department", "d1", "d1/a/1"]]);
});

test("a saved cursor may lie behind the saved state: what the state holds already is not told again", async (t) => {
  const server = new FakeServer("d1");
  for (const id of ["e1", "e2", "e3"]) server.write("d1", "event_created", event(id));
  const saved = { cursor: "d1/a/1", seq: 2, items: [event("e1"), event("e2")] };
  const { sync, socket } = await client(t, server, { storage: new FakeStorage({ "department:d1": saved }) });
  const team = sync.department("d1");
  const heard = listen(team);
  socket.connect();
  await until(() => team.status === "online");
  assert.deepEqual([heard.resets, heard.changes], [[["e1", "e2"]], [[3, "event_created", "e3"]]]);
});

test("a storage that fails, or holds nonsense, costs no more than a reload", async (t) => {
  const server = new FakeServer("d1");
  const broken = {
    load: async (name) => (name === "outbox" ? { no: "list" } : Promise.reject(new Error("unreadable"))),
    save: async () => Promise.reject(new Error("full")),
  };
  const { sync, team, errors } = await following(t, server, { storage: broken });
  server.write("d1", "event_created", event("e1"));
  await sync.close();
  assert.equal(team.seq, 1);
  assert.ok(errors.some(({ message }) => message === "unreadable") && errors.some(({ message }) => message === "full"));
});

test("a socket that the server has closed is opened again", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team } = await following(t, server);
  socket.active = false;
  socket.cut("io server disconnect");
  await until(() => team.status === "online");
  assert.equal(socket.connects, 2);
});

test("close takes all handlers away, ends what is asked, and is quiet afterwards", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket, team, heard } = await following(t, server);
  await sync.close();
  await sync.close();
  assert.deepEqual([...socket.handlers.values()].flat(), []);
  assert.deepEqual([socket.connected, team.status], [false, "offline"]);
  server.write("d1", "event_created", event("e1"));
  assert.deepEqual(heard.changes, []);
  assert.throws(() => sync.department("d2"), { code: "closed" });
});

test("a socket that was handed in is left open", async (t) => {
  const server = new FakeServer("d1");
  const socket = new FakeSocket(server);
  socket.connect();
  const { sync } = await client(t, server, { socket, io: undefined });
  const team = sync.department("d1");
  await until(() => team.status === "online");
  await sync.close();
  assert.equal(socket.connected, true);
});

test("it says what it needs", () => {
  assert.throws(() => new CalendarSync({ url: "http://calendar.test" }), /io/);
});
