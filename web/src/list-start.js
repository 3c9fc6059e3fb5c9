/** Where the list begins: at its day, or the next one that has events, until somebody scrolls. */

const TOUCHES = ["wheel", "touchmove", "pointerdown", "keydown"];

export class ListStart {
  #wanted = false;
  #element;

  /** @param {HTMLElement} element that the list stands in */
  constructor(element) {
    this.#element = element;
    for (const type of TOUCHES) element.addEventListener(type, () => (this.#wanted = false), { capture: true, passive: true });
  }

  /** The view has been turned. */
  want() {
    this.#wanted = true;
  }

  /** Something has been drawn. @param {string} day */
  seek(day) {
    if (!this.#wanted) return;
    const heads = [.../** @type {NodeListOf<HTMLElement>} */ (this.#element.querySelectorAll(".list-day"))];
    const head = heads.find(({ dataset }) => (dataset.date ?? "") >= day) ?? heads.at(-1);
    head?.parentElement?.scrollIntoView({ block: "start" }); // the head itself is sticky: it may stand elsewhere
  }
}
