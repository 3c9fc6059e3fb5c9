/** Where in time the calendar stands, and how it is looked at. */
import { VIEWS } from "./address.js";
import { isDay, today } from "./dates.js";
import { h, icon } from "./dom.js";
import { t } from "./words.js";

export class Toolbar {
  #title = h("h2.period", { "aria-live": "polite" });
  #jump = h("input.jump", { type: "date", min: "0001-01-01", max: "9999-12-31" });
  #views = h("div.views", { role: "group" });
  #element;
  #hooks;

  /** @param {HTMLElement} element @param {{turn: (view: string | null, day: string | null) => void, previous: () => void, next: () => void, create: () => void}} hooks */
  constructor(element, hooks) {
    this.#element = element;
    this.#hooks = hooks;
    this.#jump.addEventListener("change", () => {
      if (isDay(this.#jump.value)) hooks.turn(null, this.#jump.value);
    });
    this.speak();
  }

  speak() {
    const arrow = (/** @type {any} */ word, /** @type {() => void} */ pressed) =>
      h("button.quiet.icon-only", { type: "button", title: t(word), "aria-label": t(word), onclick: pressed }, icon(word));
    this.#jump.setAttribute("aria-label", t("jump"));
    this.#jump.title = t("jump");
    this.#views.setAttribute("aria-label", t("view"));
    this.#views.replaceChildren(...VIEWS.map((view) => this.#viewButton(view)));
    this.#element.replaceChildren(
      h("div.steps", {}, this.#today(), arrow("previous", this.#hooks.previous), arrow("next", this.#hooks.next)),
      this.#title,
      this.#jump,
      h("span.gap"),
      this.#views,
      h("button.primary.create", { type: "button", onclick: () => this.#hooks.create(), "aria-label": t("newEvent") }, icon("plus"), h("span", {}, t("newEvent"))),
    );
  }

  #today() {
    return h("button.secondary", { type: "button", onclick: () => this.#hooks.turn(null, today()) }, t("today"));
  }

  /** @param {string} view */
  #viewButton(view) {
    const onclick = () => this.#hooks.turn(view, null);
    return h("button.view", { type: "button", "data-view": view, "aria-pressed": "false", onclick }, t(/** @type {any} */ (view)));
  }

  /** @param {{title: string, view: string, day: string}} place */
  show({ title, view, day }) {
    if (this.#title.textContent !== title) this.#title.textContent = title;
    this.#jump.value = day;
    for (const each of this.#views.children) each.setAttribute("aria-pressed", String(each.dataset.view === view));
  }
}
