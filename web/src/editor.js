/** The form for one event, which is told when others change what it is about. */
import { fieldsOf } from "./actions.js";
import { button, differ, field, leaveButton, openDialog, typedIn } from "./dialog.js";
import { h, safeLink, webAddress } from "./dom.js";
import { writeDay } from "./dates.js";
import { t } from "./words.js";

export class Editor {
  /** @type {any} the event as the user saw it; null for a new one */ #before;
  /** @type {string[]} */ #days;
  /** @type {HTMLDialogElement} */ #dialog;
  /** @type {any} */ #inputs;
  /** @type {any} what stood in the form when there was nothing to lose in it */ #untouched;
  #gone = false;
  #workspace;
  #actions;
  #warning = h("div.warning", { role: "alert", hidden: true });
  #company = h("p.company", { role: "status", hidden: true });
  #mistake = h("p.mistake", { role: "alert", hidden: true });
  #link = h("p.field-link", { hidden: true });

  /**
   * @param {import("./workspace.js").Workspace} workspace @param {import("./actions.js").Actions} actions
   * @param {{event: any, days?: string[], isNew: boolean, isUnsaved?: boolean, closed: () => void}} about `event`: what the
   *   form begins with; `isUnsaved`: it holds already what the user wrote
   */
  constructor(workspace, actions, { event, days = [], isNew, isUnsaved = false, closed }) {
    this.#workspace = workspace;
    this.#actions = actions;
    this.#before = isNew ? null : event;
    this.#days = days.length > 1 ? days : [];
    this.#inputs = this.#makeInputs(event);
    this.#untouched = isUnsaved ? {} : this.#values;
    this.#dialog = openDialog(t(isNew ? "newEvent" : "editEvent"), [this.#form()], {
      isTouched: () => differ(this.#values, this.#untouched),
      closed: () => {
        for (const stop of stops) stop();
        closed();
      },
    });
    const stops = [workspace.on("changed", () => this.#check()), workspace.on("viewers", () => this.#showCompany())];
    this.#inputs.title.focus();
    this.#showCompany();
    this.#showLink();
  }

  /** @param {any} event */
  #makeInputs(event) {
    const departments = this.#workspace.departments.filter(({ id }) => id !== null);
    const options = departments.map(({ id, name }) => h("option", { value: id }, name));
    const inputs = {
      title: h("input", { type: "text", required: true, maxLength: 200 }),
      department_id: h("select", {}, ...options),
      event_date: h("input", { type: "date", required: true, min: "0001-01-01", max: "9999-12-31" }),
      time: h("input", { type: "text", maxLength: 100, autocomplete: "off" }),
      url: h("input", { type: "text", inputMode: "url", maxLength: 2048, autocomplete: "off", placeholder: "https://" }),
      description: h("textarea", { maxLength: 5000, rows: 4 }),
    };
    for (const [name, value] of Object.entries(fieldsOf(event))) {
      const input = /** @type {any} */ (inputs)[name];
      input.value = value;
      input.dataset.field = name;
    }
    inputs.url.addEventListener("input", () => this.#showLink());
    return inputs;
  }

  #form() {
    const { title, department_id, event_date, time, url, description } = this.#inputs;
    const days = this.#days;
    const when = days.length > 0 ? h("p.note", {}, this.#manyDays()) : field(t("date"), event_date);
    return h(
      "form.dialog-form",
      { method: "dialog", noValidate: true, onsubmit: (/** @type {Event} */ submit) => this.#submit(submit) },
      this.#warning,
      this.#company,
      field(t("title"), title),
      h("div.pair", {}, when, field(t("time"), time, t("timeHint"))),
      field(t("department"), department_id),
      field(t("url"), url),
      this.#link,
      field(t("description"), description),
      this.#mistake,
      this.#buttons(),
    );
  }

  #manyDays() {
    const days = this.#days;
    return t("manyDays", { first: writeDay(days[0]), last: writeDay(/** @type {string} */ (days.at(-1))), count: days.length });
  }

  #buttons() {
    const remove = button(t("delete"), () => this.#delete(), "danger-quiet");
    return h(
      "footer.dialog-foot",
      {},
      this.#before === null ? null : remove,
      h("span.gap"),
      leaveButton(),
      h("button.primary", { type: "submit" }, t("save")),
    );
  }

  get #values() {
    return typedIn(this.#inputs);
  }

  /** @param {Event} submit */
  #submit(submit) {
    submit.preventDefault();
    const values = this.#values;
    const missing = ["title", ...(this.#days.length > 0 ? [] : ["event_date"])].find((name) => values[name] === "");
    if (missing !== undefined) return this.#complain(missing, t("required", { field: fieldName(missing) }));
    const isNewLink = values.url !== "" && values.url !== fieldsOf(this.#before ?? {}).url;
    if (isNewLink && (/\s/.test(values.url) || webAddress(values.url) === null)) return this.#complain("url", t("notAnAddress"));
    if (this.#before === null || this.#gone) {
      const days = this.#days.length > 0 ? this.#days : [values.event_date];
      this.#actions.createEvents(values.department_id, values, days);
    } else this.#actions.saveEvent(this.#before, onlyChanged(this.#before, values));
    this.#dialog.close();
  }

  /** @param {string} name of a field @param {string} mistake */
  #complain(name, mistake) {
    for (const input of Object.values(this.#inputs)) input.removeAttribute("aria-invalid");
    this.#mistake.textContent = mistake;
    this.#mistake.hidden = false;
    this.#inputs[name].setAttribute("aria-invalid", "true");
    this.#inputs[name].focus();
  }

  #delete() {
    if (!this.#gone) this.#actions.deleteEvent(this.#before);
    this.#dialog.close();
  }

  /** Has it changed under the user's hands? */
  #check() {
    if (this.#before === null || this.#gone) return;
    const now = this.#workspace.events.get(this.#before.id);
    if (now === undefined || now.pending === "deleted") return this.#tellGone();
    const fields = fieldsOf(this.#before);
    if (Object.entries(fieldsOf(now)).some(([name, value]) => fields[name] !== value)) this.#tellChanged(now);
    else if (now.version > this.#before.version) this.#before = now;
  }

  #tellGone() {
    this.#gone = true;
    const save = /** @type {HTMLElement} */ (this.#dialog.querySelector("[type=submit]"));
    save.textContent = t("createAgain");
    this.#warning.replaceChildren(h("p", {}, t("deletedUnder")));
    this.#warning.hidden = false;
  }

  /** @param {any} now */
  #tellChanged(now) {
    const fields = fieldsOf(this.#before);
    const changed = Object.entries(fieldsOf(now)).filter(([name, value]) => fields[name] !== value);
    const lines = changed.map(([name, value]) => h("li", {}, h("b", {}, fieldName(name)), " ", this.#shown(name, value)));
    const take = button(t("takeTheirs"), () => this.#take(now), "secondary");
    this.#warning.replaceChildren(h("p", {}, t("changedUnder")), h("ul", {}, ...lines), take);
    this.#warning.hidden = false;
  }

  /** @param {string} name @param {string} value */
  #shown(name, value) {
    return shownValue(this.#workspace, name, value);
  }

  /** What the user has not touched becomes theirs; what he has typed stays. @param {any} now */
  #take(now) {
    const before = fieldsOf(this.#before);
    for (const [name, value] of Object.entries(fieldsOf(now))) {
      if (this.#inputs[name].value === before[name]) this.#inputs[name].value = value;
      this.#untouched[name] = value.trim();
    }
    this.#before = now;
    this.#warning.hidden = true;
    this.#inputs.title.focus();
  }

  #showCompany() {
    const names = this.#before === null ? [] : this.#workspace.editorsOf(this.#before.id);
    this.#company.textContent = names.length > 0 ? t("editingHere", { names: names.join(", ") }) : "";
    this.#company.hidden = names.length === 0;
  }

  #showLink() {
    const address = this.#inputs.url.value.trim();
    this.#link.hidden = webAddress(address) === null;
    this.#link.replaceChildren(safeLink(address, t("openUrl")));
  }
}

/** @param {any} before @param {any} values */
function onlyChanged(before, values) {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== (before[name] ?? "").trim()));
}

const NAMES = /** @type {Record<string, any>} */ ({ department_id: "department", event_date: "date" });

/** @param {string} name of a field */
export const fieldName = (name) => t(NAMES[name] ?? name);

/** @param {import("./workspace.js").Workspace} workspace @param {string} name @param {string} value */
export function shownValue(workspace, name, value) {
  if (value === "") return t("empty");
  if (name === "department_id") return workspace.department(value)?.name ?? value;
  return name === "event_date" ? writeDay(value) : value;
}
