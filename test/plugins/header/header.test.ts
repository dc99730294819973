/** Flags that the header directive sets and clears. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Query } from '../../../src/chain/query.js';
import { DROP, recordsReply } from '../../../src/chain/reply.js';
import { headerHandler } from '../../../src/plugins/header/handler.js';
import { query } from '../../chain/queries.js';
import { describePeerCases, type PeerCase } from '../peer-cases.js';
import { faultsOf, serverBlock } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';

const HOSTS = 'hosts /nowhere {\n10.0.0.1 a.example\n}';

const CASES: readonly PeerCase[] = [
  {
    title: 'RA is set',
    body: `header {\nresponse set ra\n}\n${HOSTS}`,
    answers: { 'a.example': ['NOERROR aa ra', 'a.example. 3600 IN A 10.0.0.1'] },
  },
  {
    title: 'AA is cleared, a later line wins',
    body: `header {\nresponse set ra aa\nresponse clear RA\nresponse clear aa\n}\n${HOSTS}`,
    answers: { 'a.example': ['NOERROR', 'a.example. 3600 IN A 10.0.0.1'] },
  },
  {
    title: 'flags of forwarded answers',
    body: 'header {\nresponse set aa\nresponse clear ra\n}\nforward . UPSTREAM',
    answers: {
      'web.org': ['NOERROR aa', 'web.org. 300 IN A 192.0.2.1'],
      'none.org': ['NXDOMAIN aa', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
];

describePeerCases(CASES, ['web.org. 300 IN A 192.0.2.1']);

describe('RD', () => {
  let upstream: ZoneUpstream;
  beforeAll(async () => {
    upstream = await ZoneUpstream.open(['web.org. 300 IN A 192.0.2.1']);
  });
  afterAll(() => upstream.close());

  it.each([`forward . UPSTREAM`, HOSTS])('of a reply is as told: %s', async (body) => {
    const rest = body.replace('UPSTREAM', upstream.address);
    const cleared = serverBlock(`header {\nresponse clear rd\n}\n${rest}`);
    expect((await cleared.ask('web.org'))?.recursionDesired).toBe(false);
    const set = serverBlock(`header {\nresponse set rd\n}\n${rest}`);
    const reply = await set.ask('wEb.org', { recursionDesired: false });
    expect(reply).toMatchObject({ recursionDesired: true, question: [{ qname: 'wEb.org.' }] });
    await cleared.close();
    await set.close();
  });

  it('of a query is set or cleared for those behind, while the reply has that of the client', async () => {
    const seen: Query[] = [];
    const handler = headerHandler({ query: { rd: true }, response: {} });
    await handler.handle(query(), async (passed) => {
      seen.push(passed);
      return DROP;
    });
    expect(seen[0]).toMatchObject({ recursionDesired: true });
    expect(seen[0]?.bytes[2]).toBe(1);
    const under = serverBlock(`header {\nquery set rd\n}\nforward . ${upstream.address}`);
    expect((await under.ask('web.org', { recursionDesired: false }))?.recursionDesired).toBe(false);
    await under.close();
  });
});

it('a drop and what is no message pass', async () => {
  const handler = headerHandler({ query: {}, response: { aa: true } });
  expect(await handler.handle(query(), async () => DROP)).toBe(DROP);
  const broken = { kind: 'bytes', bytes: Uint8Array.of(1) } as const;
  expect(await handler.handle(query(), async () => broken)).toBe(broken);
  const reply = await handler.handle(query(), async () => recordsReply(0));
  expect(reply).toMatchObject({ authoritative: true, recursionAvailable: false });
});

it('the directive faults what it cannot take', () => {
  const form = (name: string): string => `(write ${name} set|clear aa|ra|rd...)`;
  expect(
    faultsOf('header {\n response\n query flip aa\n response set\n query set tc\n set ra\n}'),
  ).toEqual([
    `3: response lacks its action ${form('response')}`,
    `4: query has no action "flip" ${form('query')}`,
    `5: response lacks its flags ${form('response')}`,
    `6: query: there is no flag "tc" ${form('query')}`,
    '7: header has no option "set" (known: query, response)',
  ]);
});
