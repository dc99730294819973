/** The name server behind `forward` in the cases: a few records, over UDP and TCP on one port. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { canonicalName, isInZone } from '../../src/dns/name.js';
import { RCODE } from '../../src/dns/rcode.js';
import { recordFromText } from '../../src/dns/record-text.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';

export interface UpstreamServer {
  readonly port: number;
  close(): void;
}

/** Serves the records of a zone text; names outside of its SOAs are refused. */
export async function startUpstream(zoneText: string): Promise<UpstreamServer> {
  const records = zoneText
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => recordFromText(line));
  const answer = (bytes: Buffer): Uint8Array | undefined => {
    const query = decodeMessage(bytes);
    return query === undefined || query.response ? undefined : encodeMessage(reply(query, records));
  };
  const { udp, tcp, port } = await bindBoth();
  udp.on('message', (bytes, peer) => {
    const sent = answer(bytes);
    if (sent !== undefined) udp.send(sent, peer.port, peer.address);
  });
  tcp.on('connection', (socket) => {
    let stream: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      stream = Buffer.concat([stream, chunk]);
      while (stream.length >= 2 && stream.length >= 2 + stream.readUInt16BE(0)) {
        const end = 2 + stream.readUInt16BE(0);
        const sent = answer(stream.subarray(2, end));
        stream = stream.subarray(end);
        if (sent === undefined) continue;
        socket.write(Buffer.concat([Uint8Array.of(sent.length >> 8, sent.length & 0xff), sent]));
      }
    });
  });
  return {
    port,
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}

/** TCP takes a free port, and UDP the same; another one when somebody has it over UDP. */
export async function bindBoth(): Promise<{ udp: Socket; tcp: Server; port: number }> {
  for (;;) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const udp = createSocket('udp4');
    const isBound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (isBound) return { udp, tcp, port };
    tcp.close();
    udp.close();
  }
}

function reply(query: Message, records: readonly ResourceRecord[]): Message {
  const [question] = query.question;
  const qname = canonicalName(question?.qname ?? '');
  const soa = records.find(
    (record) => record.type === RRTYPE.SOA && isInZone(qname, canonicalName(record.owner)),
  );
  const owned = records.filter((record) => canonicalName(record.owner) === qname);
  const answer = owned
    .filter((record) => record.type === question?.qtype)
    .map((record) => ({ ...record, owner: question?.qname ?? record.owner }));
  const nameError = owned.length === 0 ? RCODE.NXDOMAIN : RCODE.NOERROR;
  return message({
    id: query.id,
    response: true,
    recursionDesired: query.recursionDesired,
    recursionAvailable: true,
    rcode: soa === undefined ? RCODE.REFUSED : nameError,
    question: query.question,
    answer,
    authority: soa === undefined || answer.length > 0 ? [] : [soa],
    ...(query.edns === undefined
      ? {}
      : { edns: { udpSize: 1232, version: 0, dnssecOk: query.edns.dnssecOk, options: [] } }),
  });
}
