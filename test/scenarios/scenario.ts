/** Scenarios as data: what clients ask, what upstreams see and say, how time passes, what clients get. */
import type { ScriptedAnswer } from './scripted-upstream.js';

/** One step; steps run in order. */
export type Step =
  /** A client asks `NAME TYPE`, without waiting for the answer. */
  | {
      readonly ask: string;
      /** Under which name its answer is looked at; `client` where it is left out. */
      readonly as?: string;
      readonly over?: 'udp' | 'tcp';
      readonly dnssecOk?: boolean;
      readonly checkingDisabled?: boolean;
      readonly authenticData?: boolean;
      /** Without EDNS. */
      readonly plain?: boolean;
    }
  /** An upstream gets a question (waited for), by default of UDP; it answers with the next `says`. */
  | {
      readonly receives: string;
      readonly question?: string;
      readonly over?: 'udp' | 'tcp';
      readonly edns?: boolean;
    }
  /** An upstream answers the oldest question that it received. */
  | ({ readonly says: string } & ScriptedAnswer)
  /** An upstream drops the oldest question that it received. */
  | { readonly drops: string }
  /** No question has come to that upstream that was not received. */
  | { readonly idle: string }
  | { readonly advance: number }
  /** A client got its answer (waited for). What is left out is not looked at; `answer` is compared as a set. */
  | {
      readonly got: string;
      readonly rcode?: string;
      readonly answer?: readonly string[];
      readonly authority?: readonly string[];
      readonly truncated?: boolean;
      readonly authenticData?: boolean;
      /** The code of an extended error. */
      readonly extendedError?: number;
    }
  /** A client has no answer yet. */
  | { readonly waits: string }
  /** An upstream's health checks and loop probes stay unanswered, or are answered again. */
  | { readonly checksOf: string; readonly answered: boolean }
  /** An upstream was checked at least so often. */
  | { readonly checked: string; readonly atLeast: number }
  /** Nothing listens at the upstream's port any more; something listens again. */
  | { readonly stops: string }
  | { readonly returns: string }
  /** An upstream closes its connections. */
  | { readonly hangsUp: string }
  /** A counter stands at so much, summed over its labels. */
  | { readonly counter: string; readonly value: number };

export interface Scenario {
  /** A sentence of behaviour: the test's title. */
  readonly title: string;
  /** Names of the upstreams; `$name` in the Corefile stands for the address of one. */
  readonly upstreams: readonly string[];
  /** Directives of one server block for the root. */
  readonly corefile: string;
  readonly steps: readonly Step[];
}
