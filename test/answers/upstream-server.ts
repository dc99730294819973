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
  const udp = createSocket('udp4');
  udp.on('message', (bytes, peer) => {
    const sent = answer(bytes);
    if (sent !== undefined) udp.send(sent, peer.port, peer.address);
  });
  const { tcp, port } = await bindBoth(udp);
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

/** UDP takes a free port, and TCP the same. */
async function bindBoth(udp: Socket): Promise<{ tcp: Server; port: number }> {
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = createServer();
  tcp.listen(udp.address().port, '127.0.0.1');
  await once(tcp, 'listening');
  return { tcp, port: udp.address().port };
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
