/** In which order upstreams are asked: the operator's policy, with those in doubt behind the others. */
import type { ForwardPolicy } from './options.js';

/** What the choice depends on. */
export interface Candidate {
  readonly down: boolean;
  readonly suspected: boolean;
  readonly outOfUse: string | undefined;
  /** `meanMs` is undefined until the first answer. */
  readonly roundTrip: { readonly meanMs: number | undefined };
}

export interface UpstreamOrder<T> {
  /** The first is asked first, the second where the first is late, and so on; empty: none may be asked. */
  readonly upstreams: readonly T[];
  /** All that may be asked are down: these are tried for want of better. */
  readonly allDown: boolean;
}

/** As fast as the fastest: its mean by half again, and a grain for noise. */
const BAND_FACTOR = 1.5;
const BAND_MS = 2;
/** This share of questions goes to any upstream, so that a slow one can show that it is fast again. */
const EXPLORED = 0.05;

/** Decides the order for each question; remembers only the turn of round_robin. */
export class Policy {
  readonly #kind: ForwardPolicy;
  readonly #random: () => number;
  #turn = 0;

  /** @param random uniform in [0, 1) */
  constructor(kind: ForwardPolicy, random: () => number) {
    this.#kind = kind;
    this.#random = random;
  }

  order<T extends Candidate>(upstreams: readonly T[]): UpstreamOrder<T> {
    const usable = upstreams.filter((upstream) => upstream.outOfUse === undefined);
    const up = usable.filter((upstream) => !upstream.down);
    // when the checks say that all are dead they may be what is broken: the fastest is the best guess
    if (up.length === 0) return { upstreams: bySpeed(usable), allDown: usable.length > 0 };
    const sound = up.filter((upstream) => !upstream.suspected);
    const doubtful = bySpeed(up.filter((upstream) => upstream.suspected));
    return { upstreams: [...this.#arrange(sound), ...doubtful], allDown: false };
  }

  #arrange<T extends Candidate>(upstreams: readonly T[]): readonly T[] {
    if (upstreams.length < 2 || this.#kind === 'sequential') return upstreams;
    if (this.#kind === 'round_robin') {
      const start = this.#turn % upstreams.length;
      this.#turn += 1;
      return [...upstreams.slice(start), ...upstreams.slice(0, start)];
    }
    const pool = this.#random() < EXPLORED ? upstreams : fastest(upstreams);
    const first = pool[Math.floor(this.#random() * pool.length)];
    if (first === undefined) return upstreams;
    return [first, ...bySpeed(upstreams.filter((upstream) => upstream !== first))];
  }
}

/** Those in the fastest one's band; one that was never measured counts as fast. */
function fastest<T extends Candidate>(upstreams: readonly T[]): readonly T[] {
  let best = Number.POSITIVE_INFINITY;
  for (const { roundTrip } of upstreams) best = Math.min(best, roundTrip.meanMs ?? best);
  const limit = best * BAND_FACTOR + BAND_MS;
  return upstreams.filter(({ roundTrip }) => (roundTrip.meanMs ?? 0) <= limit);
}

function bySpeed<T extends Candidate>(upstreams: readonly T[]): readonly T[] {
  if (upstreams.length < 2) return upstreams;
  return [...upstreams].sort((a, b) => (a.roundTrip.meanMs ?? 0) - (b.roundTrip.meanMs ?? 0));
}
