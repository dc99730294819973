/** One upstream: how it is asked, how fast it answers, and whether it may be asked at all. */

import { nameToWire } from '../../dns/name.js';
import type { Rcode } from '../../dns/rcode.js';
import { RCODE, rcodeName } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { Logger } from '../../observe/logger.js';
import { RCODE_MASK, TC } from '../../wire/header.js';
import type { DataEnvironment } from '../plugin.js';
import type { Clock } from './clock.js';
import {
  type Exchange,
  type ExchangeAnswer,
  type ExchangeFailed,
  exchangeFailed,
} from './exchange.js';
import { HealthProbe } from './health-probe.js';
import { FORWARD_METRICS, PROXY_NAME } from './metrics.js';
import type { ForwardStanza, UpstreamAddress } from './options.js';
import type { RandomSource } from './random-source.js';
import { RoundTrip } from './round-trip.js';
import { StreamPool } from './tcp-exchange.js';
import { UdpPool } from './udp-exchange.js';
import { plainQuestion, type UpstreamQuestion, upstreamQuery } from './upstream-query.js';

/** After an answer without EDNS to a query with it, this long none is sent (the server may be replaced). */
const NO_EDNS_MS = 15 * 60_000;
/** So many questions in another case, none of which TCP could settle, end the mixing of case. */
const MAX_CASE_FAULTS = 3;
/** Bounds of a health check's wait, between which it follows the measured times. */
const MIN_CHECK_MS = 250;
const MAX_CHECK_MS = 1_000;

/** What asking ends with: an answer (of any rcode) or a reason. */
export type UpstreamAnswer =
  | {
      readonly kind: 'answer';
      readonly bytes: Uint8Array;
      readonly layout: ExchangeAnswer['layout'];
      readonly rcode: Rcode;
      readonly truncated: boolean;
    }
  | { readonly kind: 'error-code'; readonly rcode: Rcode }
  | ExchangeFailed;

export interface UpstreamTools {
  readonly environment: Pick<DataEnvironment, 'count' | 'observe'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Told each time that an upstream is late or fails. */
  readonly onSuspect: (upstream: Upstream) => void;
}

/** An upstream with its sockets. */
export class Upstream {
  readonly label: string;
  readonly roundTrip: RoundTrip = new RoundTrip();
  readonly #address: UpstreamAddress;
  readonly #stanza: ForwardStanza;
  readonly #tools: UpstreamTools;
  readonly #udp: UdpPool;
  readonly #stream: StreamPool;
  readonly #probe: HealthProbe;
  #suspected = false;
  #outOfUse: string | undefined;
  #lastHeardAt = Number.NEGATIVE_INFINITY;
  #keepsCase = true;
  #caseFaults = 0;
  #noEdnsUntil = Number.NEGATIVE_INFINITY;

