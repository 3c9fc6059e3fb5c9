/** Short messages: seen for a while, said once to screen readers. */
import { byId, h, icon } from "./dom.js";
import { t } from "./words.js";

const SHOWN_MS = 7_000;
const MOST = 3;

/** @param {string} text @param {(() => void) | null} [undo] @returns {() => void} takes it away */
export function toast(text, undo = null) {
  const element = h("div.toast", {}, h("span.toast-text", {}, text));
  const remove = () => element.remove();
  if (undo !== null) {
    const press = () => {
      remove();
      undo();
    };
    element.append(h("button.toast-act", { type: "button", onclick: press }, t("undo")));
  }
  element.append(h("button.toast-close", { type: "button", "aria-label": t("close"), onclick: remove }, icon("close")));
  const box = byId("toasts");
  box.append(element);
  while (box.children.length > MOST) box.firstElementChild.remove();
  setTimeout(remove, SHOWN_MS);
  say(text);
  return remove;
}

/** To screen readers only. @param {string} text */
export function say(text) {
  const line = h("p", {}, text);
  byId("said").append(line);
  setTimeout(() => line.remove(), SHOWN_MS);
}
