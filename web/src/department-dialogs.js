/** Creating, renaming, colouring and deleting departments. */
import { chooseHue, hueOf, HUES } from "./colours.js";
import { button, differ, field, leaveButton, openDialog, typedIn } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * @param {import("./workspace.js").Workspace} workspace @param {any} department null: a new one
 * @param {{said: Function, coloured: () => void, created: (department: any) => void}} screen
 */
export function editDepartment(workspace, department, screen) {
  const name = h("input", { type: "text", required: true, maxLength: 100, value: department?.name ?? "" });
  const description = h("textarea", { rows: 3, maxLength: 5000, value: department?.description ?? "" });
  const inputs = { name, description };
  const untouched = typedIn(inputs);
  const mistake = h("p.mistake", { role: "alert", hidden: true });
  const hues = department === null ? null : huePicker(department, screen.coloured);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const fields = typedIn(inputs);
    const complaint = fields.name === "" ? t("required", { field: t("name") }) : await send(workspace, department, fields, screen);
    if (complaint === null) return dialog.close();
    mistake.textContent = complaint;
    mistake.hidden = false;
    name.focus();
  };
  const remove = button(t("deleteDepartment"), () => {
    dialog.close();
    deleteDepartment(workspace, department, screen);
  }, "danger-quiet");
  const foot = h(
    "footer.dialog-foot",
    {},
    department === null ? null : remove,
    h("span.gap"),
    leaveButton(),
    h("button.primary", { type: "submit" }, t("save")),
  );
  const rows = [field(t("name"), name), field(t("description"), description), hues, mistake, foot];
  const form = h("form.dialog-form", { noValidate: true, onsubmit: submit }, ...rows);
  const dialog = openDialog(t(department === null ? "newDepartment" : "editDepartment"), [form], {
    isTouched: () => differ(typedIn(inputs), untouched),
  });
  name.focus();
}

/** @returns {Promise<string | null>} what is wrong with it; null where nothing is, or where it waits for the connection */
async function send(/** @type {any} */ workspace, /** @type {any} */ department, /** @type {any} */ fields, /** @type {any} */ screen) {
  const { sync } = workspace;
  const writing = department === null ? sync.createDepartment(fields) : sync.updateDepartment(department.id, fields);
  const { key } = sync.pending.at(-1) ?? {};
  const tooLong = new Promise((resolve) => setTimeout(resolve, sync.connected ? 4_000 : 0, null));
  try {
    const answer = await Promise.race([writing, tooLong]);
    screen.said(department === null ? "departmentCreated" : "departmentUpdated", fields);
    if (department === null && answer !== null) screen.created(answer.body.department);
    return null;
  } catch (error) {
    screen.handled(key);
    return t("couldNotSave", { reason: /** @type {Error} */ (error).message });
  }
}

/** @param {any} department @param {() => void} coloured */
function huePicker(department, coloured) {
  const swatches = HUES.map((hue, index) => {
    const checked = hue === hueOf(department.id);
    const onchange = () => {
      chooseHue(department.id, hue);
      coloured();
    };
    const input = h("input", { type: "radio", name: "hue", checked, onchange, "aria-label": `${t("colour")} ${index + 1}` });
    return h(`label.swatch.hue-${hue}`, {}, input);
  });
  return h("fieldset.hues", {}, h("legend", {}, t("colour")), ...swatches);
}

/** @param {import("./workspace.js").Workspace} workspace @param {any} department @param {any} screen */
function deleteDepartment(workspace, department, screen) {
  const { id, name } = department;
  const question = h("p", {}, t("deleteDepartmentCounting"));
  const typed = h("input", { type: "text", autocomplete: "off" });
  const confirm = h("button.danger", { type: "submit", disabled: true }, t("deleteDepartment"));
  const matches = () => typed.value.trim().normalize() === name.normalize();
  typed.addEventListener("input", () => (confirm.disabled = !matches()));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!matches()) return;
    workspace.deleteDepartment(id);
    screen.said("departmentDeleted", { name });
    dialog.close();
  };
  const foot = h("footer.dialog-foot", {}, h("span.gap"), leaveButton(), confirm);
  const form = h("form.dialog-form", { onsubmit: submit }, question, field(t("typeName", { name }), typed), foot);
  const dialog = openDialog(t("deleteDepartment"), [form]);
  typed.focus();
  void countEvents(workspace, id).then((count) => {
    const word = count === null ? "deleteDepartmentUnknown" : "deleteDepartmentAsk";
    question.textContent = t(word, { name, count });
  });
}

/** @returns {Promise<number | null>} */
async function countEvents(/** @type {any} */ workspace, /** @type {string} */ id) {
  if (workspace.shown.includes(id) && workspace.status === "online") return workspace.sync.department(id).items.size;
  try {
    const answer = await fetch(`/api/events/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(8_000) });
    return (await answer.json()).events.length;
  } catch {
    return null;
  }
}
