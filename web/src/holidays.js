/** Public holidays by their days, asked for once per period. */
import { language } from "./words.js";

/** @type {Map<string, {name: string, name_en: string}>} */
const known = new Map();
/** @type {Set<string>} */
const asked = new Set();

/** @param {string} first @param {string} last @returns {Promise<boolean>} whether there is anything new to show */
export async function loadHolidays(first, last) {
  const period = `from=${first}&to=${last}`;
  if (asked.has(period)) return false;
  asked.add(period);
  try {
    const { holidays } = await (await fetch(`/api/holidays?${period}`)).json();
    const isNew = holidays.some((/** @type {any} */ each) => !known.has(each.date));
    for (const holiday of holidays) known.set(holiday.date, holiday);
    return isNew;
  } catch {
    asked.delete(period);
    return false;
  }
}

/** @param {string} day */
export const isHoliday = (day) => known.has(day);

/** @param {string} day @returns {string} in the language spoken; empty where it is none */
export function holidayName(day) {
  const holiday = known.get(day);
  if (holiday === undefined) return "";
  return language() === "ko" ? holiday.name : holiday.name_en;
}
