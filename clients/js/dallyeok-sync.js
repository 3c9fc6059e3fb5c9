/**
 * Keeps calendars of a Dallyeok server in the browser or in Node.js: nothing missed, nothing twice, whatever breaks.
 *
 * It has no dependency; `io` of socket.io-client 4.x is handed in. The rules that it follows stand in docs/sync.md, the
 * types of everything public in dallyeok-sync.d.ts.
 *
 *     import { io } from "socket.io-client";
 *     import { CalendarSync } from "./dallyeok-sync.js";
 *
 *     const calendar = new CalendarSync({ url: "http://127.0.0.1:5000", io });
 *     const team = calendar.department(departmentId);
 *     team.on("reset", (events) => showAll(events));
 *     team.on("change", (type, data, meta) => showChange(type, data));
 *     await calendar.createEvent(departmentId, { title: "팀 회의", event_date: "2024-01-20" });
 *
 * @typedef {import("./dallyeok-sync.js").SyncOptions} SyncOptions
 * @typedef {import("./dallyeok-sync.js").Storage} Storage
 * @typedef {import("./dallyeok-sync.js").WriteOptions} WriteOptions
 * @typedef {import("./dallyeok-sync.js").WriteAnswer} WriteAnswer
 * @typedef {import("./dallyeok-sync.js").PendingWrite} PendingWrite
 * @typedef {import("./dallyeok-sync.js").Timing} Timing
 * @typedef {{type: string, data: any, meta: any}} Message
 */

/** @type {Timing} */
const TIMING = {
  answerMs: 10_000,
  graceMs: 100,
  retryMs: 500,
  retryMaxMs: 30_000,
  requestMs: 20_000,
  listCheckMs: 60_000,
  saveMs: 500,
  presenceMs: 10_000,
};
const MOST_HELD = 1_000;
const MOST_PENDING = 1_000;
/** The server remembers an Idempotency-Key for seven days; some hours are left for clocks that disagree. */
const KEY_LIFE_MS = (7 * 24 - 6) * 3_600_000;
const RETRY_AFTER_MAX_MS = 24 * 3_600_000;
const CHANGES = [
  "department_created",
  "department_updated",
  "department_deleted",
  "event_created",
  "event_updated",
  "event_deleted",
];

/** A write's final answer was a refusal, or there will be none. */
export class WriteFailed extends Error {
  /**
   * @param {number} status of the answer; 0 where there was none
   * @param {any} body
   * @param {string | null} [etag]
   */
  constructor(status, body, etag = null) {
    super(body?.message ?? `HTTP ${status}`);
    this.name = "WriteFailed";
    this.status = status;
    /** @type {string} */
    this.code = body?.error ?? `http_${status}`;
    this.details = body?.details ?? [];
    this.current = body?.current ?? null;
    this.etag = etag;
  }
}

/** @param {string} code @param {string} message */
const withoutAnswer = (code, message) => new WriteFailed(0, { error: code, message });

class Listeners {
  #byName = new Map();
  #report;

