/** Delays of a reconnect loop. */
import { describe, expect, it } from 'vitest';
import { BackOff, DEFAULT_BACK_OFF } from '../../src/kube/back-off.js';

const plain = { atLeastMs: 0, unreachable: false };

function delays(backOff: BackOff, count: number, wait = plain): number[] {
  return Array.from({ length: count }, () => backOff.next(wait));
}

describe('the back-off', () => {
  it('doubles its bound up to half a minute', () => {
    const backOff = new BackOff(DEFAULT_BACK_OFF, () => 1);
    expect(delays(backOff, 10)).toEqual([
      200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  it('draws from the whole range below its bound', () => {
    expect(new BackOff(DEFAULT_BACK_OFF, () => 0).next(plain)).toBe(0);
    expect(new BackOff(DEFAULT_BACK_OFF, () => 0.5).next(plain)).toBe(100);
  });

  it('waits no longer than ten seconds for a server that nobody burdens by trying', () => {
    const backOff = new BackOff(DEFAULT_BACK_OFF, () => 1);
    expect(Math.max(...delays(backOff, 50, { ...plain, unreachable: true }))).toBe(10_000);
  });

  it('never waits less than the server asked for', () => {
    const backOff = new BackOff(DEFAULT_BACK_OFF, () => 0.5);
    expect(backOff.next({ ...plain, atLeastMs: 7000 })).toBe(7100);
  });

  it('begins anew after a success', () => {
    const backOff = new BackOff(DEFAULT_BACK_OFF, () => 1);
    delays(backOff, 5);
    backOff.reset();
    expect(backOff.next(plain)).toBe(200);
  });
});
