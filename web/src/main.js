/** The page, put together. */
import "./styles/page.css";
import { Actions } from "./actions.js";
import { readAddress, writeAddress } from "./address.js";
import { myName, openPending, openViewers, showConnection, showViewers } from "./company.js";
import { askConflict } from "./conflict.js";
import { Cover } from "./cover.js";
import { today, writeDay } from "./dates.js";
import { editDepartment } from "./department-dialogs.js";
import { byId } from "./dom.js";
import { Editor } from "./editor.js";
import { Grid } from "./grid.js";
import { openHelp } from "./help.js";
import { DayWalk, listenToKeys } from "./keyboard.js";
import { makeDrawer, makeMenu } from "./menu.js";
import { NARROW } from "./narrow.js";
import { showRefused } from "./refused.js";
import { Search } from "./search.js";
import { choose, setting } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { say, toast } from "./toasts.js";
import { Toolbar } from "./toolbar.js";
import { Workspace } from "./workspace.js";
import { language, speak, t, translatePage } from "./words.js";

/** So many departments are shown to somebody who has chosen none yet. */
const MOST_AT_FIRST = 8;

class Page {
  /** @type {string[] | null} departments that the address asks for, until the list is known */ #asked;
  #missing = false;
  #place;

  constructor() {
    const { departments, view, day } = readAddress();
    this.#asked = departments;
    this.#place = { view: view ?? setting("view", NARROW.matches ? "list" : "month"), day: day ?? today() };
    translatePage();
    this.workspace = new Workspace();
    this.actions = new Actions(this.workspace, {
      said: (/** @type {any} */ word, /** @type {any} */ values, /** @type {any} */ undo) => this.#said(word, values, undo),
      conflict: (/** @type {any} */ conflict) => this.#conflict(conflict),
      refused: () => this.#showRefused(),
    });
    this.toolbar = new Toolbar(byId("tools"), {
      turn: (view, day) => this.grid.turnTo(view ?? this.grid.view, day ?? undefined),
      previous: () => this.grid.previous(),
      next: () => this.grid.next(),
      create: () => this.#create([this.walk.day], ""),
    });
    this.grid = this.#makeGrid();
    this.walk = new DayWalk(this.grid);
    this.drawer = makeDrawer();
    this.sidebar = new Sidebar(byId("sidebar"), this.workspace, {
      show: (ids) => this.#choose(ids),
      edit: (department) => this.#editDepartment(department),
    });
    this.cover = new Cover(this.workspace, {
      createDepartment: () => this.#editDepartment(null),
      missing: () => this.#missing,
      openSidebar: () => this.drawer(true),
    });
    this.search = new Search(this.workspace, (event) => this.#openFound(event));
    this.speakMenu = makeMenu({ undo: () => this.#undo(), otherLanguage: () => this.#speakOther(), help: openHelp });
    this.#listen();
    this.#turned();
    this.#showRefused();
    this.cover.draw();
  }

  #makeGrid() {
    return new Grid(byId("calendar"), this.workspace, this.#place, {
      open: (id) => this.#open(id),
      create: (days, time) => this.#create(days, time),
      move: (event, fields) => this.#move(event, fields),
      turned: () => this.#turned(),
    });
  }

  #listen() {
    const { workspace } = this;
    workspace.appear(myName());
    workspace.on("changed", () => this.#settleSelection());
    workspace.on("viewers", () => showViewers(workspace));
    workspace.on("status", () => showConnection(workspace));
    workspace.on("foreign", (/** @type {string} */ type, /** @type {any} */ data) => this.#foreign(type, data));
    workspace.on("gone", ({ name }) => toast(t("departmentGone", { name })));
    byId("viewers").addEventListener("click", () => openViewers(workspace, (name) => workspace.appear(name)));
    byId("connection").addEventListener("click", () => openPending(workspace));
    addEventListener("popstate", () => this.#readAgain());
    NARROW.addEventListener("change", () => this.#turned());
    listenToKeys(this.grid, this.walk, {
      create: (day) => this.#create([day], ""),
      search: () => this.search.focus(),
      help: openHelp,
      undo: () => this.#undo(),
      today: () => this.grid.turnTo(this.grid.view, today()),
      eventOf: (id) => workspace.events.get(id),
      move: (event, fields) => this.#move(event, fields),
    });
    showViewers(workspace);
    showConnection(workspace);
  }

  /** As soon as the list is known: show what the address asks for, else what was shown last, else everything. */
  #settleSelection() {
    const { workspace } = this;
    if (!workspace.loaded || this.#asked === undefined) return;
    const known = workspace.departments.map(({ id }) => id).filter((id) => id !== null);
    if (known.length === 0) return;
    const asked = this.#asked ?? setting("shown", null);
    this.#asked = /** @type {any} */ (undefined);
    const ids = (asked ?? known.slice(0, MOST_AT_FIRST)).filter((/** @type {string} */ id) => known.includes(id));
    this.#missing = (asked ?? []).length > 0 && ids.length === 0;
    workspace.show(ids);
    this.#writeAddress(false);
  }

  /** @param {string[]} ids */
  #choose(ids) {
    this.#missing = false;
    this.workspace.show(ids);
    choose("shown", ids);
    this.#writeAddress(true);
  }

  #turned() {
    const { grid } = this;
    if (grid === undefined) return;
    const { title, view, day } = grid;
    this.toolbar.show({ title, view, day });
    this.walk?.turned();
    choose("view", view);
    this.#writeAddress(false);
  }

  /** @param {boolean} asStep */
  #writeAddress(asStep) {
    if (this.#asked !== undefined) return;
    writeAddress({ departments: this.workspace.shown, view: this.grid.view, day: this.grid.day }, asStep);
  }

  #readAgain() {
    const { departments, view, day } = readAddress();
    const known = this.workspace.departments.map(({ id }) => id);
    this.workspace.show((departments ?? []).filter((id) => known.includes(id)));
    this.grid.turnTo(view ?? "month", day ?? today());
  }

  /** @param {string} id */
  #open(id) {
    const event = this.workspace.events.get(id);
    if (event === undefined) return;
    this.workspace.appear(myName(), event);
    new Editor(this.workspace, this.actions, { event, isNew: false, closed: () => this.workspace.appear(myName()) });
  }

