/** One forward stanza at work: its upstreams, the questions in flight, and what the client gets of their answers. */
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { isInZone, nameToWire } from '../../dns/name.js';
import { RCODE, type Rcode, rcodeName } from '../../dns/rcode.js';
import type { Logger } from '../../observe/logger.js';
import type { DataEnvironment } from '../plugin.js';
import type { Clock } from './clock.js';
import { Flight, type FlightOutcome } from './flight.js';
import { HedgeBudget } from './hedge-budget.js';
import { LoopGuard } from './loop-guard.js';
import { u16 } from './message-layout.js';
import { FORWARD_METRICS } from './metrics.js';
import type { ForwardStanza } from './options.js';
import { Policy } from './policy.js';
import type { RandomSource } from './random-source.js';
import { Upstream } from './upstream.js';

/** Questions in flight where `max_concurrent` sets no bound: about 40 MB of waiting. */
const MAX_FLIGHTS = 10_000;
/** Queries that wait for one question; memory again, for a flood of one name. */
const MAX_WAITING = 1_000;
/** Extended DNS errors (RFC 8914 §4.23, §4.24). */
const EDE_NO_REACHABLE_AUTHORITY = 22;
const EDE_NETWORK_ERROR = 23;

export interface ForwarderTools {
  readonly environment: DataEnvironment;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly identity: string;
}

/** What came of a query, for the directive's `next` options. */
export interface Forwarded {
  readonly reply: Reply;
  readonly rcode: Rcode;
  /** NOERROR without any record in its answer section. */
  readonly nodata: boolean;
}

/** The upstreams of one stanza. */
export class Forwarder {
  readonly #stanza: ForwardStanza;
  readonly #tools: ForwarderTools;
  readonly #upstreams: readonly Upstream[];
  readonly #policy: Policy;
  readonly #budget: HedgeBudget = new HedgeBudget();
  readonly #flights = new Map<string, Flight>();
  readonly #guard: LoopGuard;

