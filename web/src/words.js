/** The words of the page in both languages, and which of them is spoken. */
import { choose, setting } from "./settings.js";
import { particleAfter } from "./particles.js";
import { en } from "./words-en.js";
import { ko } from "./words-ko.js";

/** @typedef {keyof typeof ko} Word */

/** A value, perhaps in quotes, perhaps with a particle that depends on it. */
const PLACE = /\{(\w+)\}(’?)(을\(를\)|이\(가\)|\(으\)로)?/g;

const DICTIONARIES = /** @type {Record<string, Record<string, string>>} */ ({ ko, en });

/** @returns {"ko" | "en"} the chosen one, else the browser's first that we speak, else Korean */
export function language() {
  const chosen = setting("language", null);
  const wanted = [chosen, ...navigator.languages].map((each) => String(each ?? "").slice(0, 2).toLowerCase());
  return /** @type {"ko" | "en"} */ (wanted.find((each) => each in DICTIONARIES) ?? "ko");
}

/** @param {"ko" | "en"} wanted */
export const speak = (wanted) => choose("language", wanted);

/** @param {Word} word @param {Record<string, any>} [values] what stands for `{name}` in it */
export function t(word, values = {}) {
  return DICTIONARIES[language()][word].replace(PLACE, (_, name, quote, particle) => {
    const value = String(values[name] ?? "");
    return value + quote + (particle === undefined ? "" : particleAfter(value, particle));
  });
}

/** Write the words into what came as HTML. */
export function translatePage() {
  document.documentElement.lang = language();
  document.title = t("calendar");
  for (const element of /** @type {NodeListOf<any>} */ (document.querySelectorAll("[data-t]"))) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of /** @type {NodeListOf<any>} */ (document.querySelectorAll("[data-label]"))) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = t(element.dataset.label);
  }
  for (const element of /** @type {NodeListOf<any>} */ (document.querySelectorAll("[data-placeholder]"))) {
    element.placeholder = t(element.dataset.placeholder);
  }
}
