import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChain } from '../../../src/chain/chain.js';
import { planText } from '../../../src/corefile/loader.js';
import { recordFromText, recordToText } from '../../../src/dns/record-text.js';
import { silentLogger } from '../../../src/observe/logger.js';
import { forwardPlugin } from '../../../src/plugins/forward/directive.js';
import { ForwardHandler } from '../../../src/plugins/forward/handler.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../../src/wire/message.js';
import { queryBytes, UDP_CLIENT } from '../../chain/queries.js';

let directory = '';
let server: Server;
let port = 0;
/** Names that clients gave in their handshakes; '' for none. */
const serverNames: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'svcdns-tls-'));
  const certificate = await generate([{ name: 'commonName', value: 'dns.example' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'dns.example' }] }],
  });
  writeFileSync(join(directory, 'ca.pem'), certificate.cert);
  server = createServer({ key: certificate.private, cert: certificate.cert }, (socket) => {
    serverNames.push(typeof socket.servername === 'string' ? socket.servername : '');
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      // clients here send one question at a time, in one write
      const asked = decodeMessage(bytes.subarray(2));
      const reply = encodeMessage(
        message({
          id: asked?.id ?? 0,
          response: true,
          question: asked?.question ?? [],
          answer: [recordFromText(`${asked?.question[0]?.qname} 60 IN A 192.0.2.1`)],
        }),
      );
      const frame = Buffer.alloc(2 + reply.length);
      frame.writeUInt16BE(reply.length);
      frame.set(reply, 2);
      // in two pieces: frames are no segments
      socket.write(frame.subarray(0, 5), () => socket.write(frame.subarray(5)));
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

async function ask(directive: string, ...names: readonly string[]): Promise<Message[]> {
  const registry = new Map([[forwardPlugin.name, forwardPlugin]]);
  const load = { env: {}, registry, cwd: directory };
  const { plan, faults } = planText(`. {\n${directive}\n}\n`, 'Corefile', load);
  const block = plan?.blocks[0];
  const options = block === undefined ? undefined : optionsOf(block, forwardPlugin);
  if (block === undefined || options === undefined) {
    throw new Error(faults?.map((fault) => fault.line).join('\n'));
  }
  const handler = new ForwardHandler(options, {
    logger: silentLogger,
    addresses: block.addresses,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => 0.5,
    ownsName: () => false,
    resolve: () => Promise.reject(new Error('not asked here')),
    count: () => {},
    observe: () => {},
  });
  const chain = createChain({
    blocks: [block],
    listener: { scheme: 'dns', port: 53 },
    handlersOf: () => [handler],
    logger: silentLogger,
  });
  const replies: Message[] = [];
  for (const qname of names) {
    const bytes = await chain.resolve(queryBytes({ qname }), UDP_CLIENT);
    const reply = bytes === undefined ? undefined : decodeMessage(bytes);
    if (reply === undefined) throw new Error('no reply');
    replies.push(reply);
  }
  await handler.close();
  return replies;
}

describe('an upstream over TLS', () => {
  it('is asked when its certificate holds the name, on one connection for several questions', async () => {
    serverNames.length = 0;
    const replies = await ask(
      `forward . tls://127.0.0.1:${port} {\n tls ca.pem\n tls_servername dns.example\n}`,
      'a.example.',
      'b.example.',
    );
    expect(replies.map((reply) => reply.answer.map(recordToText))).toEqual([
      ['a.example. 60 IN A 192.0.2.1'],
      ['b.example. 60 IN A 192.0.2.1'],
    ]);
    expect(serverNames).toEqual(['dns.example']);
  });

  it('is asked when the address carries the name', async () => {
    const [reply] = await ask(
      `forward . tls://127.0.0.1%dns.example:${port} {\n tls ca.pem\n}`,
      'a.example.',
    );
    expect(reply?.rcode).toBe(0);
  });

  it.each([
    ['another name', 'tls ca.pem\n tls_servername other.example'],
    ['no name, only its address', 'tls ca.pem'],
    ['a certificate that nobody vouches for', 'tls_servername dns.example'],
  ])('is not trusted with %s', async (_, lines) => {
    const [reply] = await ask(
      `forward . tls://127.0.0.1:${port} {\n ${lines}\n max_fails 0\n}`,
      'a.example.',
    );
    expect(reply?.rcode).toBe(2);
    expect(reply?.answer).toEqual([]);
  });
});