  constructor(address: UpstreamAddress, stanza: ForwardStanza, tools: UpstreamTools) {
    this.label = address.label;
    this.#address = address;
    this.#stanza = stanza;
    this.#tools = tools;
    const exchangeTools = {
      clock: tools.clock,
      random: tools.random,
      reportBad: (reason: string) => {
        tools.environment.count(FORWARD_METRICS.badAnswers, { to: address.label, reason });
      },
    };
    const target = {
      address: address.address,
      port: address.port,
      ...(stanza.sourceAddress === undefined ? {} : { sourceAddress: stanza.sourceAddress }),
    };
    this.#udp = new UdpPool(target, exchangeTools);
    const serverName = address.serverName ?? stanza.tlsServerName;
    const tls = { ...stanza.tls, ...(serverName === undefined ? {} : { serverName }) };
    this.#stream = new StreamPool(
      {
        ...target,
        ...(address.protocol === 'tls' ? { tls } : {}),
        expireMs: stanza.expireMs,
        maxAgeMs: stanza.maxAgeMs,
        maxIdle: stanza.maxIdleConnections,
        onConnection: (reused) => this.#countConnection(reused),
      },
      exchangeTools,
    );
    this.#probe = new HealthProbe({
      clock: tools.clock,
      intervalMs: stanza.healthCheck.intervalMs,
      maxFails: stanza.maxFails,
      check: () => this.#check(),
      onFailure: () => this.#count(FORWARD_METRICS.healthcheckFailures),
      onDown: () => tools.logger.warn({ upstream: this.label }, 'upstream is down'),
      onHealthy: () => tools.logger.info({ upstream: this.label }, 'upstream answers again'),
    });
  }

  /** Health checks failed as often as `max_fails` says. */
  get down(): boolean {
    return this.#stanza.maxFails > 0 && this.#probe.down;
  }

  /** It was late and has not been heard of since: others go first. */
  get suspected(): boolean {
    return this.#suspected;
  }

  /** At least one health check failed since it was last heard. */
  get failing(): boolean {
    return this.#probe.fails > 0;
  }

  /** Why it is not asked at all (it leads back here); undefined when it is in use. */
  get outOfUse(): string | undefined {
    return this.#outOfUse;
  }

  /** Whether anything was heard since then. */
  heardSince(time: number): boolean {
    return this.#lastHeardAt >= time;
  }

  /** Takes it out of use for a reason, or back into use. */
  setOutOfUse(reason: string | undefined): void {
    this.#outOfUse = reason;
  }

  /** It is late or failed: checked from now on until it answers. */
  suspect(): void {
    this.#tools.onSuspect(this);
    if (this.#stanza.maxFails === 0) return;
    this.#suspected = true;
    this.#probe.start();
  }

  /**
   * Asks one question: over UDP, or over TCP where that is forced, the client came by it, or the answer
   * was truncated. Never rejects; ends within `timeoutMs`.
   */
  async ask(
    question: UpstreamQuestion,
    preferTcp: boolean,
    timeoutMs: number,
  ): Promise<UpstreamAnswer> {
    const startedAt = this.#tools.clock.now();
    const stream =
      this.#address.protocol === 'tls' ||
      this.#stanza.forceTcp ||
      (preferTcp && !this.#stanza.preferUdp);
    const exchange = await this.#withEdns(question, stream, startedAt + timeoutMs);
    const answer = upstreamAnswer(exchange);
    const now = this.#tools.clock.now();
    if (answer.kind === 'failure') {
      if (answer.reason !== 'timeout' || !this.heardSince(startedAt)) this.suspect();
    } else {
      this.#observe(answer.rcode, now - startedAt);
    }
    return answer;
  }

  close(): void {
    this.#probe.close();
    this.#udp.close();
    this.#stream.close();
  }

  /** Asks with EDNS unless the server is known not to take it, and learns from an error that it does not. */
  async #withEdns(
    question: UpstreamQuestion,
    stream: boolean,
    deadline: number,
  ): Promise<Exchange> {
    const edns = this.#tools.clock.now() >= this.#noEdnsUntil;
    const first = await this.#byTransport(question, edns, stream, deadline);
    if (!edns || !isEdnsError(first)) return first;
    const second = await this.#byTransport(question, false, stream, deadline);
    if (second.kind !== 'answer' || isEdnsError(second)) return first;
    this.#noEdnsUntil = this.#tools.clock.now() + NO_EDNS_MS;
    return second;
  }

  async #byTransport(
    question: UpstreamQuestion,
    edns: boolean,
    stream: boolean,
    deadline: number,
  ): Promise<Exchange> {
    if (stream) return this.#overStream(question, edns, deadline);
    const exchange = await this.#overUdp(question, edns, deadline);
    if (exchange.kind === 'wrong-case') return this.#settleCase(question, edns, deadline);
    if (exchange.kind !== 'answer' || ((exchange.bytes[2] ?? 0) & TC) === 0) return exchange;
    this.#tools.environment.count(FORWARD_METRICS.truncated, { to: this.label });
    const whole = await this.#overStream(question, edns, deadline);
    return whole.kind === 'answer' ? whole : exchange;
  }

  async #overUdp(
    question: UpstreamQuestion,
    edns: boolean,
    deadline: number,
    isCheck = false,
  ): Promise<Exchange> {
    const sentAt = this.#tools.clock.now();
    const form = { mixCase: this.#keepsCase, edns };
    const message = upstreamQuery(question, form, this.#tools.random);
    const exchange = await this.#udp.exchange(message, deadline - sentAt);
    if (exchange.kind === 'answer') {
      this.#caseFaults = 0;
      // the root's NS are in every cache: checks would make the upstream look faster than it is
      this.#heard(isCheck ? undefined : this.#tools.clock.now() - sentAt);
    } else if (exchange.kind !== 'failure') this.#heard();
    return exchange;
  }

  async #overStream(
    question: UpstreamQuestion,
    edns: boolean,
    deadline: number,
  ): Promise<Exchange> {
    const sentAt = this.#tools.clock.now();
    const left = deadline - sentAt;
    if (left <= 0) return exchangeFailed('timeout');
    // nobody forges an answer on a connection, so its question needs no guessing
    const message = upstreamQuery(question, { mixCase: false, edns }, this.#tools.random);
    const exchange = await this.#stream.exchange(message, left);
    if (exchange.kind !== 'failure') {
      const alwaysStream = this.#address.protocol === 'tls' || this.#stanza.forceTcp;
      this.#heard(alwaysStream ? this.#tools.clock.now() - sentAt : undefined);
    }
    return exchange;
  }

  /**
   * The question came back in another case over UDP: a forgery, or a server that folds case. TCP can't be
   * forged from off the path, so it gives the answer and settles which of the two it is.
   */
  async #settleCase(
    question: UpstreamQuestion,
    edns: boolean,
    deadline: number,
  ): Promise<Exchange> {
    this.#caseFaults += 1;
    const message = upstreamQuery(question, { mixCase: true, edns }, this.#tools.random);
    const left = deadline - this.#tools.clock.now();
    const exchange = await this.#stream.exchange(message, left);
    if (exchange.kind === 'answer') {
      this.#heard();
      return exchange;
    }
    if (exchange.kind === 'wrong-case' || this.#caseFaults >= MAX_CASE_FAULTS) {
      this.#keepsCase = false;
      this.#tools.logger.debug({ upstream: this.label }, 'upstream folds the letter case of names');
    }
    return this.#overUdp(question, edns, deadline);
  }

  #heard(elapsedMs?: number): void {
    this.#lastHeardAt = this.#tools.clock.now();
    this.#suspected = false;
    this.#probe.heard();
    if (elapsedMs !== undefined) this.roundTrip.sample(elapsedMs);
  }

  /** One health check, over the upstream's own transport; any answer will do. */
  async #check(): Promise<boolean> {
    const { domain, recursionDesired } = this.#stanza.healthCheck;
    const question = plainQuestion(nameToWire(domain), RRTYPE.NS, recursionDesired);
    const wait = Math.min(MAX_CHECK_MS, Math.max(MIN_CHECK_MS, 2 * this.roundTrip.lateMs));
    const deadline = this.#tools.clock.now() + wait;
    const stream = this.#address.protocol === 'tls' || this.#stanza.forceTcp;
    const exchange = stream
      ? await this.#overStream(question, false, deadline)
      : await this.#overUdp(question, false, deadline, true);
    return exchange.kind !== 'failure';
  }

  #observe(rcode: Rcode, elapsedMs: number): void {
    const labels = { proxy_name: PROXY_NAME, to: this.label, rcode: rcodeName(rcode) };
    this.#tools.environment.observe(FORWARD_METRICS.requestDuration, elapsedMs / 1_000, labels);
  }

  #count(metric: string): void {
    this.#tools.environment.count(metric, { proxy_name: PROXY_NAME, to: this.label });
  }

  #countConnection(reused: boolean): void {
    const proto = this.#address.protocol === 'tls' ? 'tcp-tls' : 'tcp';
    const metric = reused ? FORWARD_METRICS.connectionHits : FORWARD_METRICS.connectionMisses;
    this.#tools.environment.count(metric, { proxy_name: PROXY_NAME, to: this.label, proto });
  }
}

