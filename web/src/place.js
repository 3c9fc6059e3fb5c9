/** Where in the calendar the keyboard is, which outlasts that the library draws this day or event anew. */

const SELECTORS = {
  day: (/** @type {string} */ day) => `[role=gridcell][data-date="${day}"]`,
  event: (/** @type {string} */ id) => `[data-event-id="${CSS.escape(id)}"]`,
};
/** So long the library may take to show what it draws; until then it cannot be focused. */
const PATIENCE_MS = 500;

/** @typedef {keyof typeof SELECTORS} Kind */

export class KeyboardPlace {
  /** @type {{kind: Kind, key: string} | null} */ #place = null;
  #until = 0;
  #frame = 0;

  constructor() {
    const look = () => (this.#place = placeOf(/** @type {HTMLElement} */ (document.activeElement)));
    document.addEventListener("focusin", look);
    // What is pressed may take no focus, and nothing tells of that.
    document.addEventListener("mousedown", () => setTimeout(look, 0));
  }

  /** @param {Kind} kind @returns {string | null} the day or the event's id; null where the keyboard is at nothing of the kind */
  at(kind) {
    return this.#place?.kind === kind ? this.#place.key : null;
  }

  /** What is drawn there: of several parts the one that has the focus. @returns {HTMLElement | null} */
  get element() {
    if (this.#place === null) return null;
    const selector = SELECTORS[this.#place.kind](this.#place.key);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    return focused?.matches(selector) ? focused : document.querySelector(selector);
  }

  /** @param {Kind} kind @param {string} key */
  go(kind, key) {
    this.#place = { kind, key };
    this.keep();
  }

  /** Something is drawn anew: the focus comes back as soon as it can. */
  keep() {
    this.#until = performance.now() + PATIENCE_MS;
    cancelAnimationFrame(this.#frame);
    this.#focus();
  }

  leave() {
    this.#place = null;
  }

  #focus() {
    if (this.#place === null) return;
    const { element } = this;
    if (element !== document.activeElement) element?.focus();
    if (performance.now() < this.#until) this.#frame = requestAnimationFrame(() => this.#focus());
  }
}

/** @param {HTMLElement | null} element @returns {{kind: Kind, key: string} | null} */
function placeOf(element) {
  const { eventId, date } = element?.dataset ?? {};
  if (eventId !== undefined) return { kind: "event", key: eventId };
  return date !== undefined && element?.matches("[role=gridcell]") ? { kind: "day", key: date } : null;
}
