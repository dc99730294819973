/** The cache directive: `cache [TTL] [ZONES...] { ... }` (CoreDNS plugin/cache). */
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  type OptionReaders,
  oneArgument,
  readOptions,
  someArguments,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { CacheHandler } from './handler.js';
import {
  CACHE_DEFAULTS,
  type CacheOptions,
  type CacheShare,
  type PrefetchOptions,
  type StaleOptions,
} from './options.js';

const MAX_TTL = 2 ** 31 - 1;
/** RFC 2308 §7.1. */
const MAX_SERVFAIL_MS = 300_000;
/** RFC 8767 §5, the failure recheck timer. */
const MAX_RECHECK_MS = 300_000;

export const cachePlugin: Plugin<CacheOptions> = {
  name: 'cache',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): CacheOptions {
    const directive = onlyDirective(directives);
    const draft = draftOf(directive, context);
    readOptions(directive, readersOf(draft));
    const { staleGiven, ...options } = draft;
    if (options.stale.preferPositive && !staleGiven) {
      throw directiveFault(
        'cache: serve_stale_policy needs serve_stale',
        directive.place,
        'add a line serve_stale',
      );
    }
    return options;
  },
  handler(options: CacheOptions, environment: DataEnvironment) {
    return new CacheHandler(options, environment);
  },
};

type Draft = { -readonly [K in keyof CacheOptions]: CacheOptions[K] } & { staleGiven: boolean };

function draftOf(directive: Directive, context: ParseContext): Draft {
  const [first, ...rest] = directive.args;
  const given = first !== undefined && /^[+-]?\d+$/.test(first);
  const ttl = given ? ttlArgument(directive, first) : undefined;
  const { capacity, successMaxTtl, denialMaxTtl, minTtl, servfailSeconds, stale } = CACHE_DEFAULTS;
  return {
    zones: zonesOfArguments(given ? rest : directive.args, context.zones, directive.place),
    success: { capacity, maxTtl: ttl ?? successMaxTtl, minTtl },
    denial: { capacity, maxTtl: ttl ?? denialMaxTtl, minTtl },
    stale,
    servfailSeconds,
    disableSuccess: [],
    disableDenial: [],
    keepTtl: false,
    place: directive.place,
    staleGiven: false,
  };
}

/** One entry an option. */
function readersOf(draft: Draft): OptionReaders {
  return {
    success: (line) => {
      draft.success = shareOf(line, draft.success);
    },
    denial: (line) => {
      draft.denial = shareOf(line, draft.denial);
    },
    prefetch: (line) => {
      const prefetch = prefetchOf(line);
      if (prefetch.amount > 0) draft.prefetch = prefetch;
      else delete draft.prefetch;
    },
    serve_stale: (line) => {
      draft.stale = { ...staleOf(line), preferPositive: draft.stale.preferPositive };
      draft.staleGiven = true;
    },
    serve_stale_policy: (line) => {
      const policy = oneArgument(line, 'policy').toLowerCase();
      if (policy !== 'prefer_positive') {
        throw directiveFault(
          `serve_stale_policy has no value "${policy}"`,
          line.place,
          'write serve_stale_policy prefer_positive',
        );
      }
      draft.stale = { ...draft.stale, preferPositive: true };
    },
    servfail: (line) => {
      const ms = durationArgument(line, oneArgument(line, 'duration'));
      if (ms > MAX_SERVFAIL_MS) {
        throw directiveFault(
          'servfail: SERVFAIL may be cached for 5 minutes at most',
          line.place,
          'write servfail 5m or less',
        );
      }
      draft.servfailSeconds = Math.ceil(ms / 1_000);
    },
    disable: (line) => {
      const [kind, ...zones] = someArguments(line, 'success|denial');
      const disabled = zonesOfArguments(zones, ['.'], line.place);
      if (kind === 'success') draft.disableSuccess = disabled;
      else if (kind === 'denial') draft.disableDenial = disabled;
      else {
        throw directiveFault(
          `disable has no value "${kind}"`,
          line.place,
          'write disable success [ZONES...] or disable denial [ZONES...]',
        );
      }
    },
    keepttl: (line) => {
      noArguments(line);
      draft.keepTtl = true;
    },
  };
}

