// Doubles for the client's surroundings: a server in memory, a socket to it that a test can break, fetch, a storage.
import { CalendarSync } from "../../../clients/js/dallyeok-sync.js";

export const TIMING = {
  answerMs: 60,
  graceMs: 10,
  retryMs: 8,
  retryMaxMs: 40,
  requestMs: 80,
  listCheckMs: 60_000,
  saveMs: 5,
  presenceMs: 30,
};

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(condition, what = String(condition)) {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await sleep(5);
  }
  throw new Error(`did not happen: ${what}`);
}

export const event = (id, version = 1, more = {}) => ({
  ...{ id, department_id: "d1", event_date: "2024-01-20", start_time: null, title: `${id} v${version}`, version },
  ...more,
});

/** The histories of a server. A cursor is `<history>/<epoch>/<seq>`. */
export class FakeServer {
  constructor(...departmentIds) {
    this.histories = new Map([["list", { changes: [], items: new Map(), epoch: "a", floor: 0 }]]);
    for (const id of departmentIds) this.histories.set(id, { changes: [], items: new Map(), epoch: "a", floor: 0 });
    this.sockets = new Set();
    this.asked = [];
    this.said = [];
    this.refusal = null;
    this.limit = 1_000;
  }

  head(name) {
    const { changes, epoch } = this.histories.get(name);
    return { cursor: `${name}/${epoch}/${changes.length}`, seq: changes.length };
  }

  /** Commit a change and announce it. */
  write(name, type, data, mutationId = null, announce = true) {
    const history = this.histories.get(name);
    const change = { seq: history.changes.length + 1, type, data, at: "2024-01-01T00:00:00.000Z", mutation_id: mutationId };
    history.changes.push(change);
    if (type.endsWith("_deleted")) history.items.delete(data.id);
    else history.items.set(data.id, data);
    const message = [type, data, { department_id: name === "list" ? null : name, ...this.head(name), mutation_id: mutationId }];
    if (announce) this.say(name, ...message);
    return message;
  }

  say(name, ...message) {
    for (const socket of this.sockets) if (name === "list" || socket.rooms.has(name)) socket.hear(...message);
  }

  everything(name) {
    const key = name === "list" ? "departments" : "events";
    return { success: true, full: true, [key]: [...this.histories.get(name).items.values()], ...this.head(name) };
  }

  since(name, cursor) {
    const history = this.histories.get(name);
    const [owner, epoch, seq] = cursor.split("/");
    if (owner !== name) return { success: false, error: "cursor_invalid", message: "" };
    if (epoch !== history.epoch || Number(seq) < history.floor || Number(seq) > history.changes.length) return null;
    const changes = history.changes.slice(Number(seq), Number(seq) + this.limit);
    const last = Number(seq) + changes.length;
    const place = { cursor: `${name}/${epoch}/${last}`, seq: last };
    return { success: true, changes, has_more: last < history.changes.length, ...place };
  }

  #presence(socket, id, said) {
    this.said.push([id, said]);
    if (this.refusal !== null) return { success: false, error: this.refusal, message: "", details: [] };
    if (!socket.rooms.has(id)) return { success: false, error: "not_in_room", message: "" };
    return { success: true, department_id: id, id: `viewer ${socket.connects}` };
  }

  /** What the real server acknowledges. */
  answer(socket, name, { department_id: id, cursor, ...said }) {
    if (name === "presence_update") return this.#presence(socket, id, said);
    this.asked.push([name, id ?? null, cursor ?? null]);
    const history = id ?? "list";
    if (name === "leave_department") return { success: socket.rooms.delete(id) || true };
    if (!this.histories.has(history)) return { success: false, error: "department_not_found", message: "" };
    const missed = cursor === undefined ? null : this.since(history, cursor);
    if (missed?.success === false) return missed;
    if (name === "join_department") {
      socket.rooms.add(id);
      if (cursor === undefined) return { success: true, department_id: id, ...this.head(id) };
      return missed ?? { reset: true, ...this.everything(history) };
    }
    return missed ? { full: false, ...missed } : this.everything(history);
  }
}

