// How writes are sent: in order, each until it has a final answer, and each taken into the state once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteFailed } from "../../../clients/js/dallyeok-sync.js";
import { client, event, FakeServer, FakeStorage, following, sleep, TIMING, until } from "./doubles.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const refusal = (status, error, more = {}) => ({ status, body: { error, message: `${error}!`, ...more } });
const titles = (http) => http.requests.map(({ body }) => body?.title);

/** Makes the write on `server` and answers as the real one does. */
const making = (server, { announce = true } = {}) => ({ method, path, body, headers }) => {
  const id = method === "POST" ? body.id : path.split("/").at(-1);
  const written = event(id, method === "POST" ? 1 : 2, { title: body.title });
  server.write("d1", method === "POST" ? "event_created" : "event_updated", written, headers["Idempotency-Key"], announce);
  return { status: 200, body: { event: written, ...server.head("d1") } };
};

test("every kind of write has its method, address, body and a random key", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  await sync.createEvent("d1", { title: "회의", event_date: "2024-01-20" });
  await sync.updateEvent("e 1", { title: "점심" });
  await sync.deleteEvent("e1");
  await sync.createDepartment({ name: "개발팀" });
  await sync.updateDepartment("d1", { name: "연구팀" });
  await sync.deleteDepartment("d1");

  assert.deepEqual(http.requests.map(({ method, path }) => `${method} ${path}`), [
    "POST /api/events/d1", "PUT /api/events/e%201", "DELETE /api/events/e1",
    "POST /api/departments", "PUT /api/departments/d1", "DELETE /api/departments/d1",
  ]);
  assert.match(http.requests[0].body.id, UUID);
  assert.deepEqual(http.requests[1].body, { title: "점심" });
  assert.equal(http.requests[2].body, null);
  const keys = http.requests.map(({ key }) => key);
  keys.forEach((key) => assert.match(key, UUID));
  assert.equal(new Set(keys).size, 6);
});

test("the promise gives the final answer", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  http.script = [{ status: 201, body: { event: event("e1") }, headers: { ETag: '"1-a"', "Idempotent-Replayed": "true" } }];
  const answer = await sync.createEvent("d1", { title: "회의" });
  assert.deepEqual([answer.status, answer.etag, answer.replayed, answer.body.event.id], [201, '"1-a"', true, "e1"]);
});

test("a refusal is final: code, message, details and current", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  const details = [{ field: "title", code: "required", message: "꼭" }];
  http.script = [
    refusal(422, "validation_failed", { details }),
    { ...refusal(412, "version_conflict", { current: event("e1", 7) }), headers: { ETag: '"7-x"' } },
    { status: 404, text: "<html>not ours</html>" },
    { status: 200 },
  ];
  const failed = async (write) => write.then(assert.fail, (error) => error);
  const invalid = await failed(sync.createEvent("d1", {}));
  const conflict = await failed(sync.updateEvent("e1", { title: "x" }, { ifMatch: '"1-a"' }));
  const foreign = await failed(sync.deleteEvent("e1"));
  await sync.deleteEvent("e2");

  assert.ok(invalid instanceof WriteFailed);
  assert.deepEqual([invalid.status, invalid.code, invalid.message], [422, "validation_failed", "validation_failed!"]);
  assert.deepEqual(invalid.details, details);
  assert.deepEqual([conflict.current.version, conflict.etag], [7, '"7-x"']);
  assert.equal(http.requests[1].headers["If-Match"], '"1-a"');
  assert.deepEqual([foreign.status, foreign.code], [404, "http_404"]);
  assert.equal(http.requests.length, 4);
});

test("a lost answer is asked for again with the same key, before anything that was written later", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  http.script = ["lost", "silent", { status: 200, text: '{"success": tr' }, { status: 302 }, { status: 201 }];
  const [first, second] = [sync.createEvent("d1", { title: "1" }), sync.createEvent("d1", { title: "2" })];
  assert.deepEqual(sync.pending.map(({ body }) => body.title), ["1", "2"]);
  await Promise.all([first, second]);

  assert.deepEqual(titles(http), ["1", "1", "1", "1", "1", "2"]);
  assert.equal(new Set(http.requests.slice(0, 5).map(({ key }) => key)).size, 1);
  assert.deepEqual(sync.pending, []);
});

