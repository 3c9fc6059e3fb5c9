/** What the user has chosen in this browser. Where nothing can be kept, it lasts as long as the page. */

const PREFIX = "dallyeok:page:";
/** @type {Map<string, any>} */
const kept = new Map();

/** @param {string} name @param {any} otherwise */
export function setting(name, otherwise) {
  if (kept.has(name)) return kept.get(name);
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {any} value */
export function choose(name, value) {
  kept.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A full or forbidden storage: the choice stands until the page is closed.
  }
}
