/** What stands in place of events where there are none to show, and why. */
import { button } from "./dialog.js";
import { byId, h, icon } from "./dom.js";
import { t } from "./words.js";

const PATIENCE_MS = 4_000;

export class Cover {
  /** @type {"unreachable" | "noAccess" | null} */ #trouble = null;
  #shown = "";
  #workspace;
  #hooks;

  /** @param {import("./workspace.js").Workspace} workspace @param {{createDepartment: () => void, missing: () => boolean, openSidebar: () => void}} hooks */
  constructor(workspace, hooks) {
    this.#workspace = workspace;
    this.#hooks = hooks;
    workspace.on("changed", () => this.draw());
    workspace.on("status", () => this.draw());
    setTimeout(() => this.#probe(), PATIENCE_MS);
  }

  /** The socket does not say why it cannot connect; a request does. */
  async #probe() {
    if (this.#workspace.status !== "offline") return;
    const status = await fetch("/api/departments").then((answer) => answer.status, () => 0);
    this.#trouble = status === 401 || status === 403 ? "noAccess" : "unreachable";
    this.draw();
  }

  draw() {
    if (this.#workspace.status !== "offline") this.#trouble = null;
    const state = this.#state();
    if (state === this.#shown) return;
    this.#shown = state;
    const cover = byId("cover");
    cover.hidden = state === "";
    cover.replaceChildren(...(state === "" ? [] : this.#content(state)));
  }

  speak() {
    this.#shown = "?";
    this.draw();
  }

  #state() {
    const { loaded, loading, departments, shown } = this.#workspace;
    if (!loaded || (shown.length > 0 && loading)) return this.#trouble ?? "loading";
    if (departments.length === 0) return "noDepartments";
    if (shown.length > 0) return "";
    return this.#hooks.missing() ? "missing" : "noneShown";
  }

  /** @param {string} state */
  #content(state) {
    if (state === "loading") return [h("div.spinner", { "aria-hidden": "true" }), h("p", { role: "status" }, t("loading"))];
    const words = /** @type {any} */ (state);
    const card = h("div.card", { role: "status" }, h("h2", {}, t(/** @type {any} */ (`${words}Title`))), h("p", {}, t(/** @type {any} */ (`${words}Text`))));
    const act = this.#act(state);
    return [h("div.card-wrap", {}, card, act)];
  }

  /** @param {string} state */
  #act(state) {
    if (state === "noDepartments") {
      return h("button.primary", { type: "button", onclick: this.#hooks.createDepartment }, icon("plus"), t("newDepartment"));
    }
    if (state === "unreachable" || state === "noAccess") return button(t("tryAgain"), () => location.reload(), "primary");
    return h("button.secondary.only-narrow", { type: "button", onclick: this.#hooks.openSidebar }, t("departments"));
  }
}
