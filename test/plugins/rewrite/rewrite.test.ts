/** The rewrite directive as a client sees it, and what those behind it see. */
import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/chain/query.js';
import { DROP, recordsReply } from '../../../src/chain/reply.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { rewritePlugin } from '../../../src/plugins/rewrite/directive.js';
import { rewriteHandler } from '../../../src/plugins/rewrite/handler.js';
import { type QueryFields, query, UDP_CLIENT } from '../../chain/queries.js';
import { describePeerCases } from '../peer-cases.js';
import { faultsOf, serverBlock } from '../server-block.js';
import { REWRITE_CASES, REWRITE_RECORDS } from './rewrite-cases.js';

describePeerCases(REWRITE_CASES, REWRITE_RECORDS);

describe('a query that no rule changes', () => {
  it('and its reply pass as they are', async () => {
    const { rules } = rulesOf('rewrite name a.example b.example\nrewrite type TXT A');
    const handler = rewriteHandler({ rules }, { resolve: async () => recordsReply(2) });
    const asked = query({ qname: 'c.example.' });
    const reply = { kind: 'bytes', bytes: Uint8Array.of(1) } as const;
    expect(
      await handler.handle(asked, async (passed) => {
        expect(passed).toBe(asked);
        return reply;
      }),
    ).toBe(reply);
  });
});

describe('a query that is changed', () => {
  it('may be dropped behind the directive, and what is no message fails', async () => {
    const { rules } = rulesOf('rewrite type A AAAA');
    const handler = rewriteHandler({ rules }, { resolve: async () => recordsReply(2) });
    expect(await handler.handle(query(), async () => DROP)).toBe(DROP);
    const broken = { kind: 'bytes', bytes: Uint8Array.of(1) } as const;
    expect(await handler.handle(query(), async () => broken)).toMatchObject({ rcode: 2 });
  });

  it('is asked with the letter case of the client put back into the answer', async () => {
    const under = serverBlock(
      'rewrite name suffix .example .test answer auto\nhosts /nowhere {\n 10.0.0.1 web.test\n}',
    );
    expect(await under.lines('wEb.eXample')).toEqual([
      'NOERROR',
      'wEb.eXample. 3600 IN A 10.0.0.1',
    ]);
    const reply = await under.ask('wEb.eXample', { edns: { dnssecOk: true } });
    expect(reply?.edns).toMatchObject({ dnssecOk: true, options: [] });
    expect(reply?.question[0]?.qname).toBe('wEb.eXample.');
    await under.close();
  });

  it('says so when the new name is none', async () => {
    const under = serverBlock('rewrite name regex ^(.*)$ {1}{1}{1}{1}{1}{1}{1}{1}{1}{1}x');
    const reply = await under.ask(`${'a'.repeat(40)}.example`, { edns: {} });
    expect(reply?.rcode).toBe(2);
    expect(reply?.edns?.options).toHaveLength(1);
    await under.close();
  });
});

describe('EDNS options of the query', () => {
  const cookie = { code: 10, data: Uint8Array.of(1) };
  const local = (text: string): { code: number; data: Uint8Array } => ({
    code: 0xffee,
    data: Uint8Array.from(Buffer.from(text)),
  });

  it.each<[string, QueryFields['edns'] | undefined, unknown]>([
    ['local set 0xffee abcd', undefined, [local('abcd')]],
    ['local set 0xffee 0x61626364', { options: [cookie] }, [cookie, local('abcd')]],
    ['local set 0xffee abcd', { options: [local('x')] }, [local('abcd')]],
    ['local append 0xffee abcd', { options: [local('x')] }, [local('x')]],
    ['local append 0xffee abcd', {}, [local('abcd')]],
    ['local replace 0xffee abcd', {}, []],
    ['local replace 65518 abcd revert', { options: [local('x')] }, [local('abcd')]],
    ['local unset 0xffee', { options: [cookie, local('x')] }, [cookie]],
    ['local unset 0xffee', undefined, undefined],
    ['local set 0xffee {qname}', {}, [local('web.example.')]],
    ['local set 0xffee {qtype}', {}, [{ code: 0xffee, data: Uint8Array.of(0, 1) }]],
    ['local set 0xffee {client_ip}', {}, [{ code: 0xffee, data: Uint8Array.of(192, 0, 2, 1) }]],
    ['local set 0xffee {client_port}', {}, [{ code: 0xffee, data: Uint8Array.of(20, 180) }]],
    ['local set 0xffee {server_port}', {}, [{ code: 0xffee, data: Uint8Array.of(0, 53) }]],
    ['local set 0xffee {protocol}', {}, [local('udp')]],
    ['nsid set', undefined, [{ code: 3, data: new Uint8Array(0) }]],
    ['nsid unset', { options: [{ code: 3, data: Uint8Array.of(1) }] }, []],
    ['subnet set 22 56', undefined, [{ code: 8, data: Uint8Array.of(0, 1, 22, 0, 192, 0, 0) }]],
    ['subnet unset', { options: [{ code: 8, data: Uint8Array.of(1) }] }, []],
  ])('edns0 %s', async (rule, edns, expected) => {
    const seen = await seenBehind(`rewrite edns0 ${rule}`, edns === undefined ? {} : { edns });
    expect(seen.edns?.options).toEqual(expected);
  });

  it('hold the prefix of an IPv6 client', async () => {
    const address = '2001:db8:1:2ff::1';
    const seen = await seenBehind('rewrite edns0 subnet set 24 56', {}, address);
    expect(seen.edns?.options[0]?.data).toEqual(
      Uint8Array.of(0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 1, 2),
    );
  });

  it('are in the bytes that are handed on', async () => {
    const seen = await seenBehind('rewrite edns0 local set 0xffee abcd', {});
    expect(Buffer.from(seen.bytes).toString('latin1')).toContain('\xff\xee\x00\x04abcd');
  });
});

