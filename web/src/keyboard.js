/** The whole page without a mouse. */
import { addDays, isoDay, writeDay, writeTime } from "./dates.js";
import { holidayName } from "./holidays.js";

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 });
const KEY_VIEWS = /** @type {Record<string, string>} */ ({ m: "month", w: "week", d: "day", l: "list" });

/** Lets the arrow keys walk over the days of the grid (a roving tabindex, as the ARIA practice for grids has it). */
export class DayWalk {
  #day;
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
  }

  /** The view has turned: the day that can be reached by Tab is one that is shown. */
  turned() {
    if (!this.#grid.shows(this.#day)) this.#day = this.#grid.day;
    setTimeout(() => this.refresh(), 0);
  }

  refresh() {
    for (const el of this.#cells()) this.#mounted(el, el.dataset.date);
  }

  /** @param {string} day */
  focus(day) {
    if (this.#cells().length === 0) return;
    this.#day = day;
    this.#grid.place.go("day", day);
    this.#grid.turnToSee(day);
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

/** A field in a dialog that has just closed keeps the focus for a moment, but nobody types there. @param {any} element */
function isTyping(element) {
  const isField = element?.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select") === true;
  return isField && element.closest("dialog:not([open])") === null;
}

/** @param {KeyboardEvent} event @param {any} grid @param {DayWalk} walk @param {any} hooks */
function onGrid(event, grid, walk, hooks) {
  // Asked of the place and not of the target: between two drawings a fast key finds no target.
  const [day, id] = [grid.place.at("day"), grid.place.at("event")];
  if (id !== null && event.key in STEPS) return act(() => (event.altKey ? move : step)(event, id, grid, walk, hooks));
  if (id !== null && (event.key === "Enter" || event.key === " ")) return act(() => grid.place.element?.click());
  if (day !== null && event.key in STEPS) return act(() => walk.focus(addDays(day, STEPS[event.key])));
  return day !== null && event.key === "Enter" && act(() => hooks.create(day));
}

/** @param {KeyboardEvent} event @param {string} id @param {any} grid @param {DayWalk} _walk @param {any} hooks */
function move(event, id, grid, _walk, hooks) {
  const shown = hooks.eventOf(id);
  if (shown === undefined) return;
  const fields = shifted(shown, event.key, grid.view);
  hooks.move(shown, fields);
  grid.turnToSee(fields.event_date ?? shown.event_date);
}

/** From one event to the next. @param {KeyboardEvent} event @param {string} id @param {any} grid @param {DayWalk} walk @param {any} hooks */
function step(event, id, grid, walk, hooks) {
  const here = grid.place.element;
  if (here === null) return walk.focus(hooks.eventOf(id)?.event_date ?? walk.day);
  const among = here.closest("[role=dialog]") ?? grid.element; // all of one day stand in a box of their own
  const all = [...among.querySelectorAll("[data-event-id]")];
  const next = all.indexOf(here) + Math.sign(STEPS[event.key]);
  all[Math.min(Math.max(next, 0), all.length - 1)].focus();
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
