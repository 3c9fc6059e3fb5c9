import { t } from "./words.js";

/** The library's own words, among them those that only a screen reader says; its Korean lacks most of these. */
export function wordOptions() {
  return {
    moreLinkText: (/** @type {number} */ count) => t("moreEvents", { count }),
    moreLinkHint: (/** @type {number} */ count) => t("moreEventsHint", { count }),
    noEventsText: t("noEvents"),
    allDayText: t("allDay"),
    timedText: t("timed"),
    eventsHint: t("events"),
    closeHint: t("close"),
  };
}
