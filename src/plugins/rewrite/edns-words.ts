/** The words of a rewrite rule for EDNS options. */
import { directiveFault } from '../../corefile/faults.js';
import type { Place, SvcdnsError } from '../../errors.js';
import {
  EDNS_VARIABLES,
  type EdnsAction,
  type EdnsOptionRule,
  type LocalData,
  type RewriteAction,
} from './options.js';

const ACTIONS: readonly EdnsAction[] = ['set', 'append', 'replace', 'unset'];
const FORM =
  'write rewrite edns0 local ACTION CODE DATA, edns0 nsid ACTION, or edns0 subnet ACTION BITS4 BITS6';

/**
 * The rule of the words behind `edns0`. `revert` is taken without effect: options of the query never
 * stand in our replies.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function ednsActionOf(words: readonly string[], place: Place): RewriteAction {
  const own = words.at(-1) === 'revert' ? words.slice(0, -1) : words;
  const [kind = '', actionWord = '', ...rest] = own;
  const action = ACTIONS.find((known) => known === actionWord.toLowerCase());
  if (action === undefined) throw fault(`there is no action "${actionWord}"`, place);
  const unset = action === 'unset';
  switch (kind.toLowerCase()) {
    case 'local': {
      const [code = '', data] = rest;
      if (rest.length !== (unset ? 1 : 2)) throw fault('local takes a code and data', place);
      const option = { kind: 'local', code: codeOf(code, place) } as const;
      if (data === undefined) return { field: 'edns0', action, option };
      return { field: 'edns0', action, option: { ...option, data: dataOf(data, place) } };
    }
    case 'nsid':
      if (rest.length > 0) throw fault(`"${rest[0]}" is not expected here`, place);
      return { field: 'edns0', action, option: { kind: 'nsid' } };
    case 'subnet':
      return { field: 'edns0', action, option: subnetOf(rest, unset, place) };
    default:
      throw fault(`there is no option "${kind}"`, place);
  }
}

function subnetOf(words: readonly string[], unset: boolean, place: Place): EdnsOptionRule {
  if (unset && words.length === 0) return { kind: 'subnet', ipv4Bits: 0, ipv6Bits: 0 };
  if (words.length !== 2 || unset) throw fault('subnet takes two numbers of bits', place);
  const bits = (text: string | undefined, max: number): number => {
    if (text !== undefined && /^\d{1,3}$/.test(text) && Number(text) <= max) return Number(text);
    throw fault(`"${text}" is no number of bits from 0 to ${max}`, place);
  };
  return { kind: 'subnet', ipv4Bits: bits(words[0], 32), ipv6Bits: bits(words[1], 128) };
}

function codeOf(text: string, place: Place): number {
  const code = /^(?:0x[0-9a-f]{1,4}|\d{1,5})$/i.test(text) ? Number(text) : Number.NaN;
  if (code <= 0xffff) return code;
  throw fault(`"${text}" is no option code`, place);
}

/** Hexadecimal octets behind `0x`, what a query says in braces, any other text as it is. */
function dataOf(text: string, place: Place): LocalData {
  if (/^\{.*\}$/.test(text)) {
    const name = EDNS_VARIABLES.find((known) => `{${known}}` === text);
    if (name !== undefined) return { kind: 'variable', name };
    const known = EDNS_VARIABLES.map((variable) => `{${variable}}`).join(', ');
    throw directiveFault(`rewrite edns0: svcdns has no ${text}`, place, `known: ${known}`);
  }
  if (!text.startsWith('0x')) return { kind: 'octets', octets: Uint8Array.from(Buffer.from(text)) };
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(text)) throw fault(`"${text}" is not hexadecimal`, place);
  return { kind: 'octets', octets: Uint8Array.from(Buffer.from(text.slice(2), 'hex')) };
}

function fault(what: string, place: Place): SvcdnsError {
  return directiveFault(`rewrite edns0: ${what}`, place, FORM);
}
