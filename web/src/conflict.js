/** Both versions of an event side by side, field by field, for the user to choose from. */
import { FIELDS, fieldsOf } from "./actions.js";
import { button, openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { fieldName, shownValue } from "./editor.js";
import { t } from "./words.js";

let count = 0;
/** @type {Promise<void>} one after the other */
let last = Promise.resolve();

/**
 * @param {import("./workspace.js").Workspace} workspace
 * @param {{current: any, before: any, mine: any, save: (chosen: any) => void, giveUp: () => void, drop: () => void}} conflict `mine`: the fields that
 *   the user wrote; null where he deleted the event
 */
export function askConflict(workspace, conflict) {
  last = last.then(() => new Promise((resolve) => ask(workspace, conflict, resolve)));
}

/** @param {import("./workspace.js").Workspace} workspace @param {any} conflict @param {(value: any) => void} closed */
function ask(workspace, conflict, closed) {
  const { current, mine } = conflict;
  const rows = differences(conflict);
  const choices = rows.map((row) => choice(workspace, row));
  let answered = false;
  const finish = (/** @type {() => void} */ act) => {
    answered = true;
    dialog.close();
    act();
  };
  const save = () => finish(() => conflict.save(Object.fromEntries(choices.map((each) => each.chosen()))));
  const foot = h(
    "footer.dialog-foot",
    {},
    button(t("keepTheirs"), () => finish(() => conflict.giveUp()), "danger-quiet"),
    h("span.gap"),
    button(mine === null ? t("deleteAnyway") : t("saveChosen"), save, mine === null ? "danger" : "primary"),
  );
  const text = t(mine === null ? "conflictDeleteText" : "conflictText", { title: current.title });
  const table = h("div.versions", {}, ...choices.map((each) => each.element));
  const dialog = openDialog(t("conflictTitle"), [h("div.dialog-form", {}, h("p", {}, text), table, foot)], {
    wide: true,
    closed: () => {
      if (!answered) conflict.drop();
      closed(undefined);
    },
  });
}

/** @param {any} conflict */
function differences({ current, before, mine }) {
  const theirs = fieldsOf(current);
  const old = before === null ? null : fieldsOf(before);
  const wanted = mine === null ? (old ?? theirs) : { ...(old ?? theirs), ...mine };
  return FIELDS.filter((name) => wanted[name] !== theirs[name]).map((name) => ({
    name,
    mine: wanted[name],
    theirs: theirs[name],
    isMine: mine !== null && name in mine,
    isDeletion: mine === null,
  }));
}

/** @param {import("./workspace.js").Workspace} workspace @param {any} row */
function choice(workspace, row) {
  const group = `conflict-${++count}`;
  const side = (/** @type {string} */ value, /** @type {any} */ word, /** @type {boolean} */ checked) => {
    const input = h("input", { type: "radio", name: group, checked, hidden: row.isDeletion });
    const text = h("span.version-text", {}, shownValue(workspace, row.name, value));
    return { input, element: h("label.version", {}, input, h("span.version-who", {}, t(word)), text) };
  };
  const mine = side(row.mine, row.isDeletion ? "seenBefore" : "mine", row.isMine);
  const theirs = side(row.theirs, "theirs", !row.isMine);
  return {
    element: h("fieldset.versions-row", {}, h("legend", {}, fieldName(row.name)), mine.element, theirs.element),
    chosen: () => [row.name, mine.input.checked ? row.mine : row.theirs],
  };
}
