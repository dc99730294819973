/** An index from a text to the keys of the objects that hold it; a single key, the usual case, costs no list. */

export class MultiIndex {
  readonly #keys = new Map<string, string | string[]>();

  add(value: string, key: string): void {
    const known = this.#keys.get(value);
    if (known === undefined) this.#keys.set(value, key);
    else if (typeof known === 'string') {
      if (known !== key) this.#keys.set(value, [known, key]);
    } else if (!known.includes(key)) known.push(key);
  }

  remove(value: string, key: string): void {
    const known = this.#keys.get(value);
    if (known === undefined) return;
    if (typeof known === 'string') {
      if (known === key) this.#keys.delete(value);
      return;
    }
    const at = known.indexOf(key);
    if (at < 0) return;
    known.splice(at, 1);
    const [only] = known;
    if (known.length === 1 && only !== undefined) this.#keys.set(value, only);
  }

  /** Moves a key from the values that it had to those that it has now; values in both keep their place. */
  move(key: string, before: readonly string[], after: readonly string[]): void {
    const kept = new Set(after);
    for (const value of before) if (!kept.has(value)) this.remove(value, key);
    for (const value of after) this.add(value, key);
  }

  /** Keys in the order in which they were added; the list is the index's own, to be read at once. */
  keys(value: string): readonly string[] {
    const known = this.#keys.get(value);
    if (known === undefined) return [];
    return typeof known === 'string' ? [known] : known;
  }
}
