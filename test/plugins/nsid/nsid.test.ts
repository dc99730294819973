/** The server's identity in replies. */
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type BlockUnderTest, serverBlock } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';

let upstream: ZoneUpstream;
let under: BlockUnderTest | undefined;

beforeAll(async () => {
  upstream = await ZoneUpstream.open(['web.org. 300 IN A 192.0.2.1']);
});
afterAll(() => upstream.close());
afterEach(() => under?.close());

const wanted = { edns: { options: [{ code: 3, data: new Uint8Array(0) }] } };

async function identity(question: string): Promise<unknown> {
  const reply = await under?.ask(question, wanted);
  return reply?.edns?.options.map(({ code, data }) => [code, Buffer.from(data).toString()]);
}

it('is what the directive says, for clients that ask for it', async () => {
  under = serverBlock(
    `nsid Use The Force\nhosts /nowhere {\n10.0.0.1 a.example\nfallthrough\n}\nforward . ${upstream.address}`,
  );
  expect(await identity('a.example')).toEqual([[3, 'Use The Force']]);
  expect(await identity('web.org')).toEqual([[3, 'Use The Force']]);
  expect(await identity('none.org')).toEqual([[3, 'Use The Force']]);
  expect((await under.ask('web.org', { edns: {} }))?.edns?.options).toEqual([]);
  expect((await under.ask('web.org'))?.edns).toBeUndefined();
});

it('stands beside an extended error', async () => {
  under = serverBlock('nsid me\nacl {\nblock\n}\nhosts');
  expect(await identity('a.example')).toEqual([
    [3, 'me'],
    [15, expect.stringContaining('acl')],
  ]);
});

it('is the name of the host by default', async () => {
  under = serverBlock('nsid\nhosts /nowhere {\n10.0.0.1 a.example\n}');
  expect(await identity('a.example')).toEqual([[3, hostname()]]);
});
