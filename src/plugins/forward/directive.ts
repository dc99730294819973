/** The forward directive: `forward FROM TO... { ... }` (CoreDNS plugin/forward). */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  type OptionReaders,
  oneArgument,
  oneOf,
  readOptions,
  someArguments,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { canonicalName, isName } from '../../dns/name.js';
import { RCODE, type Rcode, rcodeCode } from '../../dns/rcode.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { ForwardHandler } from './handler.js';
import {
  FORWARD_DEFAULTS,
  type ForwardOptions,
  type ForwardStanza,
  type HealthCheckOptions,
  MAX_UPSTREAMS,
  type UpstreamTls,
} from './options.js';
import { upstreamsOf } from './upstream-address.js';

const MAX_COUNT = 2 ** 31 - 1;

/** May stand more than once; the first stanza that is responsible for a name asks. */
export const forwardPlugin: Plugin<ForwardOptions> = {
  name: 'forward',
  repeatable: true,
  parse(directives: readonly Directive[], context: ParseContext): ForwardOptions {
    return { stanzas: directives.map((directive) => stanzaOf(directive, context)) };
  },
  handler(options: ForwardOptions, environment: DataEnvironment) {
    return new ForwardHandler(options, environment);
  },
};

/** A stanza while its lines are read. */
type Draft = { -readonly [K in keyof ForwardStanza]: ForwardStanza[K] } & {
  attemptsGiven: boolean;
};

function stanzaOf(directive: Directive, context: ParseContext): ForwardStanza {
  const [from, ...to] = directive.args;
  if (from === undefined || to.length === 0) {
    throw directiveFault(
      from === undefined ? 'forward lacks its zone and upstreams' : 'forward lacks its upstreams',
      directive.place,
      'write forward FROM TO..., as forward . /etc/resolv.conf',
    );
  }
  const { addresses, notes } = upstreamsOf(directive, to, context);
  if (addresses.length > MAX_UPSTREAMS) {
    throw directiveFault(
      `forward has ${addresses.length} upstreams`,
      directive.place,
      `name at most ${MAX_UPSTREAMS}`,
    );
  }
  const draft: Draft = {
    from: zonesOfArguments([from], [], directive.place),
    upstreams: addresses,
    except: [],
    policy: FORWARD_DEFAULTS.policy,
    maxFails: FORWARD_DEFAULTS.maxFails,
    healthCheck: FORWARD_DEFAULTS.healthCheck,
    forceTcp: false,
    preferUdp: false,
    expireMs: FORWARD_DEFAULTS.expireMs,
    maxAgeMs: 0,
    maxIdleConnections: 0,
    readTimeoutMs: FORWARD_DEFAULTS.readTimeoutMs,
    maxConcurrent: 0,
    maxConnectAttempts: 0,
    next: [],
    nextOnNodata: false,
    failover: [],
    failFastWhenAllDown: false,
    tls: {},
    notes,
    place: directive.place,
    attemptsGiven: false,
  };
  readOptions(directive, readersOf(draft, context));
  return checked(draft, directive);
}

/** One entry an option. */
function readersOf(draft: Draft, context: ParseContext): OptionReaders {
  return {
    except: (line) => {
      draft.except = [
        ...draft.except,
        ...zonesOfArguments(someArguments(line, 'zone'), [], line.place),
      ];
    },
    force_tcp: (line) => {
      noArguments(line);
      draft.forceTcp = true;
    },
    prefer_udp: (line) => {
      noArguments(line);
      draft.preferUdp = true;
    },
    expire: (line) => {
      draft.expireMs = durationArgument(line, oneArgument(line, 'duration'));
    },
    max_age: (line) => {
      draft.maxAgeMs = durationArgument(line, oneArgument(line, 'duration'));
    },
    max_idle_conns: (line) => {
      draft.maxIdleConnections = countOf(line);
    },
    read_timeout: (line) => {
      draft.readTimeoutMs = positiveDuration(line, oneArgument(line, 'duration'));
    },
    max_fails: (line) => {
      draft.maxFails = countOf(line);
    },
    max_connect_attempts: (line) => {
      draft.maxConnectAttempts = countOf(line);
      draft.attemptsGiven = true;
    },
    max_concurrent: (line) => {
      draft.maxConcurrent = countOf(line);
    },
    policy: (line) => {
      draft.policy = oneOf(line, ['random', 'round_robin', 'sequential'] as const);
    },
    health_check: (line) => {
      draft.healthCheck = healthCheckOf(line);
    },
    tls: (line) => {
      draft.tls = tlsOf(line, context);
    },
    tls_servername: (line) => {
      draft.tlsServerName = oneArgument(line, 'name');
    },
    next: (line) => {
      draft.next = [...draft.next, ...rcodesOf(line)];
    },
    next_on_nodata: (line) => {
      noArguments(line);
      draft.nextOnNodata = true;
    },
    failover: (line) => {
      draft.failover = [...draft.failover, ...failoverRcodesOf(line)];
    },
    failfast_all_unhealthy_upstreams: (line) => {
      noArguments(line);
      draft.failFastWhenAllDown = true;
    },
    source_address: (line) => {
      draft.sourceAddress = addressArgument(line);
    },
    doh_method: (line) => {
      throw directiveFault(
        'forward: doh_method is for upstreams by https://, which are not supported',
        line.place,
        'remove the line',
      );
    },
    resolver: (line) => {
      throw directiveFault(
        'forward: resolver is for upstreams by host name, which are not looked up',
        line.place,
        'remove the line and write addresses as upstreams',
      );
    },
  };
}

