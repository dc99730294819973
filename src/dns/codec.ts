/**
 * The only door to dns2 (exactly 3.1.1): its decoder as a second opinion, and its clients.
 *
 * dns2 hides broken messages, follows pointers wherever they lead and leaves dots inside of labels
 * unmarked, so its decoder gets nothing that has not passed {@link isFitForDns2}. Neither the hot path nor a
 * data thread may import this file.
 */
import dns2, { Packet, type Resource } from 'dns2';
import { ipv4FromText, ipv6FromText } from './address.js';
import { type Deadline, receivedBy, withinTime, withSocket } from './client-socket.js';
import { isFitForDns2 } from './dns2-fitness.js';
import { nameFromWire, nameToWire } from './name.js';
import type { Question, ResourceRecord } from './resource-record.js';
import { RRTYPE, rrtypeName } from './rrtype.js';

/** A message as dns2 reads it; sections without the OPT record. */
export interface Dns2Message {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly rcode: number;
  readonly question: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** What its OPT record says; dns2 drops most options, so they are left out. */
  readonly edns?: {
    readonly udpSize: number;
    readonly version: number;
    readonly dnssecOk: boolean;
  };
}

/**
 * Decodes a message with dns2. Undefined when the message is longer than 4,096 octets, does not pass our
 * own check of header, counts and names, or holds what dns2 cannot carry unchanged (a dot inside of a
 * label, text that is not UTF-8).
 */
export function decodeWithDns2(bytes: Uint8Array): Dns2Message | undefined {
  if (!isFitForDns2(bytes)) return undefined;
  const packet = Packet.parse(Buffer.from(bytes));
  const { header } = packet;
  if (
    packet.errors.length > 0 ||
    packet.questions.length !== header.qdcount ||
    packet.answers.length !== header.ancount ||
    packet.authorities.length !== header.nscount ||
    packet.additionals.length !== header.arcount
  ) {
    return undefined;
  }
  const answer = recordsFrom(packet.answers);
  const authority = recordsFrom(packet.authorities);
  const additional = recordsFrom(packet.additionals.filter((one) => one.type !== RRTYPE.OPT));
  if (answer === undefined || authority === undefined || additional === undefined) return undefined;
  const opt = packet.additionals.find((one) => one.type === RRTYPE.OPT);
  return {
    id: header.id,
    response: header.qr === 1,
    opcode: header.opcode,
    authoritative: header.aa === 1,
    truncated: header.tc === 1,
    recursionDesired: header.rd === 1,
    recursionAvailable: header.ra === 1,
    rcode: header.rcode,
    question: packet.questions.map((one) => ({
      qname: textName(one.name),
      qtype: one.type,
      qclass: one.class,
    })),
    answer,
    authority,
    additional,
    ...(opt === undefined
      ? {}
      : {
          edns: {
            udpSize: opt.class,
            version: opt.version ?? 0,
            dnssecOk: opt.doFlag === true,
          },
        }),
  };
}