function upstreamAnswer(exchange: Exchange): UpstreamAnswer {
  switch (exchange.kind) {
    case 'answer':
      return {
        kind: 'answer',
        bytes: exchange.bytes,
        layout: exchange.layout,
        rcode: rcodeOf(exchange),
        truncated: ((exchange.bytes[2] ?? 0) & TC) !== 0,
      };
    case 'rcode-only':
      return { kind: 'error-code', rcode: exchange.rcode };
    case 'wrong-case':
      return exchangeFailed('bad-answer');
    default:
      return exchange;
  }
}

/** The code with the upper bits of an OPT record, which stand first in its TTL field (RFC 6891 §6.1.3). */
function rcodeOf(answer: ExchangeAnswer): Rcode {
  const low = (answer.bytes[3] ?? 0) & RCODE_MASK;
  const opt = answer.layout.records.find((record) => record.type === RRTYPE.OPT);
  return opt === undefined ? low : low | ((answer.bytes[opt.ttlAt] ?? 0) << 4);
}

/** What servers that know no EDNS answer to it (RFC 6891 §7), and BADVERS. */
function isEdnsError(exchange: Exchange): boolean {
  if (exchange.kind === 'rcode-only') {
    return exchange.rcode === RCODE.FORMERR || exchange.rcode === RCODE.NOTIMP;
  }
  if (exchange.kind !== 'answer') return false;
  const rcode = rcodeOf(exchange);
  if (rcode === RCODE.BADVERS) return true;
  const hasOpt = exchange.layout.records.some((record) => record.type === RRTYPE.OPT);
  return !hasOpt && (rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP);
}