  constructor(stanza: ForwardStanza, tools: ForwarderTools) {
    this.#stanza = stanza;
    this.#tools = tools;
    for (const note of stanza.notes) tools.logger.warn({ place: stanza.place }, note);
    this.#upstreams = stanza.upstreams.map(
      (address) =>
        new Upstream(address, stanza, {
          ...tools,
          onSuspect: (upstream) => this.#guard.evidence(upstream),
        }),
    );
    this.#policy = new Policy(stanza.policy, tools.environment.random);
    this.#guard = new LoopGuard({
      upstreams: this.#upstreams,
      identity: tools.identity,
      zone: probeZone(stanza, tools.environment),
      clock: tools.clock,
      logger: tools.logger,
      onLoop: (upstream) => {
        tools.environment.count(FORWARD_METRICS.loops, { to: upstream.label });
        for (const flight of this.#flights.values()) flight.abandonUnlessUsable();
      },
    });
  }

  /** Whether the stanza is responsible for a name: under FROM, and not excepted. */
  matches(key: string): boolean {
    const { from, except } = this.#stanza;
    if (!from.some((zone) => isInZone(key, zone))) return false;
    // CoreDNS: FROM itself is never excepted
    return from.includes(key) || !except.some((zone) => isInZone(key, zone));
  }

  /** Answers a probe of this server that came back to it; undefined for every other query. */
  witness(query: Query): Reply | undefined {
    return this.#guard.witness.witness(query);
  }

  /** Asks for a query, or joins the identical question in flight. Never rejects. */
  async ask(query: Query): Promise<Forwarded> {
    const key = flightKey(query);
    const known = this.#flights.get(key);
    if (known !== undefined) {
      if (known.waiting >= MAX_WAITING) return this.#tooMany(query);
      known.waiting += 1;
      this.#tools.environment.count(FORWARD_METRICS.coalesced);
      return this.#forwarded(await known.outcome, query);
    }
    const limit = this.#stanza.maxConcurrent === 0 ? MAX_FLIGHTS : this.#stanza.maxConcurrent;
    if (this.#flights.size >= limit) return this.#tooMany(query);
    const { upstreams, allDown } = this.#policy.order(this.#upstreams);
    if (allDown) this.#tools.environment.count(FORWARD_METRICS.healthcheckBroken);
    if (upstreams.length === 0 || (allDown && this.#stanza.failFastWhenAllDown)) {
      return this.#nobody(query);
    }
    const flight = this.#launch(query, key, upstreams);
    return this.#forwarded(await flight.outcome, query);
  }

  /** Waits for what is in flight (at most the deadline), then ends the sockets. */
  async close(): Promise<void> {
    this.#guard.close();
    await Promise.all([...this.#flights.values()].map((flight) => flight.outcome));
    for (const upstream of this.#upstreams) upstream.close();
  }

  #launch(query: Query, key: string, upstreams: readonly Upstream[]): Flight {
    const question = {
      qname: nameToWire(query.key),
      qtype: query.qtype,
      qclass: query.qclass,
      recursionDesired: query.recursionDesired,
      checkingDisabled: query.checkingDisabled,
      dnssecOk: query.edns?.dnssecOk === true,
    };
    const flight = new Flight(question, query.client.transport !== 'udp', upstreams, {
      clock: this.#tools.clock,
      budget: this.#budget,
      stanza: this.#stanza,
      onHedge: (to) => this.#tools.environment.count(FORWARD_METRICS.hedges, { to }),
    });
    this.#flights.set(key, flight);
    void flight.outcome.then(() => this.#flights.delete(key));
    return flight;
  }

  #forwarded(outcome: FlightOutcome, query: Query): Forwarded {
    switch (outcome.kind) {
      case 'answer': {
        const { rcode, upstream } = outcome;
        query.trace?.step('forward', 'answered', { upstream, rcode: rcodeName(rcode) });
        // upper bits of the code (BADCOOKIE ...) concern us and the upstream, not the client
        if (rcode > 15) return errorReply(RCODE.SERVFAIL);
        const reply: Reply = { kind: 'bytes', bytes: outcome.bytes };
        const nodata = rcode === RCODE.NOERROR && u16(outcome.bytes, 6) === 0;
        return { reply, rcode, nodata };
      }
      case 'error-code': {
        const { rcode, upstream } = outcome;
        query.trace?.step('forward', 'answered', { upstream, rcode: rcodeName(rcode) });
        return errorReply(rcode === RCODE.REFUSED ? RCODE.REFUSED : RCODE.SERVFAIL);
      }
      default: {
        query.trace?.step('forward', 'failed', { attempts: outcome.attempts });
        const timeouts = outcome.attempts.every(({ reason }) => reason === 'timeout');
        const code = timeouts ? EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
        const text = [
          ...new Set(outcome.attempts.map(({ upstream, reason }) => `${upstream} ${reason}`)),
        ].join(', ');
        return errorReply(RCODE.SERVFAIL, {
          code,
          text: text === '' ? 'upstreams timed out' : text,
        });
      }
    }
  }

  #tooMany(query: Query): Forwarded {
    this.#tools.environment.count(FORWARD_METRICS.concurrentRejects);
    query.trace?.step('forward', 'refused, too many questions in flight');
    return errorReply(RCODE.REFUSED);
  }

  #nobody(query: Query): Forwarded {
    const reasons = this.#upstreams.map(
      ({ label, outOfUse }) => `${label} ${outOfUse ?? 'is down'}`,
    );
    const text = reasons.length === 0 ? 'no upstream is configured' : reasons.join(', ');
    query.trace?.step('forward', 'failed', { reason: text });
    return errorReply(RCODE.SERVFAIL, { code: EDE_NO_REACHABLE_AUTHORITY, text });
  }
}

function errorReply(rcode: Rcode, extendedError?: { code: number; text: string }): Forwarded {
  const parts = extendedError === undefined ? {} : { extendedError };
  return { reply: recordsReply(rcode, parts), rcode, nodata: false };
}

/** What makes two questions one: name, type, class, DO, CD, RD. */
function flightKey(query: Query): string {
  const flags =
    (query.edns?.dnssecOk === true ? 1 : 0) |
    (query.checkingDisabled ? 2 : 0) |
    (query.recursionDesired ? 4 : 0);
  return `${query.qtype}/${query.qclass}/${flags}/${query.key}`;
}

/** A zone that this stanza forwards and a block of ours takes in: the narrower of FROM and the block's zone. */
function probeZone(stanza: ForwardStanza, environment: DataEnvironment): string {
  const [from = '.'] = stanza.from;
  const inner = environment.addresses.find(({ zone }) => isInZone(zone, from));
  return inner?.zone ?? from;
}
