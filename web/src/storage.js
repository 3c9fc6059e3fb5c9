/**
 * Where the sync client keeps its state in the browser.
 *
 * Writes that wait belong to one tab each, since two tabs that share a list would overwrite it. A tab that is gone leaves
 * its list behind; the next one takes it over. Taking it twice does no harm: the server knows each write by its key.
 */

const PREFIX = "dallyeok:";
const OUTBOX = `${PREFIX}outbox:`;
const ALIVE = `${PREFIX}alive:`;
const BEAT_MS = 3_000;
const GONE_MS = 10_000;

/** @returns {import("../../clients/js/dallyeok-sync.js").Storage | undefined} undefined where nothing can be kept */
export function tabStorage() {
  if (!usable()) return undefined;
  const tab = Math.random().toString(36).slice(2) + Date.now().toString(36);
  stayAlive(tab);
  return {
    load: (name) => (name === "outbox" ? adopt(tab) : read(PREFIX + name)),
    save: (name, value) => {
      if (name !== "outbox") write(PREFIX + name, value);
      else write(OUTBOX + tab, /** @type {any[]} */ (value).length > 0 ? value : null);
    },
  };
}

function usable() {
  try {
    localStorage.setItem(`${PREFIX}probe`, "1");
    localStorage.removeItem(`${PREFIX}probe`);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/** What is waiting comes before what can be fetched again. @param {string} name @param {any} value */
function write(name, value) {
  if (value === null) return localStorage.removeItem(name);
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
  } catch (error) {
    for (const each of names(`${PREFIX}department:`)) localStorage.removeItem(each);
    if (!name.startsWith(OUTBOX)) return;
    localStorage.setItem(name, text);
  }
}

/** @param {string} prefix */
const names = (prefix) => Object.keys(localStorage).filter((name) => name.startsWith(prefix));

/** @param {string} tab */
function adopt(tab) {
  const found = [];
  for (const name of names(OUTBOX)) {
    const other = name.slice(OUTBOX.length);
    if (other === tab || Date.now() - Number(read(ALIVE + other) ?? 0) < GONE_MS) continue;
    found.push(...(read(name) ?? []));
    localStorage.removeItem(ALIVE + other);
    write(OUTBOX + tab, found);
    localStorage.removeItem(name);
  }
  return found.sort((a, b) => (a.queued_at < b.queued_at ? -1 : Number(a.queued_at > b.queued_at)));
}

/** @param {string} tab */
function stayAlive(tab) {
  const beat = () => write(ALIVE + tab, Date.now());
  beat();
  setInterval(beat, BEAT_MS);
  addEventListener("pageshow", beat);
  addEventListener("pagehide", () => localStorage.removeItem(ALIVE + tab));
}
