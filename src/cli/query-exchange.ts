/** One question to one server and its reply, over dns2's clients where they can carry it, else over our own sockets. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Deadline, withinTime } from '../dns/client-socket.js';
import { askWithDns2, canAskWithDns2 } from '../dns/codec.js';
import { canonicalName } from '../dns/name.js';
import type { Question } from '../dns/resource-record.js';
import { decodeMessage, encodeMessage, type Message, message } from '../wire/message.js';

/** Who is asked, and how. */
export interface ExchangeOptions extends Deadline {
  /** Canonical text. */
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly authenticData: boolean;
  readonly edns?: { readonly udpSize: number; readonly dnssecOk: boolean };
  /** Uniform in [0, 1): for the id. */
  readonly random: () => number;
}

/** A reply that answers the question that was asked. */
export interface Exchanged {
  readonly message: Message;
  readonly sizeBytes: number;
}

/** What a reply's octets are to the question. */
type Judged = Exchanged | { readonly fault: string };

/**
 * Asks once.
 * @throws Error ETIMEDOUT, ECONNREFUSED and the like; an Error with code EBADMSG for a reply that is none;
 *   AbortError on the signal
 */
export async function exchange(question: Question, options: ExchangeOptions): Promise<Exchanged> {
  const judged = isForDns2(question, options)
    ? judge(await askWithDns2(question, options, options), question)
    : await exchangeOurselves(question, options);
  if ('fault' in judged) throw Object.assign(new Error(judged.fault), { code: 'EBADMSG' });
  return judged;
}

/** dns2's clients know neither OPT nor CD nor AD, and most types only by number. */
function isForDns2(question: Question, options: ExchangeOptions): boolean {
  const isPlain = options.edns === undefined && !options.checkingDisabled && !options.authenticData;
  return isPlain && canAskWithDns2(question, options);
}

function exchangeOurselves(question: Question, options: ExchangeOptions): Promise<Judged> {
  const id = Math.floor(options.random() * 0x1_0000);
  const query = encodeMessage(
    message({
      id,
      recursionDesired: options.recursionDesired,
      checkingDisabled: options.checkingDisabled,
      authenticData: options.authenticData,
      question: [question],
      ...(options.edns === undefined ? {} : { edns: { ...options.edns, version: 0, options: [] } }),
    }),
  );
  const accept = (bytes: Uint8Array): Judged | undefined =>
    bytes.length >= 2 && ((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0) === id
      ? judge(bytes, question)
      : undefined;
  return options.transport === 'udp'
    ? overUdp(query, accept, options)
    : overTcp(query, accept, options);
}

/** Connected, so that the kernel drops strangers and tells when nobody listens. */
async function overUdp(
  query: Uint8Array,
  accept: (bytes: Uint8Array) => Judged | undefined,
  options: ExchangeOptions,
): Promise<Judged> {
  const socket = createSocket(options.address.includes(':') ? 'udp6' : 'udp4');
  const reply = new Promise<Judged>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (bytes) => {
      const judged = accept(bytes);
      if (judged !== undefined) resolve(judged);
    });
    socket.on('connect', () => socket.send(query));
    socket.connect(options.port, options.address);
  });
  return withinTime(reply, options, socket);
}

async function overTcp(
  query: Uint8Array,
  accept: (bytes: Uint8Array) => Judged | undefined,
  options: ExchangeOptions,
): Promise<Judged> {
  const socket = connect({ host: options.address, port: options.port });
  const reply = new Promise<Judged>((resolve, reject) => {
    let stream: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('connection closed before the reply')));
    socket.on('data', (chunk: Buffer) => {
      stream = Buffer.concat([stream, chunk]);
      if (stream.length < 2 || stream.length < 2 + stream.readUInt16BE(0)) return;
      const bytes = stream.subarray(2, 2 + stream.readUInt16BE(0));
      resolve(accept(bytes) ?? { fault: 'the reply has another id' });
    });
    socket.write(Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 0xff), query]));
  });
  return withinTime(reply, options, socket);
}

/** QR and the question are what dns2 leaves to its caller; a reply without a question may say FORMERR. */
function judge(bytes: Uint8Array, question: Question): Judged {
  const decoded = decodeMessage(bytes);
  if (decoded === undefined) return { fault: 'the reply is malformed' };
  if (!decoded.response) return { fault: 'the reply is a query' };
  const [asked] = decoded.question;
  const isSame =
    asked === undefined
      ? decoded.rcode !== 0
      : asked.qtype === question.qtype &&
        asked.qclass === question.qclass &&
        canonicalName(asked.qname) === canonicalName(question.qname);
  if (!isSame) return { fault: 'the reply is to another question' };
  return { message: decoded, sizeBytes: bytes.length };
}
