/** The few things that need no place of their own: undo, language, print, help. */
import { byId, h, icon } from "./dom.js";
import { t } from "./words.js";

/** @param {{undo: () => void, otherLanguage: () => void, help: () => void}} hooks */
export function makeMenu(hooks) {
  const toggle = byId("menu-toggle");
  const menu = byId("menu");
  const show = (/** @type {boolean} */ open) => {
    menu.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    if (open) menu.firstElementChild.focus();
  };
  toggle.append(icon("more"));
  toggle.addEventListener("click", () => show(menu.hidden));
  document.addEventListener("click", (event) => {
    if (!menu.hidden && !menu.contains(event.target) && !toggle.contains(event.target)) show(false);
  });
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    show(false);
    toggle.focus();
  });
  const item = (/** @type {any} */ word, /** @type {() => void} */ act) => {
    const onclick = () => {
      show(false);
      toggle.focus();
      act();
    };
    return h("button.menu-item", { type: "button", onclick }, t(word));
  };
  const speak = () =>
    menu.replaceChildren(
      item("undoHint", hooks.undo),
      item("otherLanguage", hooks.otherLanguage),
      item("print", () => print()),
      item("help", hooks.help),
      h("a.menu-item", { href: "/api/docs" }, t("apiDocs")),
    );
  speak();
  return speak;
}

/** The list of departments as a drawer on narrow screens. @returns {(open: boolean) => void} */
export function makeDrawer() {
  const toggle = byId("drawer-toggle");
  const sidebar = byId("sidebar");
  const shade = byId("shade");
  const open = (/** @type {boolean} */ wanted) => {
    document.body.classList.toggle("drawer-open", wanted);
    toggle.setAttribute("aria-expanded", String(wanted));
    shade.hidden = !wanted;
    if (wanted) sidebar.querySelector("input, button")?.focus();
  };
  toggle.append(icon("menu"));
  toggle.addEventListener("click", () => open(!document.body.classList.contains("drawer-open")));
  shade.addEventListener("click", () => open(false));
  sidebar.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || shade.hidden) return;
    open(false);
    toggle.focus();
  });
  return open;
}
