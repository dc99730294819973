/** The acl directive as clients of several networks see it. */
import { afterEach, describe, expect, it } from 'vitest';
import { describePeerCases, type PeerCase } from '../peer-cases.js';
import { type BlockUnderTest, faultsOf, serverBlock } from '../server-block.js';

const HOSTS = 'hosts /nowhere {\n10.0.0.1 a.example b.example\n}';
const OK = ['NOERROR aa', 'a.example. 3600 IN A 10.0.0.1'];

/** Asked from 127.0.0.1. */
const CASES: readonly PeerCase[] = [
  {
    title: 'block by type',
    body: `acl {\nblock type A AAAA\n}\n${HOSTS}`,
    answers: { 'a.example': ['REFUSED'], 'a.example TXT': ['NOERROR aa'] },
  },
  {
    title: 'filter by network',
    body: `acl {\nfilter net 127.0.0.0/8\n}\n${HOSTS}`,
    answers: { 'a.example': ['NOERROR'], 'none.example': ['NOERROR'] },
  },
  {
    title: 'drop',
    body: `acl {\ndrop type A net 127.0.0.1\n}\n${HOSTS}`,
    answers: { 'a.example': [], 'a.example AAAA': ['NOERROR aa'] },
  },
  {
    title: 'the first line that matches',
    body: `acl {\nallow net 127.0.0.1/32\nblock\n}\n${HOSTS}`,
    answers: { 'a.example': OK },
  },
  {
    title: 'a line without words is for all',
    body: `acl {\nallow net 192.0.2.0/24\nblock\n}\n${HOSTS}`,
    answers: { 'a.example': ['REFUSED'] },
  },
  {
    title: 'zones, and several rules',
    body: `acl b.example {\nblock net *\n}\nacl example {\nfilter type TXT\n}\n${HOSTS}`,
    answers: { 'B.example': ['REFUSED'], 'a.example TXT': ['NOERROR'], 'a.example': OK },
  },
  {
    title: 'a later rule may not undo an earlier allow',
    body: `acl {\nallow type *\n}\nacl {\nblock\n}\n${HOSTS}`,
    answers: { 'a.example': OK },
  },
];

describePeerCases(CASES, []);

describe('clients', () => {
  let under: BlockUnderTest | undefined;
  afterEach(() => under?.close());

  const rcodeFor = async (address: string): Promise<number | undefined> =>
    (await under?.ask('a.example', { client: { address } }))?.rcode;

  it('are told apart to the bit, in both families', async () => {
    under = serverBlock(
      `acl {\nblock net 192.0.2.160/27 2001:db8:8000::/33 198.51.100.7\n}\n${HOSTS}`,
    );
    expect(await rcodeFor('192.0.2.159')).toBe(0);
    expect(await rcodeFor('192.0.2.160')).toBe(5);
    expect(await rcodeFor('192.0.2.191')).toBe(5);
    expect(await rcodeFor('192.0.2.192')).toBe(0);
    expect(await rcodeFor('2001:db8:7fff::1')).toBe(0);
    expect(await rcodeFor('2001:db8:8000::1')).toBe(5);
    expect(await rcodeFor('198.51.100.7')).toBe(5);
    expect(await rcodeFor('198.51.100.8')).toBe(0);
  });

  it('learn of it by an extended error, and the metrics count it', async () => {
    under = serverBlock(`acl {\nblock type A\nfilter type TXT\n}\n${HOSTS}`);
    const code = async (question: string): Promise<number | undefined> =>
      (await under?.ask(question, { edns: {} }))?.edns?.options[0]?.data[1];
    expect(await code('a.example')).toBe(15);
    expect(await code('a.example TXT')).toBe(17);
    await under.ask('a.example MX');
    expect(Object.fromEntries(under.counts)).toMatchObject({
      'coredns_acl_blocked_requests_total server=dns://:53 zone=. view=': 1,
      'coredns_acl_filtered_requests_total server=dns://:53 zone=. view=': 1,
      'coredns_acl_allowed_requests_total server=dns://:53 view=': 1,
    });
  });
});

describe('the directive', () => {
  it('faults what it cannot take', () => {
    const form = (action: string): string =>
      `(write ${action} [type QTYPE...] [net ADDRESS|ADDRESS/MASK...])`;
    expect(
      faultsOf(
        'acl {\n block A\n block type XX\n allow net 10.0.0.0/33\n drop net\n filter type net 1.2.3.4\n deny\n}',
      ),
    ).toEqual([
      `3: block: "A" is not expected here ${form('block')}`,
      `4: block: there is no type "XX" ${form('block')}`,
      `5: allow: "10.0.0.0/33" is neither an address nor a network ${form('allow')}`,
      `6: drop: net lacks its values ${form('drop')}`,
      `7: filter: type lacks its values ${form('filter')}`,
      '8: acl has no option "deny" (known: allow, block, filter, drop)',
    ]);
  });
});
