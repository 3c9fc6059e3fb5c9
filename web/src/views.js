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
  timeGridDay: { eventMaxStack: Infinity },
};

/** In a phone's week a day has room for two events beside each other: what is beside them stands behind "+1". */
export function widthOptions() {
  return { eventMaxStack: NARROW.matches ? 2 : Infinity };
}
