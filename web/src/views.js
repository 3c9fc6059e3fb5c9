/** What the views are called here and in the library, and how they differ. */
import { NARROW } from "./narrow.js";

export const VIEWS = /** @type {Record<string, string>} */ ({
  month: "dayGridMonth",
  week: "timeGridWeek",
  day: "timeGridDay",
  list: "listMonth",
});

export const VIEW_OPTIONS = {
  list: { listItemEventClass: "list-event", listItemEventBeforeClass: "list-dot" },
  timeGridWeek: {
    titleFormat: { year: "numeric", month: "long", day: "numeric" },
    eventTimeClass: "event-time week-time",
    eventTitleClass: (/** @type {{isShort: boolean}} */ { isShort }) => (isShort ? "event-title" : "event-title is-tall"),
  },
};

/**
 * A day of a phone's week has room for one event at a time: what is beside it stands behind "+2".
 * @param {string} view
 */
export function eventsBesideOneAnother(view) {
  return view === "week" && NARROW.matches ? 1 : Infinity;
}
