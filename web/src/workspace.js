/**
 * The departments that are shown, what stands in them, and who looks at them. Everything about following, catching up and
 * sending is the sync client's; here its histories are put together for one screen.
 *
 * Signals: `changed` (something to draw anew), `foreign` (type, event: somebody else's change), `gone` (department),
 * `viewers`, `status`, `write` (write, outcome).
 */
import { io } from "socket.io-client";
import { CalendarSync } from "../../clients/js/dallyeok-sync.js";
import { layOverDepartments, layOverEvents } from "./pending.js";
import { Signals } from "./signals.js";
import { tabStorage } from "./storage.js";
import { language } from "./words.js";

const CONNECTION = { transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelayMax: 5_000 };

export class Workspace extends Signals {
  /** @type {Map<string, any>} */ #shown = new Map();
  /** @type {Set<string>} keys of writes that are this page's own */ #own = new Set();
  /** @type {Set<string>} departments that the user has deleted here */ #deleted = new Set();
  /** @type {{name: string, editing: string | null} | null} */ #me = null;
  #loaded = false;

  constructor() {
    super();
    this.sync = new CalendarSync({
      url: location.origin,
      io: /** @type {any} */ (io),
      ioOptions: CONNECTION,
      storage: tabStorage(),
      headers: () => ({ "Accept-Language": language() }),
    });
    this.sync.on("pending", (/** @type {any[]} */ pending) => {
      for (const { key } of pending) this.#own.add(key);
      this.emit("changed");
      this.emit("status");
    });
    this.sync.on("connection", () => this.emit("status"));
    this.sync.on("write", (/** @type {any} */ write, /** @type {any} */ outcome) => this.emit("write", write, outcome));
    this.#followList();
  }

  #followList() {
    const list = this.sync.departments;
    list.on("reset", () => {
      this.#loaded = true;
      this.emit("changed");
    });
    list.on("change", () => this.emit("changed"));
    list.on("status", () => this.emit("status"));
  }

  /** True once the list of departments is known, from the server or from an earlier visit. */
  get loaded() {
    return this.#loaded;
  }

  get shown() {
    return [...this.#shown.keys()];
  }

  /** True while a shown department has nothing to show yet. */
  get loading() {
    return [...this.#shown.values()].some((history) => history.cursor === null);
  }

  /** @returns {"online" | "catching-up" | "offline"} */
  get status() {
    const { connected, departments } = this.sync;
    if (!connected) return "offline";
    const all = [departments, ...this.#shown.values()];
    return all.every((history) => history.status === "online") ? "online" : "catching-up";
  }

  /** Show these departments and no others. @param {string[]} ids */
  show(ids) {
    for (const [id, history] of [...this.#shown]) {
      if (ids.includes(id)) continue;
      this.#shown.delete(id);
      history.leave();
    }
    for (const id of ids) if (!this.#shown.has(id)) this.#follow(id);
    this.emit("changed");
    this.emit("viewers");
    this.emit("status");
  }

  /** @param {string} id */
  #follow(id) {
    const name = this.department(id)?.name ?? "";
    const history = this.sync.department(id);
    this.#shown.set(id, history);
    history.on("reset", () => this.emit("changed"));
    history.on("status", () => this.emit("status"));
    history.on("presence", () => this.emit("viewers"));
    history.on("change", (/** @type {string} */ type, /** @type {any} */ data, /** @type {any} */ meta) => {
      if (!this.#own.has(meta.mutation_id)) this.emit("foreign", type, data);
      this.emit("changed");
    });
    history.on("ended", (/** @type {string} */ reason) => this.#ended(id, name, reason));
    this.#sayWho(id, history);
  }

  /** @param {string} id @param {string} name @param {string} reason */
  #ended(id, name, reason) {
    if (reason === "left") return;
    this.#shown.delete(id);
    if (!this.#deleted.has(id)) this.emit("gone", { id, name });
    this.emit("changed");
  }

  /** The user deletes it: nobody else, of whom he would have to be told. @param {string} id */
  deleteDepartment(id) {
    this.#deleted.add(id);
    this.sync.deleteDepartment(id).catch(() => this.#deleted.delete(id));
  }

  /** With the waiting writes laid over them. @returns {any[]} */
  get departments() {
    return layOverDepartments(this.sync.departments.list(), this.sync.pending);
  }

  /** @param {string} id @returns {any} */
  department(id) {
    return this.sync.departments.items.get(id);
  }

  /** Events of the shown departments, with the waiting writes laid over them, by id. @returns {Map<string, any>} */
  get events() {
    const events = new Map();
    for (const history of this.#shown.values()) for (const [id, event] of history.items) events.set(id, event);
    layOverEvents(events, this.sync.pending);
    for (const [id, event] of events) if (!this.#shown.has(event.department_id)) events.delete(id);
    return events;
  }

  /** Be seen under this name, as editing this event. @param {string} name @param {any} [event] */
  appear(name, event = null) {
    this.#me = { name, editing: event?.id ?? null };
    for (const [id, history] of this.#shown) this.#sayWho(id, history);
  }

  /** @param {string} _id @param {any} history */
  #sayWho(_id, history) {
    if (this.#me !== null) history.presence(this.#me);
  }

  /** Who else looks at what is shown: each once. @returns {{id: string, name: string, editing: string | null}[]} */
  get others() {
    const others = new Map();
    for (const history of this.#shown.values()) {
      for (const viewer of history.viewers) {
        if (viewer.id !== history.viewerId) others.set(viewer.id, { ...others.get(viewer.id), ...viewer });
      }
    }
    return [...others.values()];
  }

  /** Others beyond those that are named. */
  get unnamedOthers() {
    return Math.max(0, ...[...this.#shown.values()].map((history) => history.viewerCount - history.viewers.length));
  }

  /** @param {string} eventId @returns {string[]} names of the others who have it open */
  editorsOf(eventId) {
    return this.others.filter((viewer) => viewer.editing === eventId).map((viewer) => viewer.name);
  }
}