for (const status of [408, 429, 500, 502, 503, 504]) {
  test(`${status} is no final answer`, async (t) => {
    const { sync, http } = await client(t, new FakeServer());
    http.script = [{ status, text: "" }, { status: 200 }];
    assert.equal((await sync.deleteEvent("e1")).status, 200);
    assert.equal(http.requests[0].key, http.requests[1].key);
  });
}

test("Retry-After is waited for, also when the socket comes back before", async (t) => {
  const server = new FakeServer();
  const { sync, http, socket } = await client(t, server);
  http.script = [{ status: 503, headers: { "Retry-After": "1" } }];
  const began = Date.now();
  const write = sync.deleteEvent("e1");
  await until(() => http.requests.length === 1);
  socket.connect();
  await write;
  assert.ok(Date.now() - began >= 990);
  assert.equal(http.requests.length, 2);
});

test("writes made offline wait in order; a connection that comes back sends them at once", async (t) => {
  const timing = { ...TIMING, retryMs: 60_000, retryMaxMs: 60_000 };
  const server = new FakeServer("d1");
  const { sync, http, socket } = await client(t, server, { timing });
  http.script = ["down"];
  const writes = ["1", "2", "3"].map((title) => sync.createEvent("d1", { title }));
  await until(() => http.requests.length === 1);
  await sleep(20);
  assert.deepEqual(titles(http), ["1"]);
  assert.equal(sync.pending.length, 3);
  socket.connect();
  await Promise.all(writes);
  assert.deepEqual(titles(http), ["1", "1", "2", "3"]);
});

test("a refused write does not hold up those behind it", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  http.script = ["down", refusal(404, "event_not_found")];
  const first = sync.updateEvent("e1", { title: "1" });
  const second = sync.updateEvent("e2", { title: "2" });
  await assert.rejects(first, { code: "event_not_found" });
  assert.equal((await second).status, 200);
});

test("one's own change is told once: by the answer, and dropped when it arrives live", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket, http, team, heard } = await following(t, server);
  http.script = [making(server, { announce: false })];
  const { body } = await sync.createEvent("d1", { title: "회의" });
  assert.deepEqual(heard.changes, [[1, "event_created", body.event.id]]);
  assert.deepEqual([heard.metas[0].mutation_id, team.cursor], [http.requests[0].key, "d1/a/1"]);

  const meta = { department_id: "d1", ...server.head("d1"), mutation_id: http.requests[0].key };
  socket.hear("event_created", body.event, meta);
  await sleep(3 * TIMING.graceMs);
  assert.equal(heard.changes.length, 1);
  assert.deepEqual(server.asked, []);
});

test("one's own change is told once: live, before the answer", async (t) => {
  const server = new FakeServer("d1");
  const { sync, http, heard } = await following(t, server);
  http.script = [making(server)];
  await sync.createEvent("d1", { title: "회의" });
  assert.deepEqual(heard.changes.map(([seq, type]) => [seq, type]), [[1, "event_created"]]);
});

test("an answer that is ahead of unseen changes does not pass over them", async (t) => {
  const server = new FakeServer("d1");
  const { sync, http, team, heard } = await following(t, server);
  server.write("d1", "event_created", event("other"), null, false);
  http.script = [making(server, { announce: false })];
  await sync.createEvent("d1", { title: "회의" });
  assert.equal(team.seq, 0);
  await until(() => team.seq === 2);
  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2]);
});

test("the answer to a write that changed nothing carries the number of somebody else's change", async (t) => {
  const server = new FakeServer("d1");
  server.write("d1", "event_created", event("mine"));
  const { sync, http, team, heard } = await following(t, server);
  server.write("d1", "event_created", event("other"), null, false);
  http.script = [{ status: 200, body: { event: event("mine"), ...server.head("d1") } }];
  await sync.updateEvent("mine", { title: "mine v1" });
  await until(() => team.seq === 2);
  assert.deepEqual(heard.changes, [[2, "event_created", "other"]]);
});

