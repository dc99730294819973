/** One question's way through the upstreams: who is asked when, which answer is taken, when it is given up. */
import { RCODE, type Rcode } from '../../dns/rcode.js';
import type { Clock, Timer } from './clock.js';
import type { ExchangeFailure } from './exchange.js';
import type { HedgeBudget } from './hedge-budget.js';
import type { MessageLayout } from './message-layout.js';
import type { ForwardStanza } from './options.js';
import type { Upstream, UpstreamAnswer } from './upstream.js';
import type { UpstreamQuestion } from './upstream-query.js';

/** A question is given up after this long (CoreDNS's own figure; resolvers of pods give up then too). */
export const DEADLINE_MS = 5_000;
/** Without a token left for a hedge, a further wait of at least this long makes it a retry instead. */
const MIN_RETRY_MS = 200;
/** Between two rounds through all upstreams that failed at once. */
const ROUND_PAUSE_MS = 100;

export type FlightOutcome =
  | {
      readonly kind: 'answer';
      readonly bytes: Uint8Array;
      readonly layout: MessageLayout;
      readonly rcode: Rcode;
      readonly upstream: string;
    }
  | { readonly kind: 'error-code'; readonly rcode: Rcode; readonly upstream: string }
  | { readonly kind: 'failed'; readonly attempts: readonly FailedAttempt[] };

export interface FailedAttempt {
  readonly upstream: string;
  readonly reason: ExchangeFailure;
}

export interface FlightTools {
  readonly clock: Clock;
  readonly budget: HedgeBudget;
  readonly stanza: ForwardStanza;
  readonly onHedge: (upstream: string) => void;
}

type Answered = Exclude<FlightOutcome, { readonly kind: 'failed' }>;

/** Codes that another upstream's answer is preferred to, if one is under way. */
const WEAK: ReadonlySet<Rcode> = new Set([
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
]);

/** One question in flight. */
export class Flight {
  readonly outcome: Promise<FlightOutcome>;
  /** How many queries wait for it. */
  waiting = 1;
  readonly #question: UpstreamQuestion;
  readonly #preferTcp: boolean;
  readonly #upstreams: readonly Upstream[];
  readonly #tools: FlightTools;
  readonly #maxAttempts: number;
  readonly #deadline: number;
  readonly #failed: FailedAttempt[] = [];
  readonly #timers: { deadline: Timer; late?: Timer; pause?: Timer };
  #resolve: (outcome: FlightOutcome) => void = () => {};
  #attempts = 0;
  #inFlight = 0;
  #weak: Answered | undefined;
  #done = false;

  /** @param upstreams in the order in which they are asked, at least one */
  constructor(
    question: UpstreamQuestion,
    preferTcp: boolean,
    upstreams: readonly Upstream[],
    tools: FlightTools,
  ) {
    this.#question = question;
    this.#preferTcp = preferTcp;
    this.#upstreams = upstreams;
    this.#tools = tools;
    const { maxConnectAttempts } = tools.stanza;
    this.#maxAttempts = maxConnectAttempts === 0 ? Number.POSITIVE_INFINITY : maxConnectAttempts;
    this.#deadline = tools.clock.now() + DEADLINE_MS;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timers = { deadline: tools.clock.after(DEADLINE_MS, () => this.#giveUp()) };
    tools.budget.earn();
    this.#launch();
  }

