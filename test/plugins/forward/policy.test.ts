import { describe, expect, it } from 'vitest';
import { type Candidate, Policy } from '../../../src/plugins/forward/policy.js';

interface Named extends Candidate {
  readonly name: string;
}

function upstream(name: string, meanMs?: number, state: Partial<Candidate> = {}): Named {
  return {
    name,
    down: false,
    suspected: false,
    outOfUse: undefined,
    roundTrip: { meanMs },
    ...state,
  };
}

/** Gives the numbers in turn, again and again. */
function numbers(...values: readonly number[]): () => number {
  let at = 0;
  return () => values[at++ % values.length] ?? 0;
}

const names = (order: { readonly upstreams: readonly Named[] }): string =>
  order.upstreams.map(({ name }) => name).join(' ');

describe('policy', () => {
  it('sequential keeps the order of the Corefile', () => {
    const policy = new Policy('sequential', numbers(0.9));
    expect(names(policy.order([upstream('a', 50), upstream('b', 1), upstream('c')]))).toBe('a b c');
  });

  it('round_robin takes turns', () => {
    const policy = new Policy('round_robin', numbers(0.9));
    const all = [upstream('a'), upstream('b'), upstream('c')];
    expect([1, 2, 3, 4].map(() => names(policy.order(all)))).toEqual([
      'a b c',
      'b c a',
      'c a b',
      'a b c',
    ]);
  });

  it('random chooses among those about as fast as the fastest, and the next fastest comes second', () => {
    const all = [upstream('slow', 40), upstream('fast', 10), upstream('near', 12)];
    // the first number decides on exploring, the second chooses
    expect(names(new Policy('random', numbers(0.5, 0.1)).order(all))).toBe('fast near slow');
    expect(names(new Policy('random', numbers(0.5, 0.9)).order(all))).toBe('near fast slow');
  });

  it('random gives one question in twenty to any, so that a slow one can show that it is fast again', () => {
    const all = [upstream('slow', 40), upstream('fast', 10)];
    expect(names(new Policy('random', numbers(0.04, 0.1)).order(all))).toBe('slow fast');
    expect(names(new Policy('random', numbers(0.06, 0.1)).order(all))).toBe('fast slow');
  });

  it('random tries one that was never measured', () => {
    const all = [upstream('new'), upstream('fast', 1)];
    expect(names(new Policy('random', numbers(0.5, 0)).order(all))).toBe('new fast');
  });

  it('puts those in doubt last, and leaves out what is down or out of use', () => {
    const all = [
      upstream('late', 1, { suspected: true }),
      upstream('down', 1, { down: true }),
      upstream('self', 1, { outOfUse: 'leads back' }),
      upstream('good', 90),
    ];
    const order = new Policy('sequential', numbers(0)).order(all);
    expect(names(order)).toBe('good late');
    expect(order.allDown).toBe(false);
  });

  it('tries the fastest first when all are down, but never one that is out of use', () => {
    const all = [
      upstream('slow', 90, { down: true }),
      upstream('fast', 9, { down: true }),
      upstream('self', 1, { outOfUse: 'leads back' }),
    ];
    const order = new Policy('sequential', numbers(0)).order(all);
    expect(names(order)).toBe('fast slow');
    expect(order.allDown).toBe(true);
  });
});