test("while a replay is under way, an answer waits its turn", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket, http, team, heard } = await following(t, server);
  socket.cut();
  server.write("d1", "event_created", event("e1"));
  socket.answering = false;
  socket.connect();
  http.script = [making(server, { announce: false })];
  await sync.createEvent("d1", { title: "회의" });
  assert.deepEqual(heard.changes, []);
  socket.release();
  await until(() => team.status === "online");
  assert.deepEqual(heard.changes.map(([seq]) => seq), [1, 2]);
});

test("an answer is taken while the socket is away, and the next join goes on from there", async (t) => {
  const server = new FakeServer("d1");
  const { sync, socket, http, team, heard } = await following(t, server);
  socket.cut();
  http.script = [making(server)];
  await sync.createEvent("d1", { title: "회의" });
  assert.equal(team.cursor, "d1/a/1");
  socket.connect();
  await until(() => team.status === "online");
  assert.equal(heard.changes.length, 1);
});

test("the answer to a deleted department ends it; that to a new one is in the list", async (t) => {
  const server = new FakeServer("d1");
  const { sync, http, heard } = await following(t, server);
  const department = { id: "d2", name: "새 부서", created_at: "1" };
  server.write("list", "department_created", department, null, false);
  http.script = [{ status: 201, body: { department, ...server.head("list") } }];
  await sync.createDepartment({ name: "새 부서" });
  assert.deepEqual(sync.departments.items.get("d2"), department);

  server.write("list", "department_deleted", { id: "d1" }, null, false);
  http.script = [{ status: 200, body: { message: "", ...server.head("list") } }];
  await sync.deleteDepartment("d1");
  await until(() => heard.ended.length === 1);
});

test("ifVersion looks up the tag once, and a repetition means the same state", async (t) => {
  const server = new FakeServer("d1");
  server.write("d1", "event_created", event("e1"));
  const { sync, http } = await following(t, server);
  http.script = [
    { status: 200, body: { event: event("e1") }, headers: { ETag: '"1-a"' } }, "lost", { status: 200 },
  ];
  await sync.updateEvent("e1", { title: "x" }, { ifVersion: 1 });
  assert.deepEqual(http.requests.map(({ method, path }) => `${method} ${path}`), [
    "GET /api/events/d1/e1", "PUT /api/events/e1", "PUT /api/events/e1",
  ]);
  assert.deepEqual(http.requests.map(({ headers }) => headers["If-Match"]), [undefined, '"1-a"', '"1-a"']);

  http.script = [{ status: 200, body: { event: event("e1", 5) }, headers: { ETag: '"5-a"' } }];
  const conflict = await sync.deleteEvent("e1", { ifVersion: 1 }).catch((error) => error);
  assert.deepEqual([conflict.status, conflict.code, conflict.current.version], [412, "version_conflict", 5]);
  await assert.rejects(sync.deleteEvent("unknown", { ifVersion: 1 }), TypeError);
});

test("the outbox survives: it is saved before anything is sent, and sent in the next life with the same keys", async (t) => {
  const storage = new FakeStorage();
  const first = await client(t, new FakeServer(), { storage });
  first.http.script = Array(50).fill("down");
  const lost = [first.sync.createEvent("d1", { title: "1" }), first.sync.createEvent("d1", { title: "2" })];
  await until(() => first.http.requests.length > 0);
  const saved = storage.get("outbox");
  assert.deepEqual(saved.map(({ body }) => body.title), ["1", "2"]);
  assert.notEqual(saved[0].first_sent_at, null);
  await first.sync.close();
  for (const write of lost) await assert.rejects(write, { code: "closed" });

  const { sync, http } = await client(t, new FakeServer(), { storage }, false);
  const outcomes = [];
  sync.on("write", (write, outcome) => outcomes.push([write.key, outcome.status]));
  await sync.ready;
  await until(() => sync.pending.length === 0);
  assert.deepEqual(http.requests.map(({ key }) => key), saved.map(({ key }) => key));
  assert.deepEqual(outcomes, saved.map(({ key }) => [key, 200]));
  await sync.close();
  assert.deepEqual(storage.get("outbox"), []);
});