  /** @param {(error: unknown) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /** @param {string} name @param {Function} listener @returns {() => void} */
  on(name, listener) {
    if (!this.#byName.has(name)) this.#byName.set(name, new Set());
    const listeners = this.#byName.get(name);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** @param {string} name @param {...any} values */
  emit(name, ...values) {
    for (const listener of [...(this.#byName.get(name) ?? [])]) {
      try {
        listener(...values);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  clear() {
    this.#byName.clear();
  }
}

/** One history and what it leads to: the events of a department, or the list of departments (`id` is null). */
export class History {
  /** @type {Map<string, any>} */ #items = new Map();
  /** @type {string | null} */ #cursor = null;
  #seq = 0;
  /** @type {"online" | "catching-up" | "offline"} */ #status = "offline";
  #ended = false;
  #joined = false;
  /** Counts what is asked; an answer to anything but the last question is stale. */
  #question = 0;
  #attempts = 0;
  /** @type {Map<number, Message>} */ #held = new Map();
  /** The highest number heard of, and what that was when the last question was asked. */
  #heard = 0;
  #heardWhenAsked = 0;
  /** @type {any} */ #timer = null;
  /** @type {any} */ #graceTimer = null;
  #presence;
  #listeners;
  #context;

  /** @param {string | null} id @param {any} context @internal */
  constructor(id, context) {
    this.id = id;
    this.#context = context;
    this.#listeners = new Listeners(context.report);
    this.#presence = new Presence(id, context, this.#listeners);
  }

  /** Where this history stands; null before anything has been loaded. */
  get cursor() {
    return this.#cursor;
  }
  get seq() {
    return this.#seq;
  }
  get status() {
    return this.#status;
  }
  /** True once the department is gone or has been left: nothing more will come. */
  get ended() {
    return this.#ended;
  }
  /** The objects by their ids. Read only. */
  get items() {
    return this.#items;
  }

  /** The objects in the order of the server's lists. */
  list() {
    return [...this.#items.values()].sort(this.id === null ? byCreation : byTime);
  }

  /** @param {string} name @param {Function} listener @returns {() => void} takes the listener away again */
  on(name, listener) {
    return this.#listeners.on(name, listener);
  }

  /** Who looks at the department right now, as far as they have said so; empty while that is not known. */
  get viewers() {
    return this.#presence.viewers;
  }
  /** All viewers, also those beyond the hundred that are named. */
  get viewerCount() {
    return this.#presence.count;
  }
  /** Which of the viewers is this client; null until the server has said so. */
  get viewerId() {
    return this.#presence.viewerId;
  }

  /**
   * Be seen by the others under this name, and as editing this event, until told otherwise; null: say no more.
   * @param {{name: string, editing?: string | null} | null} viewer
   */
  presence(viewer) {
    if (this.id !== null && !this.#ended) this.#presence.want(viewer);
  }

  /** @internal `presence`: who looks at the department now. @param {any} message */
  seen(message) {
    if (this.#status !== "offline" && !this.#ended) this.#presence.seen(message);
  }

  /** Stop following. */
  leave() {
    this.#context.leave(this);
  }

  /** @internal @param {any} saved what `saved()` gave in an earlier life */
  restore(saved) {
    const sound = typeof saved?.cursor === "string" && Number.isInteger(saved.seq) && Array.isArray(saved.items);
    if (this.#ended || !sound) return;
    this.#cursor = saved.cursor;
    this.#seq = saved.seq;
    this.#items = new Map(saved.items.map((/** @type {any} */ item) => [item.id, item]));
    this.#listeners.emit("reset", this.list());
  }

  /** @internal */
  saved() {
    return { cursor: this.#cursor, seq: this.#seq, items: [...this.#items.values()] };
  }

  /** @internal A connection stands: join anew and catch up. */
  connected() {
    if (this.#ended) return;
    this.#joined = this.id === null;
    this.#attempts = 0;
    this.#ask();
  }

  /** @internal What was held is heard again in the replay. */
  disconnected() {
    this.#stop();
    this.#forgetHeld();
    this.#joined = false;
    this.#presence.disconnected();
    this.#setStatus("offline");
  }

  /** @internal A live message. @param {string} type @param {any} data @param {any} meta */
  live(type, data, meta) {
    if (this.#ended || this.#status === "offline") return;
    if (this.#status === "online" && meta.seq <= this.#seq) return;
    if (this.#held.size < MOST_HELD) this.#held.set(meta.seq, { type, data, meta });
    this.note(meta.seq);
  }

  /** @internal The history is known to have reached `seq`. @param {number} seq */
  note(seq) {
    if (this.#ended || this.#status === "offline") return;
    this.#heard = Math.max(this.#heard, seq);
    if (this.#status !== "online") return;
    this.#drain();
    if (this.#heard > this.#seq && this.#graceTimer === null && this.#status === "online") {
      this.#graceTimer = setTimeout(() => this.#ask(), this.#context.timing.graceMs);
    }
  }

  /** @internal `department_head`: a lower number than ours may mean that the history was numbered anew. @param {number} seq */
  head(seq) {
    this.#presence.refresh();
    if (this.#status === "online" && seq < this.#seq) this.#ask();
    else this.note(seq);
  }

  /** @internal Look whether something was missed. */
  check() {
    if (this.#status === "online") this.#ask();
  }

  /** @internal `sync_reset`. @param {string} reason */
  reset(reason) {
    if (reason === "department_deleted") return this.end(reason);
    this.#cursor = null;
    this.#forgetHeld();
    if (this.#status !== "offline") this.#ask();
  }

  /**
   * @internal What the answer to one's own write says: the object as it is after change `seq`.
   *
   * It is that change only where it follows on from ours and the object differs from what we hold: the answer to a write
   * that changed nothing carries the number of somebody else's change.
   * @param {string} type @param {any} data @param {any} meta
   */
  own(type, data, meta) {
    const follows = this.#cursor !== null && this.#status !== "catching-up" && meta.seq === this.#seq + 1;
    if (this.#ended || !follows || !this.#differs(type, data)) return this.note(meta.seq);
    this.#apply({ type: this.#exactType(type, data), data, meta });
    if (this.#status === "online") this.note(meta.seq);
  }

  /** @internal @param {string} reason */
  end(reason) {
    if (this.#ended) return;
    this.disconnected();
    this.#ended = true;
    this.#items = new Map();
    this.#cursor = null;
    this.#context.ended(this);
    this.#listeners.emit("ended", reason);
    this.#listeners.clear();
  }

  #ask() {
    this.#stop();
    this.#setStatus("catching-up");
    if (this.#status !== "catching-up") return;
    const question = ++this.#question;
    const cursor = this.#cursor;
    const payload = { ...(this.id !== null && { department_id: this.id }), ...(cursor !== null && { cursor }) };
    this.#heardWhenAsked = this.#heard;
    this.#timer = setTimeout(() => this.#askLater(), this.#context.timing.answerMs);
    this.#context.ask(this.#joined ? "sync_request" : "join_department", payload, (/** @type {any} */ answer) => {
      if (question === this.#question) this.#answered(answer);
    });
  }

  /** @param {any} answer */
  #answered(answer) {
    this.#stop();
    const question = this.#question;
    if (answer?.success !== true) return this.#refused(answer?.error);
    this.#attempts = 0;
    this.#joined = true;
    if (this.id !== null) this.#presence.joined();
    const items = answer.events ?? answer.departments;
    if (Array.isArray(items)) this.#replace(items, answer);
    else if (this.#cursor === null || !Array.isArray(answer.changes)) {
      this.#cursor = null;
      return this.#ask();
    } else this.#replay(answer);
    if (question !== this.#question || this.#status !== "catching-up") return;
    this.#drain();
    if (question !== this.#question || this.#status !== "catching-up") return;
    if (answer.has_more || this.#cursor === null) this.#ask();
    else this.#settle();
  }

  /** At the head as the answer knew it. */
  #settle() {
    if (this.#heard > this.#heardWhenAsked && this.#heard > this.#seq) return this.#ask();
    // Heard before the question, and beyond its answer: numbers of a history that has begun anew since.
    this.#forgetHeld();
    this.#setStatus("online");
  }

  /** @param {string | undefined} code */
  #refused(code) {
    if (code === "department_not_found") return this.end("department_deleted");
    if (code === "cursor_invalid" && this.#cursor !== null) {
      this.#cursor = null;
      return this.#ask();
    }
    this.#askLater();
  }

  #askLater() {
    this.#stop();
    this.#timer = setTimeout(() => this.#ask(), this.#context.retryDelay(this.#attempts++));
  }

  /** @param {any[]} items @param {any} answer */
  #replace(items, answer) {
    this.#items = new Map(items.map((item) => [item.id, item]));
    this.#cursor = answer.cursor;
    this.#seq = answer.seq;
    this.#context.changed(this);
    this.#listeners.emit("reset", this.list());
  }

  /** @param {any} answer */
  #replay(answer) {
    const question = this.#question;
    for (const { seq, type, data, at, mutation_id } of answer.changes) {
      if (seq <= this.#seq) continue;
      if (seq !== this.#seq + 1) break;
      const cursor = seq === answer.seq ? answer.cursor : null;
      this.#apply({ type, data, meta: { department_id: this.id, seq, cursor, mutation_id, at } });
      if (question !== this.#question) return;
    }
    if (answer.seq === this.#seq) this.#cursor = answer.cursor;
    else if (answer.seq > this.#seq) this.#cursor = null; // a hole: reload rather than pass over it
  }

  /** Apply what follows on, and let go of what lies behind. */
  #drain() {
    for (let next; (next = this.#held.get(this.#seq + 1)) !== undefined && this.#cursor !== null; ) this.#apply(next);
    for (const seq of [...this.#held.keys()]) if (seq <= this.#seq) this.#held.delete(seq);
    if (this.#heard <= this.#seq && this.#graceTimer !== null) {
      clearTimeout(this.#graceTimer);
      this.#graceTimer = null;
    }
  }

  /** @param {Message} message the change after ours */
  #apply({ type, data, meta }) {
    if (type.endsWith("_deleted")) this.#items.delete(data.id);
    else this.#items.set(data.id, data);
    this.#seq = meta.seq;
    if (meta.cursor) this.#cursor = meta.cursor;
    this.#context.changed(this);
    this.#listeners.emit("change", type, data, meta);
    this.#context.applied(this, type, data);
  }

  /** @param {string} type @param {any} data */
  #differs(type, data) {
    const held = this.#items.get(data.id);
    if (type.endsWith("_deleted")) return held !== undefined;
    return held === undefined || Object.keys(data).some((name) => data[name] !== held[name]);
  }

  /** @param {string} type @param {any} data */
  #exactType(type, data) {
    if (type.endsWith("_deleted")) return type;
    return type.replace(/_\w+$/, this.#items.has(data.id) ? "_updated" : "_created");
  }

  #forgetHeld() {
    this.#held.clear();
    this.#heard = this.#heardWhenAsked = 0;
  }

  #stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#graceTimer);
    this.#timer = this.#graceTimer = null;
    this.#question += 1;
  }

  /** @param {"online" | "catching-up" | "offline"} status */
  #setStatus(status) {
    if (status === this.#status) return;
    this.#status = status;
    this.#listeners.emit("status", status);
  }
}

/** Tells a department's room who looks at it through this client, and knows who else does. */
class Presence {
  /** @type {any[]} */ viewers = [];
  count = 0;
  /** @type {string | null} */ viewerId = null;
  /** @type {any} */ #wanted = null;
  #inRoom = false;
  #saidAt = 0;
  /** @type {any} */ #timer = null;
  #departmentId;
  #context;
  #listeners;

  /** @param {string | null} departmentId @param {any} context @param {Listeners} listeners */
  constructor(departmentId, context, listeners) {
    this.#departmentId = departmentId;
    this.#context = context;
    this.#listeners = listeners;
  }

  /** @param {{name: string, editing?: string | null} | null} viewer */
  want(viewer) {
    const wanted = viewer && { name: viewer.name, editing: isUuid(viewer.editing) ? viewer.editing : null };
    if (JSON.stringify(wanted) === JSON.stringify(this.#wanted)) return;
    this.#wanted = wanted;
    this.#say();
  }

  joined() {
    if (this.#inRoom) return;
    this.#inRoom = true;
    this.#say();
  }

  disconnected() {
    clearTimeout(this.#timer);
    this.#inRoom = false;
    this.viewerId = null;
    this.#show([], 0);
  }

  /** What comes from the server is a chance to say it again in a page whose timers are held back. */
  refresh() {
    if (Date.now() - this.#saidAt >= this.#context.timing.presenceMs) this.#say();
  }

  /** @param {any} message */
  seen({ viewers, count }) {
    if (Array.isArray(viewers)) this.#show(viewers, Number.isInteger(count) ? count : viewers.length);
  }

  #say() {
    clearTimeout(this.#timer);
    const wanted = this.#wanted;
    if (wanted === null || !this.#inRoom) return;
    this.#saidAt = Date.now();
    this.#timer = setTimeout(() => this.#say(), this.#context.timing.presenceMs);
    const payload = { department_id: this.#departmentId, ...wanted };
    this.#context.ask("presence_update", payload, (/** @type {any} */ answer) => this.#answered(wanted, answer));
  }

  /** What is refused as it is would be refused again. @param {any} wanted @param {any} answer */
  #answered(wanted, answer) {
    if (wanted !== this.#wanted || !this.#inRoom) return;
    if (answer?.success === true) this.viewerId = answer.id;
    else if (answer?.error === "validation_failed" || answer?.error === "unknown_event") {
      clearTimeout(this.#timer);
      this.#wanted = null;
      this.#context.report(new WriteFailed(0, answer));
    }
  }

  /** @param {any[]} viewers @param {number} count */
  #show(viewers, count) {
    const differs = count !== this.count || JSON.stringify(viewers) !== JSON.stringify(this.viewers);
    this.viewers = viewers;
    this.count = count;
    if (differs) this.#listeners.emit("presence", viewers, count);
  }
}

/** Writes in their order, each sent until it has a final answer. */
class Outbox {
  /** @type {any[]} */ #entries = [];
  /** @type {Map<string, {resolve: Function, reject: Function}>} */ #promises = new Map();
  #context;
  #running = false;
  #closed = false;
  #loaded = false;
  /** @type {(() => void) | null} */ #wake = null;
  #wakeable = false;
  /** @type {AbortController | null} */ #request = null;

  /** @param {any} context */
  constructor(context) {
    this.#context = context;
  }

  /** @returns {PendingWrite[]} */
  get pending() {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  /** @param {any} saved */
  restore(saved) {
    if (Array.isArray(saved)) this.#entries = [...saved, ...this.#entries];
    this.#loaded = true;
    this.#changed();
    void this.#run();
  }

  /** @param {any} entry @returns {Promise<WriteAnswer>} */
  add(entry) {
    if (this.#closed) return Promise.reject(withoutAnswer("closed", "The client has been closed."));
    if (this.#entries.length >= MOST_PENDING) {
      return Promise.reject(withoutAnswer("outbox_full", `${MOST_PENDING} writes are waiting already.`));
    }
    this.#entries.push(entry);
    this.#changed();
    const promise = new Promise((resolve, reject) => this.#promises.set(entry.key, { resolve, reject }));
    promise.catch(() => {}); // who does not wait for it hears of it by the listener of `write`
    void this.#run();
    return promise;
  }

  /** @param {string} key */
  discard(key) {
    const entry = this.#entries.find((each) => each.key === key);
    if (entry === undefined) return false;
    if (this.#entries[0] === entry) this.#request?.abort();
    this.#settle(entry, withoutAnswer("discarded", "The write was discarded; it may have reached the server."));
    this.kick();
    return true;
  }

  /** The network seems to be back: do not wait out a backoff. A Retry-After is waited for. */
  kick() {
    if (this.#wakeable) this.#wake?.();
  }

  close() {
    this.#closed = true;
    this.#request?.abort();
    this.#wake?.();
    const closed = withoutAnswer("closed", "The client has been closed.");
    for (const { reject } of this.#promises.values()) reject(closed);
    this.#promises.clear();
  }

  async #run() {
    if (this.#running || !this.#loaded) return;
    this.#running = true;
    let attempts = 0;
    while (this.#entries.length > 0 && !this.#closed) {
      const entry = this.#entries[0];
      const { outcome, retryAfterMs } = await this.#attempt(entry);
      if (this.#closed) break;
      if (outcome !== undefined) {
        attempts = 0;
        this.#settle(entry, outcome);
      } else if (this.#entries[0] === entry) {
        await this.#wait(retryAfterMs ?? this.#context.retryDelay(attempts++), retryAfterMs === undefined);
      }
    }
    this.#running = false;
  }

  /** @param {any} entry @returns {Promise<{outcome?: any, retryAfterMs?: number}>} no outcome: try again */
  async #attempt(entry) {
    if (entry.first_sent_at !== null && Date.now() - Date.parse(entry.first_sent_at) > KEY_LIFE_MS) {
      return { outcome: withoutAnswer("outcome_unknown", "The answer was lost, and the server no longer knows the key.") };
    }
    if (entry.if_version !== null && entry.if_match === null) {
      const found = await this.#findTag(entry);
      if (entry.if_match === null) return found;
    }
    entry.first_sent_at ??= new Date().toISOString();
    await this.#context.saveOutbox();
    if (this.#closed || this.#entries[0] !== entry) return {};
    const headers = { "Idempotency-Key": entry.key, ...(entry.if_match !== null && { "If-Match": entry.if_match }) };
    return final(await this.#send(entry.method, entry.path, headers, entry.body));
  }

  /** The tag of the version that the write is for; kept, so that a repetition means the same state. @param {any} entry */
  async #findTag(entry) {
    const { outcome, retryAfterMs } = final(await this.#send("GET", entry.version_path, {}, null));
    if (outcome === undefined || outcome instanceof WriteFailed) return { outcome, retryAfterMs };
    if (outcome.body.event?.version !== entry.if_version) {
      const body = { error: "version_conflict", message: "It has changed in the meantime.", current: outcome.body.event };
      return { outcome: new WriteFailed(412, body, outcome.etag) };
    }
    if (outcome.etag === null) return { outcome: withoutAnswer("etag_missing", "The answer has no ETag.") };
    entry.if_match = outcome.etag;
    return {};
  }

  /**
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {any} body
   * @returns {Promise<any>} status, headers and body; null where there was no whole answer
   */
  async #send(method, path, headers, body) {
    const request = (this.#request = new AbortController());
    const timer = setTimeout(() => request.abort(), this.#context.timing.requestMs);
    try {
      const content = body === null ? {} : { "Content-Type": "application/json" };
      const response = await this.#context.fetch(this.#context.url + path, {
        method,
        headers: { ...(await this.#context.headers()), ...content, ...headers },
        ...(body !== null && { body: JSON.stringify(body) }),
        signal: request.signal,
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      this.#request = null;
    }
  }

  /** @param {any} entry @param {any} outcome */
  #settle(entry, outcome) {
    const index = this.#entries.indexOf(entry);
    if (index < 0) return; // discarded meanwhile
    this.#entries.splice(index, 1);
    const failed = outcome instanceof WriteFailed;
    if (!failed) this.#context.written(entry, outcome.body);
    this.#changed();
    const promise = this.#promises.get(entry.key);
    this.#promises.delete(entry.key);
    if (failed) promise?.reject(outcome);
    else promise?.resolve(outcome);
    this.#context.settled({ ...entry }, outcome);
  }

  #changed() {
    this.#context.pendingChanged();
    if (this.#loaded) void this.#context.saveOutbox();
  }

  /** @param {number} ms @param {boolean} wakeable */
  async #wait(ms, wakeable) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeable = wakeable;
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this.#wake = null;
    this.#wakeable = false;
  }
}

/**
 * What an HTTP answer means for a write: final is 2xx with its whole body, and 4xx but 408 and 429.
 * @param {any} answer
 */
function final(answer) {
  if (answer === null) return {};
  const { status, headers, text } = answer;
  if ([408, 425, 429].includes(status) || status >= 500 || status < 200) return { retryAfterMs: retryAfter(headers) };
  const body = parsed(text);
  const etag = headers.get("ETag");
  if (status >= 400) return { outcome: new WriteFailed(status, body, etag) };
  if (status >= 300 || body === undefined) return {};
  return { outcome: { status, etag, replayed: headers.get("Idempotent-Replayed") === "true", body } };
}

/** RFC 9110, 10.2.3: seconds or a date. @param {any} headers @returns {number | undefined} milliseconds */
function retryAfter(headers) {
  const value = headers.get("Retry-After");
  if (!value) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : undefined;
}

/** @param {string} text */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Follows the list of departments and any number of departments, and sends writes. */
export class CalendarSync {
  /** @type {Map<string, History>} */ #departments = new Map();
  /** @type {Map<History, any>} */ #saving = new Map();
  /** @type {Set<History>} */ #restored = new Set();
  /** @type {Promise<unknown>} */ #saves = Promise.resolve();
  #outboxDirty = false;
  /** @type {[string, Function][]} */ #handlers = [];
  /** @type {any} */ #socket = null;
  #ownsSocket = false;
  #closed = false;
  #attempts = 0;
  /** @type {any} */ #reconnectTimer = null;
  /** @type {any} */ #listTimer = null;
  #wentOnline = () => this.#networkIsBack();
  #listeners;
  #outbox;
  #context;
  #options;

  /** @param {SyncOptions} options */
  constructor(options) {
    if (options.socket === undefined && options.io === undefined) {
      throw new TypeError("CalendarSync needs `io` or `socket`");
    }
    this.#options = options;
    const report = options.onError ?? ((error) => console.error(error));
    const timing = { ...TIMING, ...options.timing };
    const random = options.random ?? Math.random;
    const headers = options.headers ?? {};
    this.#listeners = new Listeners(report);
    this.#context = {
      report,
      timing,
      url: options.url.replace(/\/+$/, ""),
      fetch: options.fetch ?? ((/** @type {any} */ ...args) => globalThis.fetch(.../** @type {[any]} */ (args))),
      headers: () => (typeof headers === "function" ? headers() : headers),
      retryDelay: (/** @type {number} */ attempts) =>
        Math.min(timing.retryMaxMs, timing.retryMs * 2 ** Math.min(attempts, 20)) * (0.5 + random() / 2),
      ask: (/** @type {string} */ name, /** @type {any} */ payload, /** @type {Function} */ answered) =>
        this.#socket.emit(name, payload, answered),
      leave: (/** @type {History} */ history) => this.#leave(history),
      ended: (/** @type {History} */ history) => this.#forget(history),
      changed: (/** @type {History} */ history) => this.#saveSoon(history),
      applied: (/** @type {History} */ history, /** @type {string} */ type, /** @type {any} */ data) => {
        if (history.id === null && type === "department_deleted") this.#departments.get(data.id)?.end(type);
      },
      written: (/** @type {any} */ entry, /** @type {any} */ body) => this.#written(entry, body),
      settled: (/** @type {any} */ entry, /** @type {any} */ outcome) => this.#listeners.emit("write", entry, outcome),
      pendingChanged: () => this.#listeners.emit("pending", this.pending),
      saveOutbox: () => this.#saveOutbox(),
    };
    this.#outbox = new Outbox(this.#context);
    /** The list of departments. */
    this.departments = new History(null, this.#context);
    /** Resolves when what an earlier life has saved is loaded and the connection is being made. @type {Promise<void>} */
    this.ready = this.#open();
  }

  /** Writes without a final answer, oldest first. */
  get pending() {
    return this.#outbox.pending;
  }

  /** True while the socket is connected. */
  get connected() {
    return this.#socket?.connected === true;
  }

  /** Follow a department; the same object for the same id until it ends. @param {string} departmentId */
  department(departmentId) {
    if (this.#closed) throw withoutAnswer("closed", "The client has been closed.");
    const id = canonical(departmentId);
    const present = this.#departments.get(id);
    if (present !== undefined) return present;
    const history = new History(id, this.#context);
    this.#departments.set(id, history);
    void this.#restore(history);
    return history;
  }

  /** @param {string} name @param {Function} listener */
  on(name, listener) {
    return this.#listeners.on(name, listener);
  }

  /**
   * A new event. Without an `id` among the fields it gets one here, so that later writes can name it already.
   * @param {string} departmentId @param {any} fields
   */
  createEvent(departmentId, fields) {
    return this.#write("POST", `/api/events/${encodeURIComponent(departmentId)}`, { id: uuid(), ...fields });
  }

  /** @param {string} eventId @param {any} fields @param {WriteOptions} [options] */
  updateEvent(eventId, fields, options) {
    return this.#write("PUT", `/api/events/${encodeURIComponent(eventId)}`, fields, options, eventId);
  }

  /** @param {string} eventId @param {WriteOptions} [options] */
  deleteEvent(eventId, options) {
    return this.#write("DELETE", `/api/events/${encodeURIComponent(eventId)}`, null, options, eventId);
  }

  /** @param {any} fields */
  createDepartment(fields) {
    return this.#write("POST", "/api/departments", fields);
  }

  /** @param {string} departmentId @param {any} fields @param {WriteOptions} [options] */
  updateDepartment(departmentId, fields, options) {
    return this.#write("PUT", `/api/departments/${encodeURIComponent(departmentId)}`, fields, options);
  }

  /** @param {string} departmentId @param {WriteOptions} [options] */
  deleteDepartment(departmentId, options) {
    return this.#write("DELETE", `/api/departments/${encodeURIComponent(departmentId)}`, null, options);
  }

  /** Give up a pending write. It may have reached the server already. @param {string} key */
  discard(key) {
    return this.#outbox.discard(key);
  }

  /** End everything; pending writes stay in the storage for the next time. */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#reconnectTimer);
    clearInterval(this.#listTimer);
    this.#outbox.close();
    for (const history of [this.departments, ...this.#departments.values()]) history.disconnected();
    for (const [name, handler] of this.#handlers) this.#socket.off(name, handler);
    if (this.#ownsSocket) this.#socket?.disconnect();
    globalThis.removeEventListener?.("online", this.#wentOnline);
    for (const history of [...this.#saving.keys()]) this.#saveNow(history);
    this.#departments.clear();
    this.#listeners.clear();
    await this.#saves;
  }

  async #open() {
    await this.#restore(this.departments);
    this.#outbox.restore(await this.#load("outbox"));
    if (this.#closed) return;
    const { socket, io, url, ioOptions } = this.#options;
    this.#ownsSocket = socket === undefined;
    this.#socket = socket ?? /** @type {any} */ (io)(url, ioOptions);
    this.#listen();
    globalThis.addEventListener?.("online", this.#wentOnline);
    this.#listTimer = setInterval(() => this.departments.check(), this.#context.timing.listCheckMs);
    if (this.#socket.connected) this.#connected();
  }

  #listen() {
    this.#handle("connect", () => this.#connected());
    this.#handle("disconnect", () => this.#disconnected());
    this.#handle("connect_error", () => this.#reconnectYourself());
    for (const type of CHANGES) {
      this.#handle(type, (/** @type {any} */ data, /** @type {any} */ meta) => {
        if (Number.isInteger(meta?.seq)) this.#history(meta.department_id)?.live(type, data, meta);
      });
    }
    this.#handle("department_head", (/** @type {any} */ place) => 
      this.#history(place?.department_id)?.head(place.seq),
    );
    this.#handle("presence", (/** @type {any} */ message) => {
      if (typeof message?.department_id === "string") this.#history(message.department_id)?.seen(message);
    });
    this.#handle("sync_reset", (/** @type {any} */ message) =>
      this.#history(message?.department_id)?.reset(message.reason),
    );
  }

  /** @param {string} name @param {Function} handler */
  #handle(name, handler) {
    this.#handlers.push([name, handler]);
    this.#socket.on(name, handler);
  }

  /** @param {string | null | undefined} id */
  #history(id) {
    return id === null ? this.departments : this.#departments.get(/** @type {string} */ (id));
  }

  #connected() {
    this.#attempts = 0;
    clearTimeout(this.#reconnectTimer);
    for (const history of [this.departments, ...this.#departments.values()]) {
      if (this.#restored.has(history)) history.connected();
    }
    this.#outbox.kick();
    this.#listeners.emit("connection", true);
  }

  #disconnected() {
    for (const history of [this.departments, ...this.#departments.values()]) history.disconnected();
    this.#listeners.emit("connection", false);
    this.#reconnectYourself();
  }

  /** socket.io-client does not come back by itself after the server has closed the socket. */
  #reconnectYourself() {
    if (this.#closed || !this.#ownsSocket || this.#socket.active !== false) return;
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = setTimeout(() => this.#socket.connect(), this.#context.retryDelay(this.#attempts++));
  }

  #networkIsBack() {
    this.#outbox.kick();
    if (this.#ownsSocket && !this.#socket.connected) this.#socket.connect();
  }

  /** @param {string} method @param {string} path @param {any} body @param {any} [options] @param {string} [eventId] */
  #write(method, path, body, options = {}, eventId) {
    const entry = {
      key: uuid(),
      method,
      path,
      body: body === null ? null : JSON.parse(JSON.stringify(body)),
      if_match: options.ifMatch ?? null,
      if_version: options.ifVersion ?? null,
      version_path: null,
      queued_at: new Date().toISOString(),
      first_sent_at: null,
    };
    if (entry.if_version !== null) {
      const departmentId = options.departmentId ?? this.#departmentOf(eventId);
      if (departmentId === undefined) return Promise.reject(new TypeError("ifVersion needs the event's departmentId"));
      const ids = [departmentId, eventId].map((id) => encodeURIComponent(/** @type {string} */ (id)));
      entry.version_path = /** @type {any} */ (`/api/events/${ids.join("/")}`);
    }
    return this.#outbox.add(entry);
  }

  /** @param {string | undefined} eventId */
  #departmentOf(eventId) {
    const id = canonical(eventId ?? "");
    return [...this.#departments.values()].find((history) => history.items.has(id))?.id;
  }

  /**
   * Take one's own change from the answer. That to the deletion of an event does not say in which department it was.
   * @param {any} entry @param {any} body
   */
  #written(entry, body) {
    if (!Number.isInteger(body.seq)) return;
    const { seq, cursor, department, event } = body;
    const meta = { department_id: event?.department_id ?? null, seq, cursor, mutation_id: entry.key };
    if (event !== undefined) this.#departments.get(event.department_id)?.own("event_updated", event, meta);
    else if (department !== undefined) this.departments.own("department_updated", department, meta);
    else if (entry.path.startsWith("/api/departments/")) {
      const id = canonical(decodeURIComponent(entry.path.split("/")[3]));
      this.departments.own("department_deleted", { id }, meta);
    }
  }

  /** @param {History} history */
  #leave(history) {
    if (history.id === null || history.ended || this.#closed) return;
    if (this.connected) this.#socket.emit("leave_department", { department_id: history.id });
    history.end("left");
  }

  /** @param {History} history */
  #forget(history) {
    clearTimeout(this.#saving.get(history));
    this.#saving.delete(history);
    this.#restored.delete(history);
    this.#departments.delete(/** @type {string} */ (history.id));
    this.#save(nameOf(history), () => null);
  }

  /** @param {History} history */
  async #restore(history) {
    history.restore(await this.#load(nameOf(history)));
    if (this.#closed || history.ended) return;
    this.#restored.add(history);
    if (this.connected) history.connected();
  }

  /** @param {string} name */
  async #load(name) {
    try {
      return (await this.#options.storage?.load(name)) ?? null;
    } catch (error) {
      this.#context.report(error);
      return null;
    }
  }

  /** @param {History} history */
  #saveSoon(history) {
    if (this.#options.storage === undefined || this.#saving.has(history) || this.#closed) return;
    this.#saving.set(history, setTimeout(() => this.#saveNow(history), this.#context.timing.saveMs));
  }

  /** @param {History} history */
  #saveNow(history) {
    clearTimeout(this.#saving.get(history));
    this.#saving.delete(history);
    this.#save(nameOf(history), () => history.saved());
  }

  /** One save after the other. @param {string} name @param {() => any} value */
  #save(name, value) {
    const { storage } = this.#options;
    if (storage === undefined) return Promise.resolve();
    const save = async () => {
      try {
        await storage.save(name, value());
      } catch (error) {
        this.#context.report(error);
      }
    };
    this.#saves = this.#saves.then(save);
    return this.#saves;
  }

  #saveOutbox() {
    if (this.#outboxDirty) return this.#saves;
    this.#outboxDirty = true;
    return this.#save("outbox", () => {
      this.#outboxDirty = false;
      return this.pending;
    });
  }
}

/** Keeps everything in `localStorage`, under names that begin with `prefix`. @param {string} [prefix] @returns {Storage} */
export function browserStorage(prefix = "dallyeok:") {
  return {
    load: (name) => JSON.parse(localStorage.getItem(prefix + name) ?? "null"),
    save: (name, value) => {
      if (value === null) localStorage.removeItem(prefix + name);
      else localStorage.setItem(prefix + name, JSON.stringify(value));
    },
  };
}

/** Ids as the server writes them: UUIDs in lower case. @param {string} id */
function canonical(id) {
  return isUuid(id) ? id.toLowerCase() : id;
}

/** @param {unknown} id @returns {id is string} */
function isUuid(id) {
  return typeof id === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}

/** @param {History} history */
function nameOf(history) {
  return history.id === null ? "departments" : `department:${history.id}`;
}

/** @param {any} a @param {any} b */
function byCreation(a, b) {
  return compare(a.created_at, b.created_at) || compare(a.id, b.id);
}

/** @param {any} a @param {any} b */
function byTime(a, b) {
  return compare(a.event_date, b.event_date) || compare(a.start_time ?? "", b.start_time ?? "") || compare(a.id, b.id);
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** A random UUID (RFC 9562, version 4), also where pages served over plain http have no `randomUUID`. */
function uuid() {
  const { crypto } = globalThis;
  if (crypto?.randomUUID) return crypto.randomUUID();
  const bytes = new Uint8Array(16);
  if (crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else for (let i = 0; i < 16; i++) bytes[i] = Math.random() * 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
