/** A name server on loopback that says what the scenario tells it to, over UDP and TCP on one port. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as Stream } from 'node:net';
import { rcodeCode } from '../../src/dns/rcode.js';
import { recordFromText } from '../../src/dns/record-text.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';

/** What an upstream says to the oldest question that it has not answered. */
export interface ScriptedAnswer {
  /** Mnemonic; NOERROR where it is left out. */
  readonly rcode?: string;
  /** Records as text. */
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  readonly truncated?: boolean;
  readonly authenticData?: boolean;
  /** Under another ID than asked. */
  readonly wrongId?: boolean;
  /** To another question than asked. */
  readonly question?: string;
  /** The question in lower case. */
  readonly lowerCase?: boolean;
  /** From another port than asked. */
  readonly wrongPort?: boolean;
  /** A header without a question. */
  readonly headerOnly?: boolean;
  /** Octets that are no message, behind the right header and question. */
  readonly broken?: boolean;
  /** Without an OPT record. */
  readonly noEdns?: boolean;
}

/** A question as it came. */
export interface Asked {
  readonly message: Message;
  readonly over: 'udp' | 'tcp';
  readonly send: (bytes: Uint8Array, wrongPort: boolean) => void;
}

/** Marks the datagrams that {@link ScriptedUpstream.drain} sends to itself. */
const DRAIN = Buffer.from('drain');

export class ScriptedUpstream {
  readonly port: number;
  /** Whether health checks (NS of the root) and loop probes are answered; they are never among the questions. */
  answersChecks = true;
  /** Health checks that came. */
  checks = 0;
  readonly #asked: Asked[] = [];
  readonly #wanting: ((asked: Asked) => void)[] = [];
  readonly #draining: (() => void)[] = [];
  readonly #streams = new Set<Stream>();
  #udp: Socket | undefined;
  #tcp: Server | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(): Promise<ScriptedUpstream> {
    for (;;) {
      // TCP chooses, UDP follows
      const probe = createServer();
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await new Promise((resolve) => probe.close(resolve));
      const upstream = new ScriptedUpstream(port);
      if (await upstream.start()) return upstream;
    }
  }

  /** Opens the sockets (again); false when the port is taken. */
  async start(): Promise<boolean> {
    const udp = createSocket('udp4');
    const tcp = createServer((stream) => this.#accept(stream));
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once('error', reject);
        udp.bind(this.port, '127.0.0.1', resolve);
      });
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen(this.port, '127.0.0.1', resolve);
      });
    } catch {
      udp.close();
      tcp.close();
      return false;
    }
    udp.on('message', (bytes, from) => this.#datagram(bytes, from));
    this.#udp = udp;
    this.#tcp = tcp;
    return true;
  }

  /** Closes the sockets: whoever asks is refused. */
  async stop(): Promise<void> {
    const udp = this.#udp;
    const tcp = this.#tcp;
    this.#udp = undefined;
    this.#tcp = undefined;
    this.closeStreams();
    await new Promise<void>((resolve) => (udp === undefined ? resolve() : udp.close(resolve)));
    await new Promise<void>((resolve) =>
      tcp === undefined ? resolve() : tcp.close(() => resolve()),
    );
  }

  /** Ends the connections that are open, as a server does that has waited long enough. */
  closeStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  /** The next question that was not taken yet, waited for. */
  next(): Promise<Asked> {
    const asked = this.#asked.shift();
    if (asked !== undefined) return Promise.resolve(asked);
    return new Promise((resolve) => this.#wanting.push(resolve));
  }

  /** Questions that came and were not taken. */
  get untaken(): readonly Asked[] {
    return this.#asked;
  }

  /** Resolves when everything that was sent to the UDP port before has been received. */
  async drain(): Promise<void> {
    const udp = this.#udp;
    if (udp === undefined) return;
    const drained = new Promise<void>((resolve) => this.#draining.push(resolve));
    udp.send(DRAIN, this.port, '127.0.0.1');
    await drained;
  }

  /** Answers a question as told. */
  answer(asked: Asked, told: ScriptedAnswer): void {
    asked.send(answerBytes(asked, told), told.wrongPort === true);
  }

  #accept(stream: Stream): void {
    this.#streams.add(stream);
    stream.on('error', () => {});
    stream.on('close', () => this.#streams.delete(stream));
    let received = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
        const length = received.readUInt16BE();
        this.#take(received.subarray(2, 2 + length), 'tcp', (reply) => {
          const frame = Buffer.alloc(2 + reply.length);
          frame.writeUInt16BE(reply.length);
          frame.set(reply, 2);
          stream.write(frame);
        });
        received = received.subarray(2 + length);
      }
    });
  }

  #datagram(bytes: Buffer, from: RemoteInfo): void {
    if (bytes.equals(DRAIN)) {
      this.#draining.shift()?.();
      return;
    }
    this.#take(bytes, 'udp', (reply, wrongPort) => {
      if (!wrongPort) {
        this.#udp?.send(reply, from.port, from.address);
        return;
      }
      const other = createSocket('udp4');
      other.send(reply, from.port, from.address, () => other.close());
    });
  }

  #take(bytes: Uint8Array, over: 'udp' | 'tcp', send: Asked['send']): void {
    const decoded = decodeMessage(bytes);
    if (decoded === undefined) throw new Error('the server sent a broken query');
    const asked: Asked = { message: decoded, over, send };
    const question = decoded.question[0];
    const health = question?.qtype === RRTYPE.NS && question.qname === '.';
    const loop = question?.qtype === RRTYPE.HINFO && /loop-/i.test(question.qname);
    if (health) this.checks += 1;
    if (health || loop) {
      if (this.answersChecks) this.answer(asked, { rcode: loop ? 'NXDOMAIN' : 'NOERROR' });
      return;
    }
    const wanting = this.#wanting.shift();
    if (wanting === undefined) this.#asked.push(asked);
    else wanting(asked);
  }
}

function answerBytes(asked: Asked, told: ScriptedAnswer): Uint8Array {
  const rcode = rcodeCode(told.rcode ?? 'NOERROR');
  if (rcode === undefined) throw new Error(`no such code: ${told.rcode}`);
  const records = (lines: readonly string[] = []): ReturnType<typeof recordFromText>[] =>
    lines.map((line) => recordFromText(line));
  const id = told.wrongId === true ? asked.message.id ^ 1 : asked.message.id;
  const bytes = encodeMessage(
    message({
      id,
      response: true,
      recursionDesired: true,
      recursionAvailable: true,
      truncated: told.truncated ?? false,
      authenticData: told.authenticData ?? false,
      rcode,
      question: told.headerOnly === true ? [] : questionOf(asked, told),
      answer: records(told.answer),
      authority: records(told.authority),
      additional: records(told.additional),
      ...(asked.message.edns === undefined || told.noEdns === true || told.headerOnly === true
        ? {}
        : { edns: { udpSize: 4096, version: 0, dnssecOk: false, options: [] } }),
    }),
  );
  if (told.broken !== true) return bytes;
  // one more answer is announced than there is
  bytes[7] = (bytes[7] ?? 0) + 1;
  return bytes;
}

function questionOf(asked: Asked, told: ScriptedAnswer): Message['question'] {
  return asked.message.question.map((question) => ({
    ...question,
    qname:
      told.question ?? (told.lowerCase === true ? question.qname.toLowerCase() : question.qname),
  }));
}