/** A server that dns2's clients can ask. */
export interface Dns2Server {
  /** Canonical text; over TCP only IPv4 (dns2 cuts it at its first colon). */
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

/** How dns2's client is to ask. */
export interface Dns2Ask extends Deadline {
  readonly recursionDesired: boolean;
}

/** Whether dns2's clients can ask this question of this server at all. */
export function canAskWithDns2(question: Question, server: Dns2Server): boolean {
  if (server.transport === 'tcp' && server.address.includes(':')) return false;
  // a backslash is an escape of ours and a letter to dns2
  if (question.qname.includes('\\')) return false;
  const byName = new Map<string, number>(Object.entries(Packet.TYPE));
  return byName.get(rrtypeName(question.qtype)) === question.qtype;
}

/**
 * Asks with dns2's UDPClient or TCPClient and gives the octets of the reply that it accepted. They are
 * not checked beyond what dns2 does (id over UDP, sender); a TC reply is given as it is.
 *
 * dns2's TCPClient waits for ever on a silent server, so the socket it makes is taken hold of as it is
 * made, by Node's diagnostics channel, and destroyed when the time is up.
 * @throws Error with code ETIMEDOUT after `timeoutMs`, or the socket's own error; AbortError on `signal`
 */
export async function askWithDns2(
  question: Question,
  server: Dns2Server,
  ask: Dns2Ask,
): Promise<Uint8Array> {
  const { address: dns, port } = server;
  const client =
    server.transport === 'tcp'
      ? dns2.TCPClient({ dns, port })
      : dns2.UDPClient({
          dns,
          port,
          socketType: dns.includes(':') ? 'udp6' : 'udp4',
          timeout: ask.timeoutMs,
          retryOverTCP: false,
        });
  const { result, socket } = withSocket(server.transport, () =>
    client(question.qname, rrtypeName(question.qtype), question.qclass, {
      recursive: ask.recursionDesired,
    }),
  );
  const received = receivedBy(socket, server.transport);
  await withinTime(result, ask, socket);
  return received();
}

function recordsFrom(resources: readonly Resource[]): ResourceRecord[] | undefined {
  const records: ResourceRecord[] = [];
  for (const resource of resources) {
    const rdata = rdataOf(resource);
    if (rdata === undefined) return undefined;
    records.push({
      owner: textName(resource.name),
      type: resource.type,
      class: resource.class,
      ttl: resource.ttl,
      rdata: Uint8Array.from(rdata),
    });
  }
  return records;
}

/** Wire form of what dns2 made of a record's data; undefined where it lost something. */
function rdataOf(from: Resource): Uint8Array | undefined {
  switch (from.type) {
    case RRTYPE.A:
      return ipv4FromText(from.address ?? '');
    case RRTYPE.AAAA:
      return ipv6FromText(from.address ?? '');
    case RRTYPE.NS:
      return wireName(from.ns);
    case RRTYPE.CNAME:
    case RRTYPE.PTR:
      return wireName(from.domain);
    case RRTYPE.MX:
      return Buffer.concat([u16(from.priority), wireName(from.exchange)]);
    case RRTYPE.SRV:
      return Buffer.concat([
        u16(from.priority),
        u16(from.weight),
        u16(from.port),
        wireName(from.target),
      ]);
    case RRTYPE.SOA:
      return Buffer.concat([
        wireName(from.primary),
        wireName(from.admin),
        ...[from.serial, from.refresh, from.retry, Number(from.expiration), from.minimum].map(u32),
      ]);
    case RRTYPE.TXT:
    case RRTYPE.SPF:
      return Array.isArray(from.data) ? stringsOf(from.data) : undefined;
    case RRTYPE.CAA: {
      const tag = stringsOf([from.tag ?? '']);
      const value = octetsOf(from.value ?? '');
      if (tag === undefined || value === undefined) return undefined;
      return Buffer.concat([Uint8Array.of(from.flags ?? 0), tag, value]);
    }
    case RRTYPE.DNSKEY:
      return Buffer.concat([
        u16(from.flags),
        Uint8Array.of(from.protocol ?? 0, from.algorithm ?? 0),
        Buffer.from(from.key ?? '', 'base64'),
      ]);
    default:
      return Buffer.isBuffer(from.data) ? from.data : undefined;
  }
}

function stringsOf(strings: readonly string[]): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const one of strings) {
    const octets = octetsOf(one);
    if (octets === undefined || octets.length > 255) return undefined;
    parts.push(Uint8Array.of(octets.length), octets);
  }
  return Buffer.concat(parts);
}

/** dns2 reads strings as UTF-8 and puts U+FFFD where they are not: those octets are lost. */
function octetsOf(text: string): Uint8Array | undefined {
  return text.includes('\ufffd') ? undefined : Buffer.from(text, 'utf8');
}

/** A name of dns2 (octets as Latin-1, no escapes, no final dot) in text form. */
function textName(name: string): string {
  return nameFromWire(wireName(name), 0)?.name ?? '.';
}

function wireName(name: string | undefined): Uint8Array {
  return nameToWire((name ?? '').replaceAll('\\', '\\\\'));
}

function u16(value: number | undefined): Uint8Array {
  return Uint8Array.of((value ?? 0) >> 8, (value ?? 0) & 0xff);
}

function u32(value: number | undefined): Uint8Array {
  const wire = Buffer.alloc(4);
  wire.writeUInt32BE(value ?? 0);
  return wire;
}
