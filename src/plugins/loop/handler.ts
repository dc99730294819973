/** The answering part of the loop directive: recognises this server's own probes among the incoming queries. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import type { Reply } from '../../chain/reply.js';
import { type LoopWitness, loopWitness, processIdentity } from '../forward/loop-witness.js';
import type { DataEnvironment } from '../plugin.js';

/** What of the directive's options it needs. */
export interface LoopZone {
  /** Canonical form; for the log. */
  readonly zone: string;
}

/** What the loop handler may be told besides its environment. */
export interface LoopTools {
  /** The mark of this server in its probes; of the process where it is left out. */
  readonly identity?: string;
  /** Told the first time that a loop is seen, with its zone: a server without a zone of its own may end here. */
  readonly onLoop?: (zone: string) => void;
}

/**
 * A probe of ours that comes in again proves a forwarding loop. It is answered, so that the forward
 * directive that sent it finds its mark in the answer and puts that upstream out of use. Unlike
 * CoreDNS's the directive does not end the process: own zones stay up.
 */
export class LoopHandler implements Handler {
  readonly name = 'loop';
  readonly #witness: LoopWitness;

  constructor(options: LoopZone, environment: DataEnvironment, tools: LoopTools = {}) {
    const { zone } = options;
    let told = false;
    this.#witness = loopWitness(tools.identity ?? processIdentity(), () => {
      if (told) return;
      told = true;
      environment.logger.error(
        { directive: 'loop', zone },
        `forwarding loop detected for zone ${zone}: an upstream of the forward directive leads back to this server`,
      );
      tools.onLoop?.(zone);
    });
  }

  async handle(query: Query, next: Next): Promise<Reply> {
    return this.#witness.witness(query) ?? next(query);
  }
}
