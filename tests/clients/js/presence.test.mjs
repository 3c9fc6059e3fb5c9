// Who looks at a department: how it is said, repeated and said again, and what is shown of the others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client, FakeServer, following, sleep, TIMING, until } from "./doubles.mjs";

const EVENT = "7d0f3c1e-58a4-4b8e-a0f5-2c9e1b7d4a63";
const ME = { name: "김하나", editing: null };
const OTHERS = [{ id: "v7", name: "이둘", editing: EVENT }];

const told = (team) => {
  const heard = [];
  team.on("presence", (viewers, count) => heard.push([viewers.map(({ name }) => name), count]));
  return heard;
};

test("it is said at once, at each change, and repeated while connected", async (t) => {
  const server = new FakeServer("d1");
  const { team } = await following(t, server);
  team.presence({ name: "김하나" });
  team.presence({ name: "김하나", editing: EVENT });
  team.presence({ name: "김하나", editing: EVENT });
  assert.deepEqual(server.said, [["d1", ME], ["d1", { ...ME, editing: EVENT }]]);
  await until(() => server.said.length >= 4, "repeated");
  assert.deepEqual(server.said[3], ["d1", { ...ME, editing: EVENT }]);
  assert.equal(team.viewerId, "viewer 1");
});

test("it waits for the room, and is said again after each cut", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket } = await client(t, server, { timing: { ...TIMING, presenceMs: 60_000 } });
  const team = sync.department("d1");
  team.presence(ME);
  await sleep(10);
  assert.deepEqual(server.said, []);
  socket.connect();
  await until(() => team.viewerId === "viewer 1");
  socket.cut();
  assert.equal(team.viewerId, null);
  socket.connect();
  await until(() => team.viewerId === "viewer 2");
  assert.deepEqual(server.said, [["d1", ME], ["d1", ME]]);
});

test("the others are told by name, with the count of all, and forgotten while offline", async (t) => {
  const server = new FakeServer("d1", "d2");
  const { socket, team } = await following(t, server);
  const heard = told(team);
  const message = { department_id: "d1", viewers: OTHERS, count: 205 };
  socket.hear("presence", message);
  socket.hear("presence", message);
  assert.deepEqual([team.viewers, team.viewerCount], [OTHERS, 205]);
  for (const wrong of [null, {}, { department_id: null, viewers: [] }, { department_id: "d2", viewers: [] }, { department_id: "d1" }]) {
    socket.hear("presence", wrong);
  }
  socket.cut();
  assert.deepEqual(heard, [[["이둘"], 205], [[], 0]]);
  assert.deepEqual([team.viewers, team.viewerCount], [[], 0]);
});

test("with null nothing more is said", async (t) => {
  const server = new FakeServer("d1");
  const { team } = await following(t, server);
  team.presence(ME);
  team.presence(null);
  await sleep(3 * TIMING.presenceMs);
  assert.equal(server.said.length, 1);
});

test("who has left a department is seen there no longer, and says no more", async (t) => {
  const server = new FakeServer("d1");
  const { team } = await following(t, server);
  team.presence(ME);
  team.leave();
  team.presence({ name: "박셋" });
  await sleep(3 * TIMING.presenceMs);
  assert.equal(server.said.length, 1);
});

test("what is refused is reported and not repeated; a new name is tried", async (t) => {
  const server = new FakeServer("d1");
  const { team, errors } = await following(t, server);
  server.refusal = "validation_failed";
  team.presence({ name: "" });
  await sleep(3 * TIMING.presenceMs);
  assert.deepEqual([server.said.length, errors.map(({ code }) => code)], [1, ["validation_failed"]]);
  server.refusal = null;
  team.presence(ME);
  await until(() => team.viewerId !== null);
});

test("an older server is asked once", async (t) => {
  const server = new FakeServer("d1");
  const { team } = await following(t, server);
  server.refusal = "unknown_event";
  team.presence(ME);
  await sleep(3 * TIMING.presenceMs);
  assert.equal(server.said.length, 1);
});

test("an event whose id is no UUID is not named", async (t) => {
  const server = new FakeServer("d1");
  const { team } = await following(t, server);
  team.presence({ name: "김하나", editing: "old-17" });
  assert.deepEqual(server.said, [["d1", ME]]);
});

test("where timers are held back, what the server sends repeats it", async (t) => {
  const server = new FakeServer("d1");
  const { socket, team } = await following(t, server);
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  team.presence(ME);
  socket.hear("department_head", { department_id: "d1", seq: 0, cursor: "d1/a/0" });
  assert.equal(server.said.length, 1);
  t.mock.timers.setTime(Date.now() + TIMING.presenceMs);
  server.said.length = 0;
  socket.hear("department_head", { department_id: "d1", seq: 0, cursor: "d1/a/0" });
  assert.ok(server.said.length >= 1);
});

test("the list of departments has no viewers", async (t) => {
  const server = new FakeServer("d1");
  const { sync } = await following(t, server);
  sync.departments.presence(ME);
  await sleep(2 * TIMING.presenceMs);
  assert.deepEqual([server.said, sync.departments.viewers], [[], []]);
});
