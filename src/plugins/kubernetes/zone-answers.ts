/** The served zones of one directive as the chain asks them: whole messages in, whole messages out. */
import { ASK_CHAIN } from '../../listen/answerer.js';
import { MAX_MESSAGE } from '../../wire/header.js';
import { decodeMessage, type Message } from '../../wire/message.js';
import { FastAnswerer } from '../../zone/fast-answerer.js';
import type { Rotation } from '../../zone/reply.js';
import { openZone, type ServedZone, type ZoneDescription } from '../../zone/served-zone.js';
import type { ZoneCut } from '../../zone/zone-cuts.js';

/** Answers of the tables alone: nothing falls through, nothing is searched elsewhere. */
export class ZoneAnswers {
  readonly zones: readonly ServedZone[];
  readonly #answerer: FastAnswerer;
  readonly #out = new Uint8Array(MAX_MESSAGE);

  constructor(descriptions: readonly ZoneDescription[], reader: number, rotation: Rotation) {
    this.zones = descriptions.map((description) =>
      openZone({ ...description, fallthrough: false, searchOutside: false }, reader),
    );
    const cuts: ZoneCut[] = this.zones.map((zone) => ({
      apex: zone.apex,
      labels: zone.apexLabels,
      zone,
      shortZone: undefined,
      cache: undefined,
    }));
    const shortZone = this.zones.find((zone) => zone.description.short);
    cuts.push({
      apex: new Uint8Array([0]),
      labels: 0,
      zone: undefined,
      shortZone,
      cache: undefined,
    });
    cuts.sort((a, b) => b.labels - a.labels);
    this.#answerer = new FastAnswerer({ cuts, isDatagram: false, udpLimit: 1232, rotation });
  }

  /** The reply to a query, a copy; undefined when the tables alone can't answer it. */
  bytes(query: Uint8Array): Uint8Array | undefined {
    const length = this.#answerer.answer(query, 0, query.length, this.#out, 0, this.#out.length);
    if (length === ASK_CHAIN || length <= 0) return undefined;
    return this.#out.slice(0, length);
  }

  /** The same as data. */
  message(query: Uint8Array): Message | undefined {
    const bytes = this.bytes(query);
    return bytes && decodeMessage(bytes);
  }
}
