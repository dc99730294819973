/** Unpredictable numbers for message IDs and letter case (RFC 5452 §9.2), drawn from the system in blocks. */
import { randomFillSync } from 'node:crypto';

export interface RandomSource {
  /** Uniform in 0..65535. */
  uint16(): number;
  /** Uniform in 0..2^32-1. */
  uint32(): number;
}

/** One system call for 4096 octets costs about as much as for two. */
const BLOCK = 4_096;

/** A source backed by the operating system's generator. */
export function cryptoRandom(): RandomSource {
  const block = Buffer.alloc(BLOCK);
  let used = BLOCK;
  const take = (octets: number): number => {
    if (used + octets > BLOCK) {
      randomFillSync(block);
      used = 0;
    }
    used += octets;
    return used - octets;
  };
  return {
    uint16: () => block.readUInt16LE(take(2)),
    uint32: () => block.readUInt32LE(take(4)),
  };
}
