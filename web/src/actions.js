/** Changes that the user makes: sent, undone, and brought to an end where the server does not take them. */
import { target } from "./pending.js";
import { choose, setting } from "./settings.js";

export const FIELDS = ["title", "department_id", "event_date", "time", "url", "description"];
const MOST_UNDO = 20;

/** @param {any} event @returns {Record<string, string>} what users write of it */
export const fieldsOf = (event) => Object.fromEntries(FIELDS.map((name) => [name, event[name] ?? ""]));

export class Actions {
  /** @type {{word: any, values: any, run: () => void, key: string | undefined, untell: () => void}[]} */ #undo = [];
  /** @type {Map<string, any>} what the user saw when he made the write, by its key */ #before = new Map();
  #workspace;
  #screen;

  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {{said: Function, conflict: Function, refused: Function}} screen tells people and asks them
   */
  constructor(workspace, screen) {
    this.#workspace = workspace;
    this.#screen = screen;
    workspace.on("write", (/** @type {any} */ write, /** @type {any} */ outcome) => this.#settled(write, outcome));
  }

  get #sync() {
    return this.#workspace.sync;
  }

  /** @param {string} departmentId @param {any} fields @param {string[]} days one event on each */
  createEvents(departmentId, fields, days) {
    const ids = days.map((event_date) => this.#create(departmentId, { ...fields, event_date }));
    const undo = () => ids.forEach((id) => this.#removeNow(id));
    this.#done("createdSaid", { title: fields.title }, undo);
    return ids[0];
  }

  /** @param {string} departmentId @param {any} fields @returns {string} its id */
  #create(departmentId, fields) {
    const { department_id: _, ...sent } = fields;
    void this.#sync.createEvent(departmentId, sent).catch(() => {});
    return this.#sync.pending.at(-1)?.body?.id;
  }

  /** @param {any} before the event as the user saw it @param {any} fields what he wants it to be */
  saveEvent(before, fields, word = "updatedSaid", values = {}) {
    const changed = Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== before[name]));
    if (Object.keys(changed).length === 0) return;
    this.#update(before, changed);
    const after = { ...before, ...changed, version: before.version + 1 };
    const old = Object.fromEntries(Object.keys(changed).map((name) => [name, before[name]]));
    const undo = () => this.#update(after, old);
    this.#done(word, { title: after.title, ...values }, undo);
  }

  /** @param {any} before @param {any} changed */
  #update(before, changed) {
    const options = { ifVersion: before.version, departmentId: before.department_id };
    void this.#sync.updateEvent(before.id, changed, options).catch(() => {});
    this.#remember(before);
  }

  /** @param {any} event as the user saw it */
  deleteEvent(event) {
    this.#remove(event);
    const undo = () => this.#create(event.department_id, { id: event.id, ...fieldsOf(event) });
    this.#done("deletedSaid", { title: event.title }, undo);
  }

  /** @param {any} event */
  #remove(event) {
    const options = { ifVersion: event.version, departmentId: event.department_id };
    void this.#sync.deleteEvent(event.id, options).catch(() => {});
    this.#remember(event);
  }

  /** @param {string} id */
  #removeNow(id) {
    const event = this.#workspace.events.get(id);
    if (event !== undefined) this.#remove(event);
  }

  /** @param {any} before */
  #remember(before) {
    const write = this.#sync.pending.at(-1);
    if (write !== undefined) this.#before.set(write.key, before);
  }

  /** @param {any} word @param {any} values @param {() => void} undo */
  #done(word, values, undo) {
    const step = { word, values, run: undo, key: this.#sync.pending.at(-1)?.key, untell: () => {} };
    this.#undo = [...this.#undo.slice(1 - MOST_UNDO), step];
    step.untell = this.#screen.said(word, values, () => this.undo(step));
  }

  /** Take back this step, or the last one. @returns {any} the step; undefined where there is none */
  undo(step = this.#undo.at(-1)) {
    if (step === undefined || !this.#undo.includes(step)) return undefined;
    this.#undo = this.#undo.filter((each) => each !== step);
    step.run();
    return step;
  }

  /** @param {any} write @param {any} outcome */
  #settled(write, outcome) {
    const before = this.#before.get(write.key) ?? null;
    this.#before.delete(write.key);
    if (!(outcome instanceof Error)) return;
    const failure = /** @type {any} */ (outcome);
    if (failure.code === "discarded") return;
    if (write.method === "DELETE" && failure.status === 404) return;
    const isEvent = target(write)?.kind === "events";
    if (failure.code === "version_conflict" && failure.current !== null && isEvent) this.#stale(write, before, failure);
    else this.#refuse(write, failure, before);
  }

  /** What did not happen cannot be undone, and was told too early. @param {string} key */
  #takeBack(key) {
    for (const step of this.#undo.filter((each) => each.key === key)) step.untell();
    this.#undo = this.#undo.filter((each) => each.key !== key);
  }

  /** Somebody else was faster, or an earlier write of this page was. @param {any} write @param {any} before @param {any} failure */
  #stale(write, before, { current, message }) {
    const others = before === null ? FIELDS : FIELDS.filter((name) => current[name] !== before[name]);
    if (before !== null && others.length === 0) return this.#again(write, current);
    if (write.method === "PUT" && Object.entries(write.body).every(([name, value]) => current[name] === value)) return;
    this.#takeBack(write.key);
    const refused = { write, before, reason: message, code: "version_conflict" };
    choose("refused", [...this.refused, refused]); // at once: a page that is closed before the choice loses nothing
    const settle = (/** @type {() => void} */ act) => {
      this.forget(refused);
      act();
    };
    this.#screen.conflict({
      current,
      before,
      mine: write.method === "DELETE" ? null : write.body,
      drop: () => this.#screen.refused(),
      giveUp: () => settle(() => {}),
      save: (/** @type {any} */ chosen) =>
        settle(() => (write.method === "DELETE" ? this.#remove(current) : this.saveEvent(current, chosen))),
    });
  }

  /** @param {any} write @param {any} current */
  #again(write, current) {
    if (write.method === "DELETE") this.#remove(current);
    else this.#update(current, write.body);
  }

  /** @param {any} write @param {any} failure @param {any} before */
  #refuse(write, failure, before) {
    this.#takeBack(write.key);
    const reason = [failure.message, ...failure.details.map((/** @type {any} */ each) => each.message)];
    this.#keep({ write, before, reason: [...new Set(reason)].join(" "), code: failure.code });
  }

  /** @param {any} refused */
  #keep(refused) {
    choose("refused", [...this.refused, refused]);
    this.#screen.refused();
  }

  /** Writes that the server did not take, and whose content the user has not dealt with. @returns {any[]} */
  get refused() {
    return setting("refused", []);
  }

  /** @param {any} refused */
  forget(refused) {
    choose("refused", this.refused.filter((each) => each.write.key !== refused.write.key));
    this.#screen.refused();
  }
}
