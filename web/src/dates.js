/** Days are `YYYY-MM-DD` everywhere; a Date is only made to count and to write. */
import { language } from "./words.js";

/** @param {Date} date as it stands on the clock of this machine */
export function isoDay(date) {
  const pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

export const today = () => isoDay(new Date());

/** @param {string} day @param {number} count */
export function addDays(day, count) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

/** The days from the first to the last, both inclusive. @param {string} first @param {string} last */
export function daysBetween(first, last) {
  const days = [];
  for (let day = first; day <= last && days.length < 366; day = addDays(day, 1)) days.push(day);
  return days;
}

/** @param {string} text */
export function isDay(text) {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** With its weekday, which stands in brackets in Korean only where the month is not "long". @param {string} day */
export function writeDay(day) {
  if (!isDay(day)) return day;
  const month = language() === "ko" ? "short" : "long";
  const format = new Intl.DateTimeFormat(language(), { timeZone: "UTC", year: "numeric", month, day: "numeric", weekday: "short" });
  return format.format(new Date(`${day}T00:00:00Z`));
}

/** The month of the days with its year, or two months without. @param {string} first @param {string} last */
export function writeMonths(first, last) {
  const isOne = first.slice(0, 7) === last.slice(0, 7);
  const format = new Intl.DateTimeFormat(language(), { timeZone: "UTC", year: isOne ? "numeric" : undefined, month: "short" });
  const months = [first, ...(isOne ? [] : [last])].map((day) => format.format(new Date(`${day}T00:00:00Z`)));
  return months.join(language() === "ko" ? " ~ " : " – ");
}

/**
 * A time as people write it, in the manner of what stood there before.
 * @param {string} start `HH:MM` @param {string | null} end @param {string} before
 */
export function writeTime(start, end, before) {
  const korean = /오전|오후/.test(before);
  const write = (/** @type {string} */ time) => (korean ? inKorean(time) : time);
  return end === null ? write(start) : `${write(start)}~${write(end)}`;
}

/** @param {string} time `HH:MM` */
function inKorean(time) {
  const [hours, minutes] = time.split(":").map(Number);
  return `${hours < 12 ? "오전" : "오후"} ${hours % 12 || 12}:${String(minutes).padStart(2, "0")}`;
}