  /** Ends at once when every upstream of it was taken out of use. */
  abandonUnlessUsable(): void {
    if (this.#upstreams.every((upstream) => upstream.outOfUse !== undefined)) this.#giveUp();
  }

  /** Asks the next upstream; false when no attempt is left. */
  #launch(): boolean {
    const { clock, stanza } = this.#tools;
    const now = clock.now();
    const upstream = this.#next();
    if (upstream === undefined || this.#attempts >= this.#maxAttempts || now >= this.#deadline) {
      return false;
    }
    this.#attempts += 1;
    this.#inFlight += 1;
    const timeoutMs = Math.min(stanza.readTimeoutMs, this.#deadline - now);
    void upstream
      .ask(this.#question, this.#preferTcp, timeoutMs)
      .then((answer) => this.#settled(upstream, answer));
    this.#armLate(upstream, now, this.#lateAfter(upstream));
    return true;
  }

  /** Round after round in the given order, passing over what has been taken out of use meanwhile. */
  #next(): Upstream | undefined {
    const count = this.#upstreams.length;
    for (let i = 0; i < count; i++) {
      const upstream = this.#upstreams[(this.#attempts + i) % count];
      if (upstream !== undefined && upstream.outOfUse === undefined) return upstream;
    }
    return undefined;
  }

  /** The first hedge follows the measured times; each further attempt waits twice as long. */
  #lateAfter(upstream: Upstream): number {
    const late = upstream.roundTrip.lateMs;
    return this.#attempts <= 1
      ? late
      : Math.max(late, MIN_RETRY_MS / 2) * 2 ** (this.#attempts - 1);
  }

  #armLate(upstream: Upstream, askedAt: number, delayMs: number, retry = false): void {
    this.#timers.late?.cancel();
    this.#timers.late = this.#tools.clock.after(delayMs, () => {
      this.#late(upstream, askedAt, retry);
    });
  }

  /** The last one asked has not answered in its usual time: somebody else is asked beside it. */
  #late(upstream: Upstream, askedAt: number, retry: boolean): void {
    if (!upstream.heardSince(askedAt)) upstream.suspect();
    const free = retry || upstream.failing || this.#inFlight === 0;
    if (!free && !this.#tools.budget.spend()) {
      const wait = Math.max(MIN_RETRY_MS, 2 * upstream.roundTrip.lateMs);
      this.#armLate(upstream, askedAt, wait, true);
      return;
    }
    const other = this.#next();
    if (this.#launch() && other !== undefined) this.#tools.onHedge(other.label);
  }

  #settled(upstream: Upstream, answer: UpstreamAnswer): void {
    this.#inFlight -= 1;
    if (this.#done) return;
    if (answer.kind === 'failure') {
      this.#failed.push({ upstream: upstream.label, reason: answer.reason });
      if (this.#inFlight === 0) this.#goOn();
      return;
    }
    const answered: Answered = { ...answer, upstream: upstream.label };
    const failover = this.#tools.stanza.failover.includes(answer.rcode);
    if (!failover && !WEAK.has(answer.rcode) && answer.kind === 'answer') {
      this.#finish(answered);
      return;
    }
    if (answer.kind === 'answer' || this.#weak?.kind !== 'answer') this.#weak = answered;
    this.#weigh(upstream, failover);
  }

  /** A weak answer: another is waited for where one is under way, or asked for where `failover` says so. */
  #weigh(upstream: Upstream, failover: boolean): void {
    const untried = this.#attempts < this.#upstreams.length;
    if (failover && untried && (this.#inFlight > 0 || this.#launch())) return;
    if (this.#inFlight === 0) {
      this.#giveUp();
      return;
    }
    this.#timers.pause?.cancel();
    const grace = Math.max(MIN_RETRY_MS, upstream.roundTrip.lateMs);
    this.#timers.pause = this.#tools.clock.after(grace, () => this.#giveUp());
  }

  /** Nobody is being asked: on to the next upstream, after a pause when all of them failed. */
  #goOn(): void {
    if (this.#weak !== undefined) {
      this.#giveUp();
      return;
    }
    const roundEnds = this.#attempts % this.#upstreams.length === 0;
    if (!roundEnds) {
      if (!this.#launch()) this.#giveUp();
      return;
    }
    if (this.#attempts >= this.#maxAttempts || this.#next() === undefined) {
      this.#giveUp();
      return;
    }
    this.#timers.late?.cancel();
    this.#timers.pause = this.#tools.clock.after(ROUND_PAUSE_MS, () => {
      if (this.#inFlight === 0 && !this.#launch()) this.#giveUp();
    });
  }

  #giveUp(): void {
    this.#finish(this.#weak ?? { kind: 'failed', attempts: this.#failed });
  }

  #finish(outcome: FlightOutcome): void {
    if (this.#done) return;
    this.#done = true;
    this.#timers.deadline.cancel();
    this.#timers.late?.cancel();
    this.#timers.pause?.cancel();
    this.#resolve(outcome);
  }
}
