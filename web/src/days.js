/** How a day looks to the calendar library: its number, its holiday, its colour. */
import { isoDay } from "./dates.js";
import { h } from "./dom.js";
import { holidayName, isHoliday } from "./holidays.js";

/** What depends on public holidays: new functions, so that the library draws the days anew. */
export function dayOptions() {
  return {
    dayCellClass: (/** @type {any} */ info) => dayClasses("day", info),
    dayHeaderClass: (/** @type {any} */ info) => dayClasses("day-head", info),
    dayHeaderContent: (/** @type {any} */ info) => dayHead(info),
    dayCellTopInnerClass: "day-top-room",
    dayCellTopContent: (/** @type {any} */ info) => dayTop(info),
  };
}

/** In narrow columns the library leaves out the number, without which nobody knows which week it is. @param {any} info */
function dayHead({ date, isNarrow, inPopover, view, weekdayText }) {
  if (!isNarrow || inPopover || view.type !== "timeGridWeek") return true;
  return { domNodes: [h("span", {}, h("b.day-head-number", {}, String(date.getDate())), weekdayText)] };
}

/** @param {any} info */
function dayTop({ date, dayNumberText, text, isToday }) {
  const number = h(isToday ? "span.day-number.is-today" : "span.day-number", {}, String(dayNumberText ?? text).replace(/일$/, ""));
  const holiday = holidayName(isoDay(date));
  return { domNodes: [h("span.day-top", {}, number, holiday === "" ? null : h("span.day-holiday", { title: holiday }, holiday))] };
}

/** @param {string} kind @param {any} info */
function dayClasses(kind, { date, isOther }) {
  if (!date) return kind;
  const classes = [kind];
  if (date.getDay() === 0 || isHoliday(isoDay(date))) classes.push("is-red");
  else if (date.getDay() === 6) classes.push("is-saturday");
  if (isOther) classes.push("is-other");
  return classes.join(" ");
}
