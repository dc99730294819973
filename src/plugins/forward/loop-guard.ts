/** Finds upstreams that lead back to this server, and puts just these out of use. */
import { randomBytes } from 'node:crypto';
import { nameToWire } from '../../dns/name.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { Logger } from '../../observe/logger.js';
import type { Clock, Timer } from './clock.js';
import { type LoopWitness, loopWitness, probeData, probeName } from './loop-witness.js';
import { ANSWER } from './message-layout.js';
import type { Upstream } from './upstream.js';
import { plainQuestion } from './upstream-query.js';

/** Waits before the first probe and, while nothing answers, before the next: the listeners may not be open yet. */
const START_MS: readonly number[] = [250, 1_000, 2_000, 4_000, 8_000, 15_000];
/** A late or failing upstream is probed again at most this often. */
const EVIDENCE_MS = 5_000;
/** One that is out of use is probed this often, and taken back when it leads elsewhere. */
const RECHECK_MS = 30_000;
const PROBE_TIMEOUT_MS = 2_000;

export interface LoopGuardOptions {
  readonly upstreams: readonly Upstream[];
  readonly identity: string;
  /** The zone under which probes are named: one that the stanza forwards. */
  readonly zone: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onLoop: (upstream: Upstream) => void;
}

/** Probes the upstreams of one stanza. */
export class LoopGuard {
  readonly witness: LoopWitness;
  readonly #options: LoopGuardOptions;
  /** Nonces of probes under way that came in again on this thread. */
  readonly #seen = new Set<string>();
  readonly #underWay = new Set<string>();
  readonly #probedAt = new Map<Upstream, number>();
  readonly #timers = new Map<Upstream, Timer>();
  #closed = false;

  constructor(options: LoopGuardOptions) {
    this.#options = options;
    this.witness = loopWitness(options.identity, (nonce) => {
      if (this.#underWay.has(nonce)) this.#seen.add(nonce);
    });
    for (const upstream of options.upstreams) this.#schedule(upstream, 0);
  }

  /** An upstream is late or fails: that is how a loop shows. */
  evidence(upstream: Upstream): void {
    const last = this.#probedAt.get(upstream) ?? Number.NEGATIVE_INFINITY;
    if (this.#options.clock.now() - last >= EVIDENCE_MS) void this.#probe(upstream);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #schedule(upstream: Upstream, step: number): void {
    const delay = START_MS[step];
    if (delay === undefined) return;
    this.#later(upstream, delay, () => {
      void this.#probe(upstream).then((answered) => {
        if (!answered) this.#schedule(upstream, step + 1);
      });
    });
  }

  #later(upstream: Upstream, delayMs: number, run: () => void): void {
    if (this.#closed) return;
    this.#timers.get(upstream)?.cancel();
    this.#timers.set(upstream, this.#options.clock.after(delayMs, run));
  }

  /** One probe; false when nothing came of it. */
  async #probe(upstream: Upstream): Promise<boolean> {
    if (this.#closed) return true;
    this.#probedAt.set(upstream, this.#options.clock.now());
    const nonce = randomBytes(8).toString('hex');
    this.#underWay.add(nonce);
    const name = nameToWire(probeName(nonce, this.#options.identity, this.#options.zone));
    const question = plainQuestion(name, RRTYPE.HINFO, true);
    const answer = await upstream.ask(question, false, PROBE_TIMEOUT_MS);
    const looped =
      this.#seen.has(nonce) ||
      (answer.kind === 'answer' &&
        answer.layout.records.some(
          ({ section, type, rdata, end }) =>
            section === ANSWER &&
            type === RRTYPE.HINFO &&
            Buffer.compare(answer.bytes.subarray(rdata, end), probeData(nonce)) === 0,
        ));
    this.#underWay.delete(nonce);
    this.#seen.delete(nonce);
    if (looped) this.#disable(upstream);
    else if (answer.kind !== 'failure') this.#enable(upstream);
    return looped || answer.kind !== 'failure';
  }

  #disable(upstream: Upstream): void {
    if (upstream.outOfUse === undefined) {
      upstream.setOutOfUse('leads back to this server');
      this.#options.logger.error(
        { upstream: upstream.label },
        `upstream ${upstream.label} leads back to this server and is out of use, other upstreams and own zones are not touched (name the resolver behind it in the forward directive, with systemd-resolved: forward . /run/systemd/resolve/resolv.conf)`,
      );
      this.#options.onLoop(upstream);
    }
    this.#later(upstream, RECHECK_MS, () => void this.#recheck(upstream));
  }

  async #recheck(upstream: Upstream): Promise<void> {
    await this.#probe(upstream);
    if (upstream.outOfUse !== undefined) {
      this.#later(upstream, RECHECK_MS, () => void this.#recheck(upstream));
    }
  }

  #enable(upstream: Upstream): void {
    if (upstream.outOfUse === undefined) return;
    upstream.setOutOfUse(undefined);
    this.#options.logger.info(
      { upstream: upstream.label },
      `upstream ${upstream.label} leads elsewhere now and is in use again`,
    );
  }
}
