/** What is meant by a click, by a selection and by letting go of an event, as the library tells of them. */
import { addDays, writeTime } from "./dates.js";
import { t } from "./words.js";

/** @param {any} info @returns {[string[], string]} the day, and the time where hours are shown */
export function clickedTime({ dateStr, allDay }) {
  return [[dateStr.slice(0, 10)], allDay ? "" : writeTime(dateStr.slice(11, 16), null, "")];
}

/** @param {any} info @returns {[string[], string]} the days, or one day and the time */
export function selectedTime({ startStr, endStr, allDay }) {
  if (!allDay) return [[startStr.slice(0, 10)], writeTime(startStr.slice(11, 16), endStr.slice(11, 16), "")];
  const days = [];
  for (let day = startStr.slice(0, 10); day < endStr.slice(0, 10); day = addDays(day, 1)) days.push(day);
  return [days, ""];
}

/** @param {any} info of a drop or a resize @param {any} before the event as it was @returns {any} the fields to change */
export function fieldsWhereItIs({ event: { startStr, endStr, allDay }, oldEvent }, before) {
  const hasMoved = startStr.slice(11) !== oldEvent.startStr.slice(11) || endStr.slice(11) !== oldEvent.endStr.slice(11);
  const fields = /** @type {any} */ ({ event_date: startStr.slice(0, 10) });
  if (!allDay && (oldEvent.allDay || hasMoved)) {
    fields.time = writeTime(startStr.slice(11, 16), endStr ? endStr.slice(11, 16) : null, before.time);
  } else if (allDay && !oldEvent.allDay) fields.time = t("allDay");
  return fields;
}
