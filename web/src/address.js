/** What is shown stands in the address, so that a link opens what its sender saw. */
import { isDay } from "./dates.js";

export const VIEWS = ["month", "week", "day", "list"];

/** @typedef {{departments: string[] | null, view: string | null, day: string | null}} Place */

/** @returns {Place} null where the address says nothing */
export function readAddress() {
  const asked = new URLSearchParams(location.search);
  const departments = asked.get("d");
  const view = asked.get("view") ?? "";
  const day = asked.get("date") ?? "";
  return {
    departments: departments === null ? null : departments.toLowerCase().split(",").filter(Boolean),
    view: VIEWS.includes(view) ? view : null,
    day: isDay(day) ? day : null,
  };
}

/** @param {{departments: string[], view: string, day: string}} place @param {boolean} asStep a step that Back undoes */
export function writeAddress({ departments, view, day }, asStep) {
  const address = `?d=${departments.map(encodeURIComponent).join(",")}&view=${view}&date=${day}`;
  if (address === location.search) return;
  if (asStep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
