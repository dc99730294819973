/** Numbers that look random and are the same in every run, so that runs ask the same questions. */

/** Uniform in 0..count-1. */
export type RandomIndex = (count: number) => number;

/** xorshift32 (Marsaglia 2003). */
export function seededRandom(seed: number): RandomIndex {
  let state = seed | 1;
  return (count) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
}
