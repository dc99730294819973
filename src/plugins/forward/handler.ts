/** The answering part of the forward directive: the first stanza that is responsible for a name asks for it. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { RCODE } from '../../dns/rcode.js';
import { RRTYPE } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';
import { type Clock, systemClock } from './clock.js';
import { type Forwarded, Forwarder } from './forwarder.js';
import { processIdentity } from './loop-witness.js';
import type { ForwardOptions, ForwardStanza } from './options.js';
import { cryptoRandom, type RandomSource } from './random-source.js';

/** What a test hands in instead of the machine's. */
export interface ForwardTools {
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** The mark of this server in its loop probes. */
  readonly identity?: string;
}

/** Forwards queries; opens sockets when they are needed and probes each upstream once for a loop. */
export class ForwardHandler implements Handler {
  readonly name = 'forward';
  readonly #stanzas: readonly { readonly stanza: ForwardStanza; readonly forwarder: Forwarder }[];

  constructor(options: ForwardOptions, environment: DataEnvironment, tools: ForwardTools = {}) {
    const shared = {
      environment,
      logger: environment.logger.child({ directive: 'forward' }),
      clock: tools.clock ?? systemClock(() => environment.now()),
      random: tools.random ?? cryptoRandom(),
      identity: tools.identity ?? processIdentity(),
    };
    this.#stanzas = options.stanzas.map((stanza) => ({
      stanza,
      forwarder: new Forwarder(stanza, shared),
    }));
  }

  async handle(query: Query, next: Next): Promise<Reply> {
    const matching = this.#stanzas.filter(({ forwarder }) => forwarder.matches(query.key));
    if (matching.length === 0) return next(query);
    for (const { forwarder } of matching) {
      const probe = forwarder.witness(query);
      if (probe !== undefined) return probe;
    }
    // a transfer is many messages, and no upstream of a cluster gives one away
    if (query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR) {
      return recordsReply(RCODE.NOTIMP);
    }
    let last: Forwarded | undefined;
    for (const { stanza, forwarder } of matching) {
      last = await forwarder.ask(query);
      const goesOn = stanza.next.includes(last.rcode) || (stanza.nextOnNodata && last.nodata);
      if (!goesOn) break;
    }
    return last?.reply ?? next(query);
  }

  async close(): Promise<void> {
    await Promise.all(this.#stanzas.map(({ forwarder }) => forwarder.close()));
  }
}
