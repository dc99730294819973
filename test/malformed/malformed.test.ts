/** Odd messages and our replies: each file of packets/ on each way to an answer, and in docs/behaviour.md. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/chain/query.js';
import type { Answerer } from '../../src/listen/answerer.js';
import { ask, chainAnswerer, fastAnswerer } from './answerers.js';
import { readPackets } from './packet-files.js';
import { checkReply, describeReply } from './reply-rules.js';

const PACKETS = readPackets();

const WAYS: readonly [string, (transport: Transport) => Answerer][] = [
  ['the chain alone', chainAnswerer],
  ['the table in front of the chain', fastAnswerer],
];

describe.each(WAYS)('by %s', (_way, answererFor) => {
  describe.each<Transport>(['udp', 'tcp'])('over %s', (transport) => {
    const answerer = answererFor(transport);
    const packets = PACKETS.filter((packet) => (packet.transport ?? transport) === transport);

    it.each(packets)('$name is answered: $reply', async ({ octets, reply }) => {
      const sent = await ask(answerer, octets, transport);
      const limit = transport === 'udp' ? 1232 : 65_535;
      expect(describeReply(sent && checkReply(octets, sent, limit))).toBe(reply);
    });
  });
});

describe('docs/behaviour.md', () => {
  const page = readFileSync(
    fileURLToPath(new URL('../../docs/behaviour.md', import.meta.url)),
    'utf8',
  );
  const rows = new Map<string, string>();
  for (const line of page.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const file = /^`([\w-]+)\.hex`$/.exec(cells[3] ?? '')?.[1];
    if (file !== undefined) rows.set(file, cells[2] ?? '');
  }

  it.each(PACKETS)('says what $name is answered', ({ name, reply }) => {
    expect(rows.get(name)).toBe(reply);
  });

  it('lists no message without a file', () => {
    expect([...rows.keys()].sort()).toEqual(PACKETS.map(({ name }) => name).sort());
  });
});
