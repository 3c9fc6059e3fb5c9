/** The whole page without a mouse. */
import { addDays, isoDay, writeDay, writeTime } from "./dates.js";
import { holidayName } from "./holidays.js";

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 });
const KEY_VIEWS = /** @type {Record<string, string>} */ ({ m: "month", w: "week", d: "day", l: "list" });

/** Lets the arrow keys walk over the days of the grid (a roving tabindex, as the ARIA practice for grids has it). */
export class DayWalk {
  #day;
  #wantsFocus = false;
  #grid;

  /** @param {import("./grid.js").Grid} grid */
  constructor(grid) {
    this.#grid = grid;
    this.#day = grid.day;
    grid.hooks.daysChanged = () => setTimeout(() => this.refresh(), 0);
    grid.hooks.cellMounted = ({ el, date }) => this.#mounted(el, isoDay(date));
    for (const el of this.#cells()) this.#mounted(el, el.dataset.date);
  }

  get day() {
    return this.#day;
  }

  /** @returns {any[]} */
  #cells() {
    return [...this.#grid.element.querySelectorAll("[role=gridcell][data-date]")];
  }

  /** @param {any} el @param {string} day */
  #mounted(el, day) {
    el.tabIndex = day === this.#day ? 0 : -1;
    const holiday = holidayName(day);
    el.removeAttribute("aria-label"); // the library's, which is not what is seen (WCAG 2.5.3)
    el.setAttribute("aria-description", [writeDay(day), holiday].filter(Boolean).join(", "));
    if (this.#wantsFocus && day === this.#day) {
      this.#wantsFocus = false;
      setTimeout(() => el.focus(), 0);
    }
  }

  /** The view has turned: the day that can be reached by Tab is one that is shown. */
  turned() {
    const { first, last } = this.#grid.range;
    if (this.#day < first || this.#day > last) this.#day = this.#grid.day;
    setTimeout(() => this.refresh(), 0);
  }

  refresh() {
    for (const el of this.#cells()) this.#mounted(el, el.dataset.date);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was ours */
  pressed(event) {
    const cell = /** @type {HTMLElement} */ (event.target).closest?.("[role=gridcell][data-date]");
    if (cell !== event.target || !(event.key in STEPS)) return false;
    this.focus(addDays(/** @type {any} */ (cell).dataset.date, STEPS[event.key]));
    return true;
  }

  /** @param {string} day */
  focus(day) {
    this.#day = day;
    this.#wantsFocus = true;
    const { first, last } = this.#grid.range;
    if (day < first || day > last) this.#grid.turnTo(this.#grid.view, day);
    setTimeout(() => this.refresh(), 0);
  }
}

/**
 * @param {import("./grid.js").Grid} grid @param {DayWalk} walk
 * @param {{create: (day: string) => void, search: () => void, help: () => void, undo: () => void, today: () => void,
 *   eventOf: (id: string) => any, move: (event: any, fields: any) => void}} hooks
 */
export function listenToKeys(grid, walk, hooks) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") !== null || isTyping(event.target)) return;
    if (onGrid(event, grid, walk, hooks) || onPage(event, grid, walk, hooks)) event.preventDefault();
  });
}

/** @param {any} element */
function isTyping(element) {
  return element?.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select") === true;
}

/** @param {KeyboardEvent} event @param {any} grid @param {DayWalk} walk @param {any} hooks */
function onGrid(event, grid, walk, hooks) {
  const element = /** @type {HTMLElement} */ (event.target);
  const id = element.getAttribute?.("data-event-id");
  if (id && event.key in STEPS) return onEvent(event, id, grid, hooks);
  if (id && (event.key === "Enter" || event.key === " ")) {
    element.click();
    return true;
  }
  if (event.key === "Enter" && element.matches?.("[role=gridcell][data-date]")) {
    hooks.create(/** @type {any} */ (element).dataset.date);
    return true;
  }
  return walk.pressed(event);
}

/** @param {KeyboardEvent} event @param {string} id @param {any} grid @param {any} hooks */
function onEvent(event, id, grid, hooks) {
  if (event.altKey) {
    const shown = hooks.eventOf(id);
    if (shown !== undefined) hooks.move(shown, shifted(shown, event.key, grid.view));
    return true;
  }
  const all = [...grid.element.querySelectorAll("[data-event-id]")];
  const next = all.findIndex((each) => each === event.target) + Math.sign(STEPS[event.key]);
  all[Math.min(Math.max(next, 0), all.length - 1)].focus();
  return true;
}

/** By a day or a week; where hours are shown, up and down are half an hour. @param {any} shown @param {string} key @param {string} view */
function shifted(shown, key, view) {
  const upDown = key === "ArrowUp" || key === "ArrowDown";
  if (!upDown || view === "month" || view === "list" || !shown.start_time) {
    return { event_date: addDays(shown.event_date, STEPS[key]) };
  }
  const by = key === "ArrowUp" ? -30 : 30;
  const start = later(shown.start_time, by);
  const end = shown.end_time ? later(shown.end_time, by) : null;
  return start === null || (shown.end_time && end === null) ? {} : { time: writeTime(start, end, shown.time) };
}

/** @param {string} time `HH:MM` @param {number} minutes @returns {string | null} null beyond the day */
function later(time, minutes) {
  const [hour, minute] = time.split(":").map(Number);
  const total = hour * 60 + minute + minutes;
  if (total < 0 || total >= 24 * 60) return null;
  return `${String(Math.floor(total / 60)).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
}

/** @param {KeyboardEvent} event @param {any} grid @param {DayWalk} walk @param {any} hooks */
function onPage(event, grid, walk, hooks) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey) return act(hooks.undo);
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (key in KEY_VIEWS) return act(() => grid.turnTo(KEY_VIEWS[key]));
  if (key === "n") return act(() => hooks.create(walk.day));
  if (key === "/") return act(hooks.search);
  if (key === "?") return act(hooks.help);
  if (key === "t") return act(hooks.today);
  if (key === "pageup" || key === "[") return act(() => grid.previous());
  if (key === "pagedown" || key === "]") return act(() => grid.next());
  if (event.key in STEPS && document.activeElement === document.body) return act(() => walk.focus(walk.day));
  return false;
}

/** @param {() => void} action */
function act(action) {
  action();
  return true;
}