async function seenBehind(rule: string, fields: QueryFields, address?: string): Promise<Query> {
  const client = { ...UDP_CLIENT, address: address ?? UDP_CLIENT.address };
  let seen: Query | undefined;
  const handler = rewriteHandler(rulesOf(rule), { resolve: async () => recordsReply(2) });
  await handler.handle(query(fields, client), async (passed) => {
    seen = passed;
    return DROP;
  });
  if (seen === undefined) throw new Error('nothing was handed on');
  return seen;
}

function rulesOf(body: string): Parameters<typeof rewriteHandler>[0] {
  const [block] = serverBlock(body).plan.blocks;
  const options = block && optionsOf(block, rewritePlugin);
  if (options === undefined) throw new Error('no such directive');
  return options;
}

describe('the directive', () => {
  it('faults every rule that it cannot take', () => {
    const answer = 'write answer auto, answer name FROM TO or answer value FROM TO';
    const edns =
      'write rewrite edns0 local ACTION CODE DATA, edns0 nsid ACTION, or edns0 subnet ACTION BITS4 BITS6';
    expect(
      faultsOf(
        [
          'rewrite',
          'rewrite nam a b',
          'rewrite name a',
          'rewrite name wild a b',
          'rewrite name regex ( b',
          'rewrite name exact a..b c',
          'rewrite name suffix a b answer auto name c d',
          'rewrite name suffix a b c',
          'rewrite name suffix a b answer name c',
          'rewrite type A B',
          'rewrite class IN',
          'rewrite ttl a x',
          'rewrite ttl a 5-3',
          'rewrite ttl a -',
          'rewrite rcode a NOERROR BAD',
          'rewrite cname a',
          'rewrite edns0 local add 1 2',
          'rewrite edns0 local set 0x10000 2',
          'rewrite edns0 local set 1 0xabc',
          'rewrite edns0 local set 1 {kubernetes/client-namespace}',
          'rewrite edns0 subnet set 33 56',
          'rewrite edns0 cookie set',
          'rewrite name a b {\n name c d\n}',
        ].join('\n'),
      ),
    ).toEqual([
      '2: rewrite lacks its rule (write one of: name, type, class, ttl, rcode, cname, edns0)',
      '3: rewrite has no field "nam" (write one of: name, type, class, ttl, rcode, cname, edns0)',
      '4: rewrite name has not the words it needs (write rewrite name [MATCH] FROM TO [answer auto|name FROM TO|value FROM TO])',
      '5: rewrite name: there is no match "wild" (write one of: exact, prefix, suffix, substring, regex)',
      '6: rewrite: "(" is no regular expression: unterminated group (correct it)',
      '7: rewrite: "a..b" is no domain name (write a domain name)',
      `8: rewrite name: answer auto and answer name exclude each other (${answer})`,
      `9: rewrite name: "c" is not expected here (${answer})`,
      `10: rewrite name: answer name lacks its pattern or name (${answer})`,
      '11: rewrite type: there is no type "B" (correct it)',
      '12: rewrite class has not the words it needs (write rewrite class FROM TO)',
      '13: rewrite ttl: "x" is no TTL (write SECONDS, MIN-MAX, MIN- or -MAX)',
      '14: rewrite ttl: "5-3" is no TTL (write SECONDS, MIN-MAX, MIN- or -MAX)',
      '15: rewrite ttl: "-" is no TTL (write SECONDS, MIN-MAX, MIN- or -MAX)',
      '16: rewrite rcode: there is no rcode "BAD" (correct it)',
      '17: rewrite cname has not the words it needs (write rewrite cname [MATCH] FROM TO)',
      `18: rewrite edns0: there is no action "add" (${edns})`,
      `19: rewrite edns0: "0x10000" is no option code (${edns})`,
      `20: rewrite edns0: "0xabc" is not hexadecimal (${edns})`,
      '21: rewrite edns0: svcdns has no {kubernetes/client-namespace} (known: {qname}, {qtype}, {client_ip}, {client_port}, {protocol}, {server_port})',
      `22: rewrite edns0: "33" is no number of bits from 0 to 32 (${edns})`,
      `23: rewrite edns0: there is no option "cookie" (${edns})`,
      '24: rewrite has a rule on its line and another in braces (write rewrite [continue|stop] { RULE })',
    ]);
  });
});
