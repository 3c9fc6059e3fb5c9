/** Search on the server, over the departments that are shown. */
import { hueOf } from "./colours.js";
import { writeDay } from "./dates.js";
import { byId, h, icon } from "./dom.js";
import { language, t } from "./words.js";

const WAIT_MS = 250;
const MOST = 100;

export class Search {
  #timer = 0;
  #question = 0;
  #input = byId("search-text");
  #panel = byId("results");
  #workspace;
  #open;

  /** @param {import("./workspace.js").Workspace} workspace @param {(event: any) => void} open */
  constructor(workspace, open) {
    this.#workspace = workspace;
    this.#open = open;
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#search(), WAIT_MS);
    });
    byId("search").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#search();
    });
    const escape = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.close();
    this.#input.addEventListener("keydown", escape);
    this.#panel.addEventListener("keydown", escape);
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  close() {
    this.#question += 1;
    this.#input.value = "";
    if (!this.#panel.hidden) this.#input.focus();
    this.#panel.hidden = true;
  }

  async #search() {
    clearTimeout(this.#timer);
    const text = this.#input.value.trim();
    if (text === "") return this.close();
    const question = ++this.#question;
    this.#show(t("searching"), []);
    const ids = this.#workspace.shown;
    try {
      const found = (await Promise.all(ids.map((id) => ask(id, text)))).flat();
      if (question === this.#question) this.#found(text, found, ids.length);
    } catch {
      if (question === this.#question) this.#show(t("searchFailed"), []);
    }
  }

  /** @param {string} text @param {any[]} found @param {number} departments */
  #found(text, found, departments) {
    const sorted = found.sort((a, b) => (a.event_date < b.event_date ? 1 : -1)).slice(0, MOST);
    const notes = [t("resultsWhere", { count: departments }), found.length > MOST ? t("resultsMore", { count: MOST }) : ""];
    const none = found.length === 0 ? [h("p.none", {}, t("resultsNone"))] : [];
    const rows = h("ul.result-list", {}, ...sorted.map((event) => this.#row(event)));
    this.#show(t("results", { text, count: found.length }), [h("p.hint", {}, notes.filter(Boolean).join(" ")), ...none, rows]);
  }

  /** @param {any} event */
  #row(event) {
    const when = [writeDay(event.event_date), event.time].filter(Boolean).join(" ");
    const where = this.#workspace.department(event.department_id)?.name ?? "";
    const lines = [h("span.result-title", {}, event.title), h("span.hint", {}, `${when} · ${where}`)];
    return h("li", {}, h(`button.result.hue-${hueOf(event.department_id)}`, { type: "button", onclick: () => this.#open(event) }, ...lines));
  }

  /** @param {string} title @param {any[]} content */
  #show(title, content) {
    const close = h("button.quiet.icon-only", { type: "button", "aria-label": t("close"), onclick: () => this.close() }, icon("close"));
    this.#panel.replaceChildren(h("header.results-head", {}, h("h2", { role: "status" }, title), close), ...content);
    this.#panel.hidden = false;
  }
}

/** @param {string} departmentId @param {string} text @returns {Promise<any[]>} */
async function ask(departmentId, text) {
  const address = `/api/events/${encodeURIComponent(departmentId)}?q=${encodeURIComponent(text)}`;
  const answer = await fetch(address, { headers: { "Accept-Language": language() } });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return (await answer.json()).events;
}
