/** The list of departments: what is shown, in which colour, found by its name. */
import { colourAll, hueOf } from "./colours.js";
import { h, icon } from "./dom.js";
import { t } from "./words.js";

export class Sidebar {
  #filter = "";
  #list = h("ul.department-list");
  #head = h("div.sidebar-head");
  #workspace;
  #hooks;

  /**
   * @param {HTMLElement} element @param {import("./workspace.js").Workspace} workspace
   * @param {{show: (ids: string[]) => void, edit: (department: any) => void}} hooks
   */
  constructor(element, workspace, hooks) {
    this.#workspace = workspace;
    this.#hooks = hooks;
    element.append(this.#head, this.#list);
    this.speak();
    workspace.on("changed", () => this.draw());
  }

  speak() {
    const find = h("input.find", { type: "search", value: this.#filter, "aria-label": t("findDepartment"), placeholder: t("findDepartment") });
    find.addEventListener("input", () => {
      this.#filter = find.value;
      this.draw();
    });
    const add = h(
      "button.quiet.icon-only",
      { type: "button", title: t("newDepartment"), "aria-label": t("newDepartment"), onclick: () => this.#hooks.edit(null) },
      icon("plus"),
    );
    const all = h("button.text", { type: "button", onclick: () => this.#toggleAll() });
    this.#head.replaceChildren(h("div.sidebar-title", {}, h("h2", {}, t("departments")), add), find, all);
    this.draw();
  }

  get #selectable() {
    return this.#workspace.departments.filter(({ id }) => id !== null);
  }

  #toggleAll() {
    const { shown } = this.#workspace;
    const ids = this.#selectable.map(({ id }) => id);
    this.#hooks.show(shown.length < ids.length ? ids : []);
  }

  draw() {
    const departments = this.#workspace.departments;
    colourAll(this.#selectable);
    const shown = new Set(this.#workspace.shown);
    const wanted = this.#filter.normalize().toLocaleLowerCase();
    const found = departments.filter(({ name }) => name.normalize().toLocaleLowerCase().includes(wanted));
    const focus = /** @type {any} */ (document.activeElement)?.dataset?.key;
    this.#list.replaceChildren(...found.map((department) => this.#row(department, shown.has(department.id))));
    if (found.length === 0 && departments.length > 0) this.#list.append(h("li.none", {}, t("noDepartmentFound")));
    if (focus) this.#list.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
    const all = this.#head.querySelector(".text");
    all.textContent = t(shown.size < this.#selectable.length ? "showAll" : "showNone");
    all.hidden = departments.length < 2;
  }

  /** @param {any} department @param {boolean} checked */
  #row(department, checked) {
    const { id, name, pending } = department;
    if (id === null) return h("li.department.is-pending", {}, h("span.department-name", {}, name));
    const onchange = () => this.#toggle(id);
    const box = h("input", { type: "checkbox", checked, onchange, "data-key": `show-${id}` });
    const only = { type: "button", title: t("onlyThis", { name }), "aria-label": t("onlyThis", { name }), "data-key": `only-${id}` };
    const edit = { type: "button", title: t("editNamed", { name }), "aria-label": t("editNamed", { name }), "data-key": `edit-${id}` };
    return h(
      pending ? "li.department.is-pending" : "li.department",
      { "data-department-id": id },
      h(`label.department-label.hue-${hueOf(id)}`, { title: name }, box, h("span.department-name", {}, name)),
      h("button.row-action", { ...only, onclick: () => this.#hooks.show([id]) }, h("span.only-mark", { "aria-hidden": "true" })),
      h("button.row-action", { ...edit, onclick: () => this.#hooks.edit(department) }, icon("edit")),
    );
  }

  /** @param {string} id */
  #toggle(id) {
    const { shown } = this.#workspace;
    this.#hooks.show(shown.includes(id) ? shown.filter((each) => each !== id) : [...shown, id]);
  }
}
