/**
 * RRsets as record derivation makes them: typed, relative to a zone, ready to be compiled.
 *
 * A relative name is its labels in lower case joined by dots (`web.prod.svc`), the empty string is the
 * zone apex. Labels of Kubernetes objects never hold a dot; {@link isLabel} guards the door.
 */

/** A name relative to the zone that the records are derived for. */
export type RelativeName = string;

/** Where an SRV record points, and what goes with it into the additional section. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: RelativeName;
}

/** An in-zone target's addresses, so that an answer can carry them. */
export interface TargetAddresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

export type RRset =
  | { readonly type: 'A' | 'AAAA'; readonly addresses: readonly string[] }
  | {
      readonly type: 'SRV';
      readonly records: readonly SrvRecord[];
      /** Addresses of each target, by its relative name. */
      readonly targets: ReadonlyMap<RelativeName, TargetAddresses>;
    }
  | { readonly type: 'PTR'; readonly targets: readonly RelativeName[] }
  | {
      readonly type: 'NS';
      readonly targets: ReadonlyMap<RelativeName, TargetAddresses>;
    }
  | { readonly type: 'TXT'; readonly texts: readonly string[]; readonly ttlSeconds: number }
  | CnameRRset;

/** An alias; how it ends decides whether it can be answered without asking anyone. */
export interface CnameRRset {
  readonly type: 'CNAME';
  /** Absolute target in text form, as it is written into the record. */
  readonly target: string;
  /** `outside`: the chain has to ask; the others are known here and now. */
  readonly end: CnameEnd;
}

/** Where following an alias inside the zone ends. */
export type CnameEnd =
  | { readonly kind: 'outside' }
  | {
      readonly kind: 'inside';
      /** Aliases passed on the way, as absolute names: the target first. The last one owns the addresses. */
      readonly path: readonly string[];
      readonly addresses: TargetAddresses;
      /** Whether the last name exists at all. */
      readonly exists: boolean;
    };

/** Everything that one owner name answers. No RRset at all: an empty non-terminal. */
export interface OwnerRecords {
  readonly name: RelativeName;
  readonly rrsets: readonly RRset[];
  /** Names directly below are pod addresses that are answered by reading them. */
  readonly podParent?: 'insecure' | 'verified';
  /** May be asked for without `svc` and the zone (`search_path`). */
  readonly short?: boolean;
}

/** Whether a text can be one label: 1..63 octets of printable ASCII without dot, backslash or space. */
export function isLabel(text: string): boolean {
  return text.length >= 1 && text.length <= 63 && /^[!-[\]-~]+$/.test(text) && !text.includes('.');
}