test("nothing is sent before the storage has it, however slow it is", async (t) => {
  const storage = new FakeStorage();
  const save = storage.save.bind(storage);
  storage.save = async (name, value) => sleep(15).then(() => save(name, value));
  const { sync, http } = await client(t, new FakeServer(), { storage });
  const kept = [];
  const look = () => kept.push(storage.get("outbox")?.map(({ path, first_sent_at: sent }) => [path, sent !== null])) && { status: 200 };
  http.script = [look];
  await sync.deleteEvent("e1");
  assert.deepEqual(kept, [[["/api/events/e1", true]]]);
});

test("writes made while the storage is still being read go behind those that it holds", async (t) => {
  const entry = { key: "k", method: "DELETE", path: "/api/events/old", body: null, if_match: null, if_version: null };
  const storage = new FakeStorage({ outbox: [{ ...entry, first_sent_at: null }] });
  const load = storage.load.bind(storage);
  storage.load = async (name) => sleep(15).then(() => load(name));
  const { sync, http } = await client(t, new FakeServer(), { storage }, false);
  await sync.deleteEvent("new");
  assert.deepEqual(http.requests.map(({ path }) => path), ["/api/events/old", "/api/events/new"]);
});

test("a write whose key the server has forgotten by now is not repeated blindly", async (t) => {
  const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000).toISOString();
  const entry = { key: "k", method: "DELETE", path: "/api/events/e1", body: null, if_match: null, if_version: null };
  const storage = new FakeStorage({ outbox: [{ ...entry, first_sent_at: eightDaysAgo }] });
  const outcomes = [];
  const { sync, http } = await client(t, new FakeServer(), { storage }, false);
  sync.on("write", (_write, outcome) => outcomes.push(outcome.code));
  await until(() => outcomes.length === 1);
  assert.deepEqual([outcomes, http.requests], [["outcome_unknown"], []]);
});

test("a pending write can be given up, those behind it go on", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  http.script = ["silent"];
  const first = sync.createEvent("d1", { title: "1" });
  const second = sync.createEvent("d1", { title: "2" });
  await until(() => http.requests.length === 1);
  assert.equal(sync.discard(sync.pending[0].key), true);
  assert.equal(sync.discard("unknown"), false);
  await assert.rejects(first, { code: "discarded" });
  await second;
  assert.deepEqual(titles(http), ["1", "2"]);
});

test("the outbox is bounded, and listeners see what is pending", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  const counts = [];
  sync.on("pending", (pending) => counts.push(pending.length));
  http.script = ["silent"];
  for (let i = 0; i < 1_000; i++) sync.deleteEvent(`e${i}`).catch(() => {});
  await assert.rejects(sync.deleteEvent("one too many"), { code: "outbox_full" });
  assert.deepEqual([counts.length, counts.at(-1)], [1_000, 1_000]);
});

test("close ends a request that is under way, and nothing is sent afterwards", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  http.script = ["silent"];
  const write = sync.deleteEvent("e1");
  await until(() => http.requests.length === 1);
  await sync.close();
  await assert.rejects(write, { code: "closed" });
  await assert.rejects(sync.deleteEvent("e2"), { code: "closed" });
  await sleep(2 * TIMING.requestMs);
  assert.equal(http.requests.length, 1);
});

test("keys are random UUIDs also where the browser offers no randomUUID", async (t) => {
  const { sync, http } = await client(t, new FakeServer());
  const original = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  t.after(() => Object.defineProperty(globalThis, "crypto", original));
  const getRandomValues = (bytes) => original.get.call(globalThis).getRandomValues(bytes);
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { getRandomValues } });
  await sync.deleteEvent("e1");
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: undefined });
  await sync.deleteEvent("e2");
  http.requests.forEach(({ key }) => assert.match(key, UUID));
});
