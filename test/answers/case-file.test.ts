import { describe, expect, it } from 'vitest';
import { recordFromText } from '../../src/dns/record-text.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { encodeMessage, type MessageParts, message } from '../../src/wire/message.js';
import { type AnswerStep, parseCaseFile } from './case-file.js';
import { faultsOf, queryOf } from './reply-check.js';

const CASE = `fixtures: a.yaml b.yaml

# S-05 a title
coredns: skip a reason
query: Web.example.org A +udp +norec +do
status: NOERROR aa
answer:
  Web.example.org. 5 IN A 192.0.2.[1-3]
authority: soa example.org.
`;

describe('a case file', () => {
  it('is read into questions and expectations', () => {
    const file = parseCaseFile('f', CASE);
    expect(file).toMatchObject({ file: 'f', corefile: 'default', fixtures: ['a.yaml', 'b.yaml'] });
    expect(file.cases).toMatchObject([
      {
        title: 'S-05 a title',
        skipOnCoredns: 'a reason',
        steps: [
          {
            question: { qname: 'Web.example.org.', qtype: RRTYPE.A, qclass: RRCLASS.IN },
            transports: ['udp'],
            recursionDesired: false,
            edns: { udpSize: 1232, version: 0, dnssecOk: true },
            rcode: 0,
            flags: new Set(['aa']),
            additional: { kind: 'exactly', records: [] },
          },
        ],
      },
    ]);
  });

  it.each([
    ['query: a. A', /is no line of a file's head/],
    ['# t', /asks nothing/],
    ['# t\nquery: a. A', /no status/],
    ['# t\nstatus: NOERROR', /query: line has to stand before/],
    ['# t\nquery: a. NOTYPE', /is no type/],
    ['# t\nquery: a. A +nonsense\nstatus: WHAT', /is no rcode/],
    ['# t\nquery: a. A\nstatus: NOERROR bb', /is no flag/],
    ['# t\nquery: a. A\nstatus: NOERROR\nanswer:\nauthority: (none)', /needs records/],
    ['# t\nquery: a. A\nstatus: NOERROR\nanswer:\n  a. A 1.2.3.4', /no ttl/],
    ['# t\nquery: a. A\nstatus: NOERROR\nanswer: maybe\n  a. 5 A 1.2.3.4', /no way to compare/],
    ['# t\ncoredns: no', /skip REASON/],
    ['# t\nwhatever', /is no line of a case/],
  ])('is refused with the place of the fault: %j', (text, fault) => {
    expect(() => parseCaseFile('f', text)).toThrow(fault);
    expect(() => parseCaseFile('f', text)).toThrow(/^f:\d+: /);
  });
});

describe('a reply', () => {
  const stepOf = (text: string): AnswerStep => {
    const step = parseCaseFile('f', text).cases[0]?.steps[0];
    if (step === undefined) throw new Error('the case has no step');
    return step;
  };
  const step = stepOf(CASE);
  const records = [1, 2, 3].map((i) => recordFromText(`Web.example.org. 5 IN A 192.0.2.${i}`));
  const soa = recordFromText(
    'example.org. 5 IN SOA ns.dns.example.org. hostmaster.example.org. 77 7200 1800 86400 5',
  );
  const right: MessageParts = {
    id: queryOf(step)
      .slice(0, 2)
      .reduce((id, octet) => id * 256 + octet, 0),
    response: true,
    authoritative: true,
    question: [step.question],
    answer: records.toReversed(),
    authority: [soa],
    edns: { udpSize: 1232, version: 0, dnssecOk: true, options: [] },
  };
  const faults = (parts: Partial<MessageParts>, of: AnswerStep = step): string[] =>
    faultsOf(encodeMessage(message({ ...right, ...parts })), of, {
      transport: 'udp',
      isOurs: true,
    });

  it('passes when all is as expected, in any order, with any serial', () => {
    expect(faults({})).toEqual([]);
  });

  it.each<[string, Partial<MessageParts>]>([
    ['another id', { id: 1 }],
    ['QR clear', { response: false }],
    ['RD set', { recursionDesired: true }],
    ['AA clear', { authoritative: false }],
    ['RA set', { recursionAvailable: true }],
    ['TC set', { truncated: true }],
    ['another rcode', { rcode: 3 }],
    ['another question', { question: [{ ...step.question, qname: 'web.example.org.' }] }],
    ['no question', { question: [] }],
    ['DO clear', { edns: { udpSize: 1232, version: 0, dnssecOk: false, options: [] } }],
    ['a record too few', { answer: records.slice(1) }],
    ['a record twice', { answer: [...records, ...records.slice(0, 1)] }],
    [
      'an owner of another letter case',
      {
        answer: records.map((record) => ({ ...record, owner: 'web.example.org.' })),
      },
    ],
    ['another TTL', { answer: records.map((record) => ({ ...record, ttl: 6 })) }],
    ['no SOA', { authority: [] }],
    ['something additional', { additional: records.slice(0, 1) }],
  ])('does not pass with %s', (_what, parts) => {
    expect(faults(parts)).not.toEqual([]);
  });

  it('does not pass without the OPT that was asked for, or longer than the server allows', () => {
    const { edns: _edns, ...without } = right;
    const bytes = encodeMessage(message(without));
    expect(faultsOf(bytes, step, { transport: 'tcp', isOurs: true })).toEqual(['OPT is missing']);
    const long = recordFromText(`Web.example.org. 5 IN TXT ${`"${'x'.repeat(250)}" `.repeat(5)}`);
    expect(faults({ additional: [long] })).toContainEqual(expect.stringMatching(/octets over UDP/));
  });

  it('is held to what contains and some ask for', () => {
    const step = (how: string): AnswerStep =>
      stepOf(
        CASE.replace('answer:', `answer: ${how}`).replace(
          'authority: soa',
          'authority: anything\n;',
        ),
      );
    const other = recordFromText('Web.example.org. 5 IN A 192.0.2.9');
    expect(faults({ answer: [...records, other] }, step('contains'))).toEqual([]);
    expect(faults({ answer: [...records.slice(1), other] }, step('contains'))).toHaveLength(1);
    expect(faults({ answer: records.slice(1) }, step('some'))).toEqual([]);
    expect(faults({ answer: [other] }, step('some'))).toHaveLength(1);
    expect(faults({ answer: [] }, step('some'))).toHaveLength(1);
  });

  it('has an alias in front of what it stands for', () => {
    const text =
      '# t\nquery: a. A\nstatus: NOERROR\nanswer:\n  a. 5 CNAME b.\n  b. 5 A 192.0.2.1\n';
    const alias = stepOf(text);
    const [first, second] = ['a. 5 CNAME b.', 'b. 5 A 192.0.2.1'].map((line) =>
      recordFromText(line),
    );
    const reply = (answer: MessageParts['answer']): Uint8Array =>
      encodeMessage(
        message({
          id: right.id,
          response: true,
          recursionDesired: true,
          question: [alias.question],
          answer: answer ?? [],
        }),
      );
    if (first === undefined || second === undefined) throw new Error('two records');
    const path = { transport: 'udp', isOurs: true } as const;
    expect(faultsOf(reply([first, second]), alias, path)).toEqual([]);
    expect(faultsOf(reply([second, first]), alias, path)).toHaveLength(1);
  });
});
