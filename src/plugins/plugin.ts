/** The contract of a directive: one folder in plugins/, one object of this type. */
import type { Handler } from '../chain/handler.js';
import type { Query } from '../chain/query.js';
import type { Reply } from '../chain/reply.js';
import type { BlockAddress, Directive } from '../corefile/plan.js';
import type { Place } from '../errors.js';
import type { Logger } from '../observe/logger.js';
import type { ServedZone } from '../zone/served-zone.js';

/** What a directive may know of its surroundings while it is parsed. */
export interface ParseContext {
  readonly addresses: readonly BlockAddress[];
  /** Zones of the block in canonical form, without repeats. */
  readonly zones: readonly string[];
  /** Folder of the Corefile, against which relative file names are resolved. */
  readonly directory: string;
  /** Reads a small text file now (a resolv.conf, a hosts file); throws SvcdnsError FILE_UNREADABLE. */
  readFile(path: string, place: Place): string;
}

/** What a kubernetes directive offers to the directives in front of it (transfer, autopath). */
export interface ClusterView {
  /** Its zones, forward ones first, opened for this thread. */
  readonly zones: readonly ServedZone[];
  /** The namespace that a client lives in, where that is known (`pods verified`). */
  namespaceOf(clientAddress: string): string | undefined;
  /** Whether this thread is the one that does what only one has to do (NOTIFY). */
  readonly leads: boolean;
}

/** What an answering part may use; the same on the main thread and in a data worker. */
export interface DataEnvironment {
  readonly logger: Logger;
  readonly addresses: readonly BlockAddress[];
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall-clock milliseconds since 1970. */
  wallClock(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Asks the server itself from the top, as a client of this block would (CNAME targets); depth is bounded. */
  resolve(query: Query): Promise<Reply>;
  /** Whether the block's own zones have this name (canonical): nothing else may answer it or keep answers to it. */
  ownsName(key: string): boolean;
  /** The names of the block's kubernetes directive; absent in a block without one. */
  readonly cluster?: ClusterView;
  /** Counts an event under a metric of ours, in shared memory where there are data workers. */
  count(metric: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  /** Records an observation (seconds or bytes) under a histogram of ours. */
  observe(metric: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** A directive. `O` is its options type: plain data that survives structuredClone. */
export interface Plugin<O> {
  readonly name: string;
  /** Whether the directive may stand more than once in a block (forward, rewrite, template, log ...). */
  readonly repeatable: boolean;
  /**
   * Arguments and body to options; pure but for `context.readFile`.
   * A repeatable directive gets all its occurrences at once, in order; another one exactly one.
   * @throws SvcdnsError COREFILE_DIRECTIVE with the place and the mend.
   */
  parse(directives: readonly Directive[], context: ParseContext): O;
  /** The answering part; absent for directives that answer nothing (health, ready, reload ...). */
  handler?(options: O, environment: DataEnvironment): Handler;
}
