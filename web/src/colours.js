/** A colour for each department: the one chosen in this browser, else the least used one when it was first seen. */
import { choose, setting } from "./settings.js";

export const HUES = ["teal", "orange", "blue", "rose", "green", "violet", "amber", "cyan", "plum", "slate"];

/** @param {string} departmentId @returns {string} one of HUES */
export function hueOf(departmentId) {
  const chosen = setting("colours", {})[departmentId];
  return HUES.includes(chosen) ? chosen : HUES[0];
}

/** Give those without a colour one of their own. @param {{id: string}[]} departments */
export function colourAll(departments) {
  const chosen = setting("colours", {});
  let differs = false;
  for (const { id } of departments) {
    if (HUES.includes(chosen[id])) continue;
    chosen[id] = leastUsed(departments.map((each) => chosen[each.id]));
    differs = true;
  }
  if (differs) choose("colours", chosen);
}

/** @param {string[]} used */
function leastUsed(used) {
  const count = (/** @type {string} */ hue) => used.filter((each) => each === hue).length;
  return HUES.reduce((best, hue) => (count(hue) < count(best) ? hue : best));
}

/** @param {string} departmentId @param {string} hue */
export function chooseHue(departmentId, hue) {
  choose("colours", { ...setting("colours", {}), [departmentId]: hue });
}
