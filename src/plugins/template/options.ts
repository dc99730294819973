/** Options of the template directive: plain data (CoreDNS plugin/template). */
import type { ExtendedError } from '../../chain/reply.js';
import type { Pattern } from '../../corefile/go-pattern.js';
import type { Rcode } from '../../dns/rcode.js';
import type { Place } from '../../errors.js';

/** One occurrence of the directive. */
export interface TemplateStanza {
  /** 255 stands for every class. */
  readonly qclass: number;
  /** 255 stands for every type. */
  readonly qtype: number;
  /** Canonical; names outside of them are not its business. */
  readonly zones: readonly string[];
  /** The first that matches the name in lower case is used; empty: any name. */
  readonly matches: readonly Pattern[];
  /** Texts of records with actions in `{{ }}`; already known to be templates. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly rcode: Rcode;
  readonly extendedError?: ExtendedError;
  /** Canonical zones of which names without a match go on; empty: none; ['.']: all. */
  readonly fallthrough: readonly string[];
  readonly place: Place;
}

export interface TemplateOptions {
  /** In the order of the file. */
  readonly stanzas: readonly TemplateStanza[];
}