/** As of socket.io-client, as far as the client uses it. */
export class FakeSocket {
  constructor(server) {
    this.server = server;
    this.rooms = new Set();
    this.handlers = new Map();
    this.connected = false;
    this.active = true;
    this.answering = true;
    this.waiting = [];
    this.connects = 0;
  }

  on(name, handler) {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), handler]);
  }
  off(name, handler) {
    this.handlers.set(name, this.handlers.get(name).filter((each) => each !== handler));
  }
  hear(name, ...values) {
    for (const handler of this.handlers.get(name) ?? []) handler(...values);
  }
  connect() {
    this.connects += 1;
    this.connected = this.active = true;
    this.server.sockets.add(this);
    this.hear("connect");
  }
  /** The connection breaks. */
  cut(reason = "transport close") {
    this.server.sockets.delete(this);
    this.rooms.clear();
    this.waiting = [];
    this.connected = false;
    this.hear("disconnect", reason);
  }
  disconnect() {
    if (this.connected) this.cut("io client disconnect");
  }
  emit(name, payload, acknowledge) {
    const answer = this.server.answer(this, name, payload);
    if (acknowledge === undefined) return;
    if (this.answering) queueMicrotask(() => this.connected && acknowledge(answer));
    else this.waiting.push([() => acknowledge(answer), name]);
  }
  /** Let the answers through that were held back. */
  release() {
    this.answering = true;
    for (const [answer] of this.waiting.splice(0)) answer();
  }
}

/** Answers as listed: an object, "lost" (it has an effect, but the answer does not arrive), "down", "silent". */
export class FakeFetch {
  constructor() {
    this.script = [];
    this.requests = [];
    this.fetch = async (url, { method, headers, body, signal }) => {
      const request = { method, path: new URL(url).pathname, headers, body: body === undefined ? null : JSON.parse(body) };
      this.requests.push({ ...request, key: headers["Idempotency-Key"] });
      const step = this.script.shift() ?? { status: 200 };
      if (step === "down" || step === "lost") throw new TypeError("fetch failed");
      if (step === "silent") await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const answer = typeof step === "function" ? step(request) : step;
      return new Response(answer.text ?? JSON.stringify({ success: answer.status < 400, ...answer.body }), {
        status: answer.status,
        headers: answer.headers ?? {},
      });
    };
  }
}

export class FakeStorage {
  constructor(values = {}) {
    this.values = new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
    this.saves = [];
  }
  async load(name) {
    return JSON.parse(this.values.get(name) ?? "null");
  }
  async save(name, value) {
    this.saves.push(name);
    if (value === null) this.values.delete(name);
    else this.values.set(name, JSON.stringify(value));
  }
  get(name) {
    return JSON.parse(this.values.get(name) ?? "null");
  }
}

/** A client in these surroundings, ready unless `wait` is false; it is closed at the end of the test `t`. */
export async function client(t, server, options = {}, wait = true) {
  const socket = new FakeSocket(server);
  const http = new FakeFetch();
  const errors = [];
  const sync = new CalendarSync({
    ...{ url: "http://calendar.test", io: () => socket, fetch: http.fetch, timing: TIMING, random: () => 0.5 },
    onError: (error) => errors.push(error),
    ...options,
  });
  t.after(() => sync.close());
  if (wait) await sync.ready;
  return { sync, socket, http, errors };
}

/** Everything that a history tells, in order. */
export function listen(history) {
  const heard = { changes: [], resets: [], statuses: [], ended: [], metas: [] };
  history.on("change", (type, data, meta) => {
    heard.changes.push([meta.seq, type, data.id]);
    heard.metas.push(meta);
  });
  history.on("reset", (state) => heard.resets.push(state.map(({ id }) => id)));
  history.on("status", (status) => heard.statuses.push(status));
  history.on("ended", (reason) => heard.ended.push(reason));
  return heard;
}

/** A connected client that follows `d1` and is up to date with it. */
export async function following(t, server, options) {
  const parts = await client(t, server, options);
  const team = parts.sync.department("d1");
  const heard = listen(team);
  parts.socket.connect();
  await until(() => team.status === "online", "online");
  heard.resets.length = heard.changes.length = heard.statuses.length = 0;
  server.asked.length = 0;
  return { ...parts, team, heard };
}