/** What only all lines together can show. */
function checked(draft: Draft, directive: Directive): ForwardStanza {
  const { attemptsGiven, ...stanza } = draft;
  if (stanza.maxAgeMs > 0 && stanza.maxAgeMs < stanza.expireMs) {
    throw directiveFault(
      'forward: max_age is less than expire',
      directive.place,
      'raise max_age or lower expire (10s unless given)',
    );
  }
  const named = stanza.upstreams.find(({ serverName }) => serverName !== undefined);
  if (named !== undefined && stanza.tlsServerName !== undefined) {
    throw directiveFault(
      `forward: tls_servername and the name in tls://...%${named.serverName} exclude each other`,
      directive.place,
      'keep one of them',
    );
  }
  if (attemptsGiven) return stanza;
  const { connectAttemptsPerUpstream, minConnectAttempts } = FORWARD_DEFAULTS;
  const perUpstream = connectAttemptsPerUpstream * stanza.upstreams.length;
  return { ...stanza, maxConnectAttempts: Math.max(minConnectAttempts, perUpstream) };
}

function countOf(line: Directive): number {
  return integerArgument(line, oneArgument(line, 'number'), { min: 0, max: MAX_COUNT });
}

function positiveDuration(line: Directive, text: string): number {
  const value = durationArgument(line, text);
  if (value > 0) return value;
  throw directiveFault(`${line.name} has to be more than 0`, line.place, 'write it like 2s');
}

/** `health_check DURATION [no_rec] [domain FQDN]` */
function healthCheckOf(line: Directive): HealthCheckOptions {
  const [duration, ...words] = someArguments(line, 'duration');
  const intervalMs = positiveDuration(line, duration ?? '');
  let recursionDesired = true;
  let domain = '.';
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === 'no_rec') recursionDesired = false;
    else if (word === 'domain') {
      i += 1;
      const name = words[i] ?? '';
      if (name === '' || !isName(name)) {
        throw directiveFault(
          `health_check: "${name}" is no domain name`,
          line.place,
          'write health_check DURATION domain FQDN',
        );
      }
      domain = canonicalName(name);
    } else {
      throw directiveFault(
        `health_check has no option "${word}"`,
        line.place,
        'known: no_rec, domain FQDN',
      );
    }
  }
  return { intervalMs, recursionDesired, domain };
}

/** `tls`, `tls CA`, `tls CERT KEY`, `tls CERT KEY CA`; the files are read now, so that a missing one is found at start. */
function tlsOf(line: Directive, context: ParseContext): UpstreamTls {
  const files = line.args.map((file) => resolve(context.directory, file));
  if (files.length > 3) {
    throw directiveFault(
      `tls takes at most 3 files, found ${files.length}`,
      line.place,
      'write tls CERT KEY CA, tls CERT KEY, tls CA or tls',
    );
  }
  for (const file of files) context.readFile(file, line.place);
  const [first, second, third] = files;
  if (first === undefined) return {};
  if (second === undefined) return { caFile: first };
  const own = { certificateFile: first, keyFile: second };
  return third === undefined ? own : { ...own, caFile: third };
}

function rcodesOf(line: Directive): readonly Rcode[] {
  return someArguments(line, 'rcode').map((text) => {
    const rcode = rcodeCode(text);
    if (rcode !== undefined) return rcode;
    throw directiveFault(
      `${line.name}: "${text}" is no reply code`,
      line.place,
      'write NXDOMAIN, SERVFAIL, REFUSED ...',
    );
  });
}

function failoverRcodesOf(line: Directive): readonly Rcode[] {
  const rcodes = rcodesOf(line);
  if (!rcodes.includes(RCODE.NOERROR)) return rcodes;
  throw directiveFault('failover can not be had for NOERROR', line.place, 'remove NOERROR');
}

function addressArgument(line: Directive): string {
  const text = oneArgument(line, 'address');
  if (isIP(text) !== 0) return text;
  throw directiveFault(`source_address: "${text}" is no IP address`, line.place, 'write an IP');
}
