/** Lets so many streams run at once; the others wait for their turn. */

export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** A stream that is made when its turn comes, and holds its place until it ends or is left. */
  async *admit<T>(make: () => AsyncIterable<T>): AsyncGenerator<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      yield* make();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