function ttlArgument(directive: Directive, text: string): number {
  return integerArgument(directive, text, { min: 1, max: MAX_TTL });
}

/** `success|denial CAPACITY [TTL [MINTTL]]` */
function shareOf(line: Directive, before: CacheShare): CacheShare {
  const [capacity = '', ttl, minTtl, extra] = someArguments(line, 'capacity');
  if (extra !== undefined) {
    throw directiveFault(
      `${line.name} takes at most 3 numbers`,
      line.place,
      `write ${line.name} CAPACITY [TTL [MINTTL]]`,
    );
  }
  return {
    capacity: integerArgument(line, capacity, { min: 0, max: 2 ** 24 }),
    maxTtl: ttl === undefined ? before.maxTtl : ttlArgument(line, ttl),
    minTtl:
      minTtl === undefined
        ? before.minTtl
        : integerArgument(line, minTtl, { min: 0, max: MAX_TTL }),
  };
}

/** `prefetch AMOUNT [DURATION [PERCENTAGE%]]` */
function prefetchOf(line: Directive): PrefetchOptions {
  const [amount = '', duration = '1m', percentage = '10%', extra] = someArguments(line, 'amount');
  const [, percent] = /^(\d+)%$/.exec(percentage) ?? [];
  if (extra !== undefined || percent === undefined) {
    throw directiveFault(
      extra === undefined
        ? `prefetch: "${percentage}" is no percentage`
        : 'prefetch takes at most 3 arguments',
      line.place,
      'write prefetch AMOUNT [DURATION [PERCENTAGE%]], as prefetch 10 1m 10%',
    );
  }
  return {
    amount: integerArgument(line, amount, { min: 0, max: 65_535 }),
    windowSeconds: durationArgument(line, duration) / 1_000,
    percentage: integerArgument(line, percent, { min: 10, max: 90 }),
  };
}

/**
 * `serve_stale [DURATION [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]]`.
 * Given at all, CoreDNS's mode is immediate; a TTL that is not given is 30, not 0 (RFC 8767 §4).
 */
function staleOf(line: Directive): StaleOptions {
  const [keep = '1h', modeText = 'immediate', ...rest] = line.args;
  const mode = modeText.toLowerCase();
  if (mode !== 'immediate' && mode !== 'verify') {
    throw directiveFault(
      `serve_stale has no mode "${modeText}"`,
      line.place,
      'write immediate or verify',
    );
  }
  const [timeout, ttl, recheck, extra] = mode === 'verify' ? rest : [undefined, ...rest];
  if (extra !== undefined) {
    throw directiveFault(
      'serve_stale has too many arguments',
      line.place,
      'write serve_stale [DURATION [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]]',
    );
  }
  const timeoutMs = timeout === undefined ? 0 : durationArgument(line, timeout);
  const { stale } = CACHE_DEFAULTS;
  return {
    keepSeconds: Math.ceil(durationArgument(line, keep) / 1_000),
    waitMs: mode === 'immediate' ? 0 : timeoutMs > 0 ? timeoutMs : Number.POSITIVE_INFINITY,
    ttl: ttl === undefined ? stale.ttl : staleTtl(line, ttl),
    recheckSeconds: recheck === undefined ? stale.recheckSeconds : recheckSeconds(line, recheck),
    preferPositive: false,
  };
}

function staleTtl(line: Directive, text: string): number {
  const seconds = durationArgument(line, text) / 1_000;
  if (Number.isInteger(seconds) && seconds <= MAX_TTL) return seconds;
  throw directiveFault(
    `serve_stale: "${text}" is no TTL`,
    line.place,
    'write whole seconds, as 30s',
  );
}

function recheckSeconds(line: Directive, text: string): number {
  const ms = durationArgument(line, text);
  if (ms <= MAX_RECHECK_MS) return Math.ceil(ms / 1_000);
  throw directiveFault(
    'serve_stale: the failure recheck may be 5 minutes at most',
    line.place,
    'write 5m or less',
  );
}
