/** Options of the acl directive: plain data (CoreDNS plugin/acl). */
import type { RRType } from '../../dns/rrtype.js';
import type { Network } from '../network.js';

/** `allow`: go on; `block`: REFUSED; `filter`: NOERROR without records; `drop`: no reply at all. */
export const ACL_ACTIONS = ['allow', 'block', 'filter', 'drop'] as const;
export type AclAction = (typeof ACL_ACTIONS)[number];

/** One line. */
export interface AclPolicy {
  readonly action: AclAction;
  /** Empty: all types. */
  readonly types: readonly RRType[];
  /** Empty: all clients. */
  readonly networks: readonly Network[];
}

/** One occurrence of the directive. */
export interface AclRule {
  /** Canonical. */
  readonly zones: readonly string[];
  /** The first that matches decides. */
  readonly policies: readonly AclPolicy[];
}

export interface AclOptions {
  readonly rules: readonly AclRule[];
}
