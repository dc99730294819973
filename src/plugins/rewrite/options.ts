/** Rules of the rewrite directive: plain data (CoreDNS plugin/rewrite). */
import type { Pattern } from '../../corefile/go-pattern.js';
import type { Rcode } from '../../dns/rcode.js';
import type { RRClass } from '../../dns/rrclass.js';
import type { RRType } from '../../dns/rrtype.js';
import type { Place } from '../../errors.js';

/** Which names are meant; `from` is in lower case and ends in a dot. */
export type NameMatch =
  | { readonly kind: 'exact' | 'prefix' | 'suffix' | 'substring'; readonly from: string }
  | { readonly kind: 'regex'; readonly pattern: Pattern };

/** Which names become which; with a pattern `to` may hold `{0}`, `{1}` ... for its groups. */
export type NameChange = NameMatch & { readonly to: string };

/** A change of the names in a reply: of owners, or of names in the data of records. */
export interface AnswerChange {
  readonly part: 'name' | 'value';
  readonly change: NameChange;
}

/** What becomes of an EDNS option: `append` only adds, `replace` only changes, `set` does either. */
export type EdnsAction = 'set' | 'append' | 'replace' | 'unset';

/** Data of a local option. */
export type LocalData =
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  | { readonly kind: 'variable'; readonly name: EdnsVariable };

/** What of a query may stand in a local option. */
export const EDNS_VARIABLES = [
  'qname',
  'qtype',
  'client_ip',
  'client_port',
  'protocol',
  'server_port',
] as const;
export type EdnsVariable = (typeof EDNS_VARIABLES)[number];

/** The option that a rule is about. */
export type EdnsOptionRule =
  | { readonly kind: 'local'; readonly code: number; readonly data?: LocalData }
  | { readonly kind: 'nsid' }
  | { readonly kind: 'subnet'; readonly ipv4Bits: number; readonly ipv6Bits: number };

/** What a rule does. */
export type RewriteAction =
  | {
      readonly field: 'name';
      readonly change: NameChange;
      /** Names in the reply are turned back by the rule itself. */
      readonly auto: boolean;
      readonly answers: readonly AnswerChange[];
    }
  | { readonly field: 'type'; readonly from: RRType; readonly to: RRType }
  | { readonly field: 'class'; readonly from: RRClass; readonly to: RRClass }
  | {
      readonly field: 'ttl';
      readonly match: NameMatch;
      /** TTLs below are raised to it, TTLs above `maxSeconds` lowered. */
      readonly minSeconds: number;
      readonly maxSeconds: number;
    }
  | {
      readonly field: 'rcode';
      readonly match: NameMatch;
      readonly from: Rcode;
      readonly to: Rcode;
    }
  | { readonly field: 'cname'; readonly change: NameChange }
  | {
      readonly field: 'edns0';
      readonly action: EdnsAction;
      readonly option: EdnsOptionRule;
    };

/** One rule of a block. */
export interface RewriteRule {
  /** Whether later rules are looked at after this one matched. */
  readonly goesOn: boolean;
  readonly action: RewriteAction;
  readonly place: Place;
}

export interface RewriteOptions {
  /** In the order of the file. */
  readonly rules: readonly RewriteRule[];
}