  /** @param {string[]} days @param {string} time @param {any} [fields] */
  #create(days, time, fields = {}) {
    const { shown, departments } = this.workspace;
    const first = shown[0] ?? departments.find(({ id }) => id !== null)?.id;
    if (first === undefined) return this.#editDepartment(null);
    const event = { department_id: first, event_date: days[0], time, ...fields };
    const isUnsaved = Object.keys(fields).length > 0;
    new Editor(this.workspace, this.actions, { event, days, isNew: true, isUnsaved, closed: () => {} });
  }

  /** @param {any} event @param {any} fields */
  #move(event, fields) {
    const date = [writeDay(fields.event_date ?? event.event_date), fields.time].filter(Boolean).join(" ");
    this.actions.saveEvent(event, fields, "movedSaid", { date });
  }

  /** @param {any} department */
  #editDepartment(department) {
    editDepartment(this.workspace, department, {
      said: (/** @type {any} */ word, /** @type {any} */ values) => toast(t(word, values)),
      coloured: () => this.workspace.emit("changed"),
      created: (/** @type {any} */ made) => this.#choose([...this.workspace.shown, made.id]),
      handled: (/** @type {string} */ key) => this.actions.forget({ write: { key } }),
    });
  }

  /** @param {any} event as the search gave it */
  #openFound(event) {
    this.grid.turnTo(this.grid.view, event.event_date);
    if (this.workspace.events.has(event.id)) this.#open(event.id);
  }

  /** @param {any} refused */
  #openAgain({ write, before }) {
    const now = before === null ? undefined : this.workspace.events.get(before.id);
    const fields = { ...before, ...write.body };
    const departmentId = fields.department_id ?? decodeURIComponent(write.path.split("/")[3]);
    const known = this.workspace.department(departmentId) !== undefined;
    if (now !== undefined) return this.#openWith(now, write.body);
    const { id: _, ...rest } = fields;
    this.#create([fields.event_date], fields.time ?? "", { ...rest, ...(known ? { department_id: departmentId } : { department_id: this.workspace.shown[0] }) });
  }

  /** The event as it is, with what the user had written in the form. @param {any} event @param {any} body */
  #openWith(event, body) {
    this.#open(event.id);
    for (const [name, value] of Object.entries(body)) {
      const input = /** @type {any} */ (document.querySelector(`dialog [data-field="${name}"]`));
      if (input !== null) input.value = value;
    }
  }

  /** @param {any} conflict */
  #conflict(conflict) {
    askConflict(this.workspace, conflict);
  }

  /** @param {string} type @param {any} data */
  #foreign(type, data) {
    const words = /** @type {any} */ ({ event_created: "otherCreated", event_updated: "otherUpdated", event_deleted: "otherDeleted" });
    if (type !== "event_deleted") this.grid.highlight(data.id);
    if (data.title !== undefined) say(t(words[type], { title: data.title }));
  }

  /** @param {any} word @param {any} values @param {any} undo */
  #said(word, values, undo) {
    return toast(t(word, values), () => this.#tellUndone(undo()));
  }

  #undo() {
    this.#tellUndone(this.actions.undo());
  }

  /** @param {any} step */
  #tellUndone(step) {
    toast(step === undefined ? t("nothingToUndo") : t("undone", { what: t(step.word, step.values) }));
  }

  #showRefused() {
    if (this.actions !== undefined) showRefused(this.workspace, this.actions, (refused) => this.#openAgain(refused));
  }

  #speakOther() {
    speak(language() === "ko" ? "en" : "ko");
    translatePage();
    for (const part of [this.toolbar, this.sidebar, this.grid, this.cover]) part.speak();
    this.speakMenu();
    showViewers(this.workspace);
    showConnection(this.workspace);
    this.#showRefused();
    setTimeout(() => this.#turned(), 0);
  }
}

new Page();
