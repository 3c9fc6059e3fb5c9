/** Who wants to hear what. */
export class Signals {
  /** @type {Map<string, Set<Function>>} */ #listeners = new Map();

  /** @param {string} name @param {Function} listener */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name)?.add(listener);
    return () => void this.#listeners.get(name)?.delete(listener);
  }

  /** @param {string} name @param {...any} values */
  emit(name, ...values) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...values);
  }
}
