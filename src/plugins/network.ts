/** Networks by address and mask, and whether an address lies in one. */
import { addressFromText } from '../dns/address.js';

/** A network; plain data. */
export interface Network {
  /** 4 or 16 octets, those behind the mask 0. */
  readonly octets: Uint8Array;
  /** 0..32 or 0..128. */
  readonly maskBits: number;
}

/** The network of `ADDRESS/MASK`, or of one address; undefined for what is neither. */
export function networkFromText(text: string): Network | undefined {
  const [, address = '', mask] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const octets = addressFromText(address);
  if (octets === undefined) return undefined;
  const maskBits = mask === undefined ? octets.length * 8 : Number(mask);
  if (maskBits > octets.length * 8) return undefined;
  return { octets: masked(octets, maskBits), maskBits };
}

/** Whether the octets of an address lie in the network; the other family's never do. */
export function isInNetwork(address: Uint8Array, { octets, maskBits }: Network): boolean {
  if (address.length !== octets.length) return false;
  const whole = maskBits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== octets[i]) return false;
  const rest = maskBits & 7;
  return rest === 0 || ((address[whole] ?? 0) & (0xff << (8 - rest)) & 0xff) === octets[whole];
}

function masked(octets: Uint8Array, maskBits: number): Uint8Array {
  return octets.map((octet, i) => {
    const bits = Math.min(8, Math.max(0, maskBits - 8 * i));
    return octet & (0xff << (8 - bits)) & 0xff;
  });
}
