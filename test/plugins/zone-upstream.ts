/** A name server on loopback that knows a list of records: what a block forwards to. */
import { createSocket, type Socket } from 'node:dgram';
import { canonicalName, nameFromWire } from '../../src/dns/name.js';
import { RCODE } from '../../src/dns/rcode.js';
import { recordFromText } from '../../src/dns/record-text.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';

/** What is put into answers besides the records that were asked for, by owner name. */
export interface Extras {
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  readonly rcode?: number;
}

const SOA = recordFromText('. 60 IN SOA ns. host. 1 2 3 4 60');

export class ZoneUpstream {
  /** Questions in the order of coming, as `name type`. */
  readonly asked: string[] = [];
  readonly #socket: Socket;
  readonly #records: readonly ResourceRecord[];
  readonly #extras: ReadonlyMap<string, Extras>;

  private constructor(
    socket: Socket,
    records: readonly string[],
    extras: Readonly<Record<string, Extras>>,
  ) {
    this.#socket = socket;
    this.#records = records.map((line) => recordFromText(line));
    this.#extras = new Map(Object.entries(extras));
    socket.on('message', (bytes, from) => {
      const query = decodeMessage(bytes);
      if (query !== undefined) socket.send(this.#reply(query), from.port, from.address);
    });
  }

  static async open(
    records: readonly string[],
    extras: Readonly<Record<string, Extras>> = {},
  ): Promise<ZoneUpstream> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new ZoneUpstream(socket, records, extras);
  }

  /** `127.0.0.1:PORT` */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #reply(query: Message): Uint8Array {
    const [question] = query.question;
    if (question === undefined) throw new Error('a query without question');
    const key = canonicalName(question.qname);
    this.asked.push(`${key} ${question.qtype}`);
    const { answer, rcode, negative } = this.#lookUp(key, question.qtype);
    const extras = this.#extras.get(key) ?? {};
    const records = (lines: readonly string[] = []): ResourceRecord[] =>
      lines.map((line) => recordFromText(line));
    return encodeMessage(
      message({
        id: query.id,
        response: true,
        recursionDesired: query.recursionDesired,
        recursionAvailable: true,
        rcode: extras.rcode ?? rcode,
        question: [question],
        answer,
        authority: negative && extras.authority === undefined ? [SOA] : records(extras.authority),
        additional: records(extras.additional),
        ...(query.edns === undefined ? {} : { edns: { ...query.edns, options: [] } }),
      }),
    );
  }

  /** Records of a name, behind its aliases; the rcode is that of the last name (RFC 6604 §3). */
  #lookUp(
    key: string,
    qtype: number,
  ): { answer: ResourceRecord[]; rcode: number; negative: boolean } {
    const answer: ResourceRecord[] = [];
    for (let name = key; ; ) {
      const own = this.#records.filter((record) => canonicalName(record.owner) === name);
      const wanted = own.filter((record) => record.type === qtype || qtype === RRTYPE.ANY);
      const alias = own.find((record) => record.type === RRTYPE.CNAME);
      if (wanted.length > 0 || alias === undefined || answer.length > 8) {
        answer.push(...wanted);
        const rcode = own.length > 0 ? RCODE.NOERROR : RCODE.NXDOMAIN;
        return { answer, rcode, negative: wanted.length === 0 };
      }
      answer.push(alias);
      name = canonicalName(nameFromWire(alias.rdata, 0)?.name ?? '.');
    }
  }
}
