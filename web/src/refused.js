/** What the server did not take stays visible until the user has dealt with it. */
import { FIELDS } from "./actions.js";
import { kindOf, nameOf } from "./company.js";
import { button } from "./dialog.js";
import { byId, h } from "./dom.js";
import { fieldName, shownValue } from "./editor.js";
import { target } from "./pending.js";
import { t } from "./words.js";

/**
 * @param {import("./workspace.js").Workspace} workspace @param {import("./actions.js").Actions} actions
 * @param {(refused: any) => void} openAgain
 */
export function showRefused(workspace, actions, openAgain) {
  const { refused } = actions;
  const box = byId("notices");
  box.replaceChildren();
  if (refused.length === 0) return;
  const rows = refused.map((each) => row(workspace, actions, each, openAgain));
  const head = h("h3", {}, t("refusedTitle", { count: refused.length }));
  box.append(h("section.refused", { role: "alert" }, head, h("p", {}, t("refusedText")), h("ul", {}, ...rows)));
}

/** @param {any} workspace @param {any} actions @param {any} refused @param {(refused: any) => void} openAgain */
function row(workspace, actions, refused, openAgain) {
  const { write, before, reason } = refused;
  const fields = Object.entries(write.body ?? {}).filter(([name, value]) => FIELDS.concat("name").includes(name) && value !== "");
  const content = fields.map(([name, value]) => h("li", {}, h("b", {}, fieldName(name)), " ", shownValue(workspace, name, String(value))));
  const again = () => {
    actions.forget(refused);
    openAgain(refused);
  };
  const canOpen = target(write)?.kind === "events" && write.method !== "DELETE";
  return h(
    "li",
    {},
    h("p", {}, h("b", {}, `${kindOf(write)} · ${nameOf(workspace, write) || (before?.title ?? "")}`), " ", reason),
    h("ul.content", {}, ...content),
    h("div.acts", {}, canOpen ? button(t("openAgain"), again, "secondary") : null, button(t("discard"), () => actions.forget(refused), "text")),
  );
}
