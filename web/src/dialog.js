/** Modal dialogs: the focus goes in, stays, and returns to where it was. */
import { h, icon } from "./dom.js";
import { t } from "./words.js";

let count = 0;

/**
 * @param {string} title @param {any[]} content
 * @param {{closed?: () => void, isTouched?: (() => boolean) | null, wide?: boolean}} [options] `isTouched`: whether it holds
 *   what would be lost; then Escape, the cross, {@link leaveButton} and closing the tab ask first
 * @returns {HTMLDialogElement} already open; it removes itself when it is closed
 */
export function openDialog(title, content, { closed = () => {}, isTouched = null, wide = false } = {}) {
  const titleId = `dialog-title-${++count}`;
  const close = h(
    "button.quiet.icon-only",
    { type: "button", "aria-label": t("close"), title: t("close"), "data-leave": "" },
    icon("close"),
  );
  const dialog = h(
    wide ? "dialog.dialog.wide" : "dialog.dialog",
    { "aria-labelledby": titleId },
    h("header.dialog-head", {}, h("h2", { id: titleId }, title), close),
    ...content,
  );
  const back = /** @type {HTMLElement | null} */ (document.activeElement);
  const backEvent = back?.closest?.("[data-event-id]")?.getAttribute("data-event-id");
  const leave = () => (isTouched?.() ? askDiscard(() => dialog.close()) : dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (/** @type {Element} */ (target).closest("[data-leave]")) leave();
  });
  const beforeUnload = (/** @type {Event} */ event) => isTouched?.() && event.preventDefault();
  if (isTouched !== null) {
    onCloseRequest(dialog, leave);
    addEventListener("beforeunload", beforeUnload);
  }
  dialog.addEventListener("close", () => {
    removeEventListener("beforeunload", beforeUnload);
    dialog.remove();
    closed();
    giveBack(back, backEvent ?? null);
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {HTMLDialogElement} dialog @param {() => void} leave */
function onCloseRequest(dialog, leave) {
  // The browser lets `cancel` be prevented only once for each thing the user does, so the key is taken before it.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) leave();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
}

/** Asks before what was typed is lost; whoever is in doubt keeps it. @param {() => void} discard */
function askDiscard(discard) {
  const text = h("p", { id: `dialog-text-${++count}` }, t("discardText"));
  const keep = button(t("keepEditing"), () => question.close(), "primary");
  const drop = button(t("discard"), () => {
    question.close();
    discard();
  }, "danger-quiet");
  const foot = h("footer.dialog-foot", {}, h("span.gap"), drop, keep);
  const question = openDialog(t("discardTitle"), [h("div.dialog-form", {}, text, foot)]);
  question.setAttribute("role", "alertdialog");
  question.setAttribute("aria-describedby", text.id);
  keep.focus();
}

/**
 * Told a moment after the dialog has closed: whoever has taken the focus since then keeps it.
 * @param {HTMLElement | null} element @param {string | null} eventId drawn anew meanwhile, perhaps
 */
function giveBack(element, eventId) {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  if (element?.isConnected) return element.focus();
  const drawn = eventId === null ? null : document.querySelector(`[data-event-id="${CSS.escape(eventId)}"]`);
  /** @type {HTMLElement | null} */ (drawn)?.focus();
}

/**
 * @param {string} label @param {any} input @param {string} [hint]
 * @returns {HTMLElement}
 */
export function field(label, input, hint) {
  input.id ||= `field-${++count}`;
  const hintId = `${input.id}-hint`;
  if (hint !== undefined) input.setAttribute("aria-describedby", hintId);
  return h(
    "div.field",
    {},
    h("label", { for: input.id }, label),
    input,
    hint === undefined ? null : h("p.hint", { id: hintId }, hint),
  );
}

/** Leaves the dialog in which it stands. */
export const leaveButton = () => h("button.quiet", { type: "button", "data-leave": "" }, t("cancel"));

/** @param {Record<string, any>} inputs @returns {Record<string, string>} what stands in them */
export const typedIn = (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));

/** @param {Record<string, string>} values @param {Record<string, string>} others */
export const differ = (values, others) => Object.entries(values).some(([name, value]) => value !== others[name]);

/** @param {string} text @param {() => void} pressed @param {string} [kind] */
export function button(text, pressed, kind = "quiet") {
  return h(`button.${kind}`, { type: "button", onclick: pressed }, text);
}
