/** Who is here, under which name, and how the connection stands. */
import { button, field, openDialog } from "./dialog.js";
import { byId, h } from "./dom.js";
import { target } from "./pending.js";
import { choose, setting } from "./settings.js";
import { t } from "./words.js";

const MOST_NAMED = 3;

/** The name that the user has picked, or one to begin with. */
export function myName() {
  const chosen = setting("name", null);
  if (chosen !== null) return chosen;
  const guest = t("guest", { number: 10 + Math.floor(Math.random() * 90) });
  choose("name", guest);
  return guest;
}

/** @param {import("./workspace.js").Workspace} workspace */
export function showViewers(workspace) {
  const { others, unnamedOthers } = workspace;
  const count = others.length + unnamedOthers + 1;
  const element = byId("viewers");
  const marks = others.slice(0, MOST_NAMED).map(({ name }) => h("span.avatar", { "aria-hidden": "true", title: name }, initial(name)));
  element.replaceChildren(...marks, h("span.viewers-count", {}, t("viewersCount", { count })));
  element.title = [...others.map(({ name }) => name), myName()].join(", ");
}

/** @param {string} name */
const initial = (name) => [...name.trim()][0] ?? "?";

/** @param {import("./workspace.js").Workspace} workspace @param {(name: string) => void} renamed */
export function openViewers(workspace, renamed) {
  const name = h("input", { type: "text", maxLength: 40, required: true, value: myName(), autocomplete: "nickname" });
  const people = h("ul.people");
  const draw = () => people.replaceChildren(...rows(workspace));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (wanted === "") return name.focus();
    choose("name", wanted);
    renamed(wanted);
    dialog.close();
  };
  const foot = h("footer.dialog-foot", {}, h("span.gap"), h("button.primary", { type: "submit" }, t("save")));
  const form = h("form.dialog-form", { noValidate: true, onsubmit: submit }, people, field(t("yourName"), name, t("yourNameHint")), foot);
  const stop = workspace.on("viewers", draw);
  const dialog = openDialog(t("viewersTitle"), [form], { closed: stop });
  draw();
}

/** @param {import("./workspace.js").Workspace} workspace */
function rows(workspace) {
  const { others, unnamedOthers, events } = workspace;
  const row = (/** @type {any} */ { name, editing }, mark = "") => {
    const title = events.get(editing)?.title;
    const what = title === undefined ? mark : t("editingNow", { title });
    return h("li", {}, h("span.avatar", { "aria-hidden": "true" }, initial(name)), h("span.person", {}, name), h("span.hint", {}, what));
  };
  const more = unnamedOthers > 0 ? [h("li", {}, t("viewersMore", { count: unnamedOthers }))] : [];
  const alone = others.length === 0 ? [h("li.hint", {}, t("viewersNone"))] : [];
  return [row({ name: myName() }, t("me")), ...others.map((each) => row(each)), ...more, ...alone];
}

const STATES = /** @type {Record<string, any>} */ ({ online: "online", "catching-up": "catchingUp", offline: "offline" });

/** @param {import("./workspace.js").Workspace} workspace */
export function showConnection(workspace) {
  const { status, sync } = workspace;
  const element = byId("connection");
  const waiting = sync.pending.length;
  const state = t(STATES[status]);
  const text = waiting > 0 && status !== "online" ? `${state} · ${t("pendingCount", { count: waiting })}` : state;
  if (element.dataset.status === status && element.textContent === text) return;
  element.dataset.status = status;
  element.replaceChildren(h("span.lamp", { "aria-hidden": "true" }), h("span.connection-text", {}, text));
  element.title = t("connectionHint", { state });
}

/** @param {import("./workspace.js").Workspace} workspace */
export function openPending(workspace) {
  const list = h("ol.waiting");
  const draw = () => {
    const { pending } = workspace.sync;
    const none = h("li.none", {}, t("pendingNone"));
    list.replaceChildren(...(pending.length > 0 ? pending.map((write) => waiting(workspace, write)) : [none]));
  };
  const stop = workspace.on("status", draw);
  openDialog(t("pendingTitle"), [h("div.dialog-form", {}, h("p.hint", {}, t("pendingText")), list)], { closed: stop });
  draw();
}

/** @param {import("./workspace.js").Workspace} workspace @param {any} write */
function waiting(workspace, write) {
  const drop = button(t("discard"), () => workspace.sync.discard(write.key), "text");
  return h("li", {}, h("b", {}, kindOf(write)), h("span.person", {}, nameOf(workspace, write)), drop);
}

/** @param {any} write @returns {string} */
export function kindOf({ method }) {
  return t(method === "POST" ? "createdMark" : method === "PUT" ? "updatedMark" : "deletedMark");
}

/** What a write is about. @param {import("./workspace.js").Workspace} workspace @param {any} write @returns {string} */
export function nameOf(workspace, write) {
  const own = write.body?.title ?? write.body?.name;
  const id = target(write)?.id ?? "";
  return own ?? workspace.events.get(id)?.title ?? workspace.department(id)?.name ?? "";
}
