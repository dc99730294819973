/** What becomes of a handler's reply on its way to the client. */
import { describe, expect, it } from 'vitest';
import { type RecordsReply, recordsReply } from '../../src/chain/reply.js';
import { replyLimits } from '../../src/chain/reply-limits.js';
import { writeReply } from '../../src/chain/reply-writer.js';
import { nameToWire } from '../../src/dns/name.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import { addresses, type QueryFields, query, record, TCP_CLIENT, UDP_CLIENT } from './queries.js';

const SOA = record('example.', 6, [
  ...nameToWire('ns.example.'),
  ...nameToWire('hostmaster.example.'),
  ...Array.from({ length: 20 }, () => 1),
]);

interface Written {
  readonly bytes: Uint8Array;
  readonly message: Message;
}

function write(
  fields: QueryFields,
  reply: RecordsReply | Uint8Array,
  client = UDP_CLIENT,
  udpLimit?: number,
): Written {
  const asked = query(fields, client);
  const bytes = writeReply(
    asked,
    reply instanceof Uint8Array ? { kind: 'bytes', bytes: reply } : reply,
    replyLimits(asked, udpLimit),
  );
  const decoded = decodeMessage(bytes);
  if (decoded === undefined) throw new Error('the reply is malformed');
  return { bytes, message: decoded };
}

function upstream(parts: Partial<Message> = {}, qname = 'web.example.'): Uint8Array {
  return encodeMessage(
    message({
      id: 0xbeef,
      response: true,
      recursionAvailable: true,
      recursionDesired: true,
      question: [{ qname, qtype: 1, qclass: 1 }],
      answer: addresses(qname, 2),
      ...parts,
    }),
  );
}

describe('a reply of records', () => {
  it('carries ID, RD and CD of the query and AA, RA of the handler', () => {
    const reply = recordsReply(0, { authoritative: true, answer: addresses('web.example.', 1) });
    const { message: sent } = write(
      { id: 0x1234, recursionDesired: true, checkingDisabled: true },
      reply,
    );
    expect(sent).toMatchObject({
      id: 0x1234,
      response: true,
      authoritative: true,
      recursionAvailable: false,
      recursionDesired: true,
      checkingDisabled: true,
      rcode: 0,
    });
    expect(write({}, recordsReply(0, { recursionAvailable: true })).message).toMatchObject({
      authoritative: false,
      recursionAvailable: true,
      recursionDesired: false,
      checkingDisabled: false,
    });
  });

  it('echoes the question and the owner names in the letter case of the asker', () => {
    const { message: sent } = write(
      { qname: 'wEb.ExamplE.' },
      recordsReply(0, { answer: addresses('WEB.example.', 2) }),
    );
    expect(sent.question[0]?.qname).toBe('wEb.ExamplE.');
    expect(sent.answer.map(({ owner }) => owner)).toEqual(['wEb.ExamplE.', 'wEb.ExamplE.']);
  });

  it('sends AD only to a client that set AD or DO', () => {
    const reply = recordsReply(0, { authenticData: true });
    expect(write({}, reply).message.authenticData).toBe(false);
    expect(write({ edns: {} }, reply).message.authenticData).toBe(false);
    expect(write({ authenticData: true }, reply).message.authenticData).toBe(true);
    expect(write({ edns: { dnssecOk: true } }, reply).message.authenticData).toBe(true);
  });

  it('has an OPT record exactly when the query had one: our size, DO echoed, version 0, no options', () => {
    expect(write({}, recordsReply(0)).message.edns).toBeUndefined();
    const options = [{ code: 10, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }];
    const edns = { udpSize: 4096, dnssecOk: true, options };
    expect(write({ edns }, recordsReply(0)).message.edns).toEqual({
      udpSize: 1232,
      version: 0,
      dnssecOk: true,
      options: [],
    });
  });

  it('carries an extended error, and an rcode above 15, only in an OPT record', () => {
    const reply = recordsReply(16, { extendedError: { code: 22, text: 'no upstream' } });
    const plain = write({}, reply).message;
    expect(plain.rcode).toBe(2);
    const extended = write({ edns: {} }, reply).message;
    expect(extended.rcode).toBe(16);
    expect(extended.edns?.options).toEqual([
      { code: 15, data: Uint8Array.from([0, 22, ...Buffer.from('no upstream')]) },
    ]);
  });

  it.each([
    ['512 octets without EDNS', {}, 512, 30],
    ['512 octets for a client that announces less', { edns: { udpSize: 100 } }, 512, 29],
    ['what the client announces', { edns: { udpSize: 800 } }, 800, 47],
    ['our own limit at most', { edns: { udpSize: 4096 } }, 1232, 74],
  ])('cuts answers over UDP to %s, with TC', (_what, fields, octets, count) => {
    const { bytes, message: sent } = write(
      fields,
      recordsReply(0, { answer: addresses('web.example.', 120) }),
    );
    expect(bytes.length).toBeLessThanOrEqual(octets);
    expect(sent.answer).toHaveLength(count);
    expect(sent.truncated).toBe(true);
    expect(sent.edns !== undefined).toBe('edns' in fields);
  });

  it('is bounded over UDP by the limit of its server block', () => {
    const reply = recordsReply(0, { answer: addresses('web.example.', 120) });
    const sent = write({ edns: { udpSize: 4096 } }, reply, UDP_CLIENT, 4096).message;
    expect(sent.answer).toHaveLength(120);
    expect(sent.truncated).toBe(false);
    expect(sent.edns?.udpSize).toBe(4096);
  });

  it('is sent whole over TCP', () => {
    const reply = recordsReply(0, { answer: addresses('web.example.', 4000) });
    const { message: sent } = write({}, reply, TCP_CLIENT);
    expect(sent.answer).toHaveLength(4000);
    expect(sent.truncated).toBe(false);
  });

  it('is cut with TC over TCP too where no length prefix could tell its size', () => {
    const reply = recordsReply(0, { answer: addresses('web.example.', 5000) });
    const { bytes, message: sent } = write({ edns: {} }, reply, TCP_CLIENT);
    expect(bytes.length).toBeLessThanOrEqual(65_535);
    expect(sent.truncated).toBe(true);
  });

  it('drops additional records by whole RRsets and without TC', () => {
    const glue = [
      ...addresses('a.example.', 5),
      ...addresses('b.example.', 40),
      ...addresses('c.example.', 1),
    ];
    const { message: sent } = write(
      {},
      recordsReply(0, { answer: addresses('web.example.', 10), additional: glue }),
    );
    expect(sent.answer).toHaveLength(10);
    expect(sent.additional).toHaveLength(5);
    expect(sent.truncated).toBe(false);
  });

  it('says TC when a negative answer loses its SOA, and a referral its glue', () => {
    const long = `${'x'.repeat(60)}.`.repeat(4);
    const soa = {
      ...SOA,
      rdata: Uint8Array.from([
        ...nameToWire(long),
        ...nameToWire(long.replaceAll('x', 'y')),
        ...SOA.rdata.slice(-20),
      ]),
    };
    const denied = write({}, recordsReply(3, { authority: [soa] })).message;
    expect(denied.truncated).toBe(true);
    expect(denied.rcode).toBe(3);
    const ns = record('example.', 2, nameToWire('ns.web.example.'));
    const referral = recordsReply(0, {
      authority: [ns],
      additional: addresses('ns.web.example.', 40),
    });
    expect(write({}, referral).message.truncated).toBe(true);
  });

  it('gives up an extended error before it gives up a record', () => {
    const reply = recordsReply(0, {
      answer: addresses('web.example.', 29),
      extendedError: { code: 3, text: 'stale answer' },
    });
    const { message: sent } = write({ edns: { udpSize: 512 } }, reply);
    expect(sent.answer).toHaveLength(29);
    expect(sent.truncated).toBe(false);
    expect(sent.edns?.options).toEqual([]);
  });
});

describe('a reply of bytes', () => {
  it('gets ID, RD, CD and the question of the asker and keeps the flags of the upstream', () => {
    const { message: sent } = write(
      { id: 5, qname: 'WEB.example.', checkingDisabled: true },
      upstream({ rcode: 0, authoritative: true }),
    );
    expect(sent).toMatchObject({
      id: 5,
      recursionDesired: false,
      recursionAvailable: true,
      authoritative: true,
      checkingDisabled: true,
      question: [{ qname: 'WEB.example.' }],
      answer: [{ owner: 'WEB.example.' }, { owner: 'WEB.example.' }],
    });
  });

  it('spells owner names that stand in full as they were asked', () => {
    const bytes = upstream({ answer: addresses('Web.Example.', 2) });
    expect(write({ qname: 'WEB.EXAMPLE.' }, bytes).message.answer).toMatchObject([
      { owner: 'WEB.EXAMPLE.' },
      { owner: 'WEB.EXAMPLE.' },
    ]);
  });

  it('leaves the bytes it was given alone', () => {
    const bytes = upstream();
    const before = Uint8Array.from(bytes);
    write({ id: 3, qname: 'WEB.example.', edns: {} }, bytes);
    expect(bytes).toEqual(before);
  });

  it('loses the OPT record of the upstream when the asker has none, and gets ours otherwise', () => {
    const ede = { code: 15, data: Uint8Array.of(0, 3) };
    const edns = { udpSize: 4096, version: 0, dnssecOk: false, options: [ede] };
    const bytes = upstream({ edns });
    expect(write({}, bytes).message).toMatchObject({ additional: [] });
    expect(write({}, bytes).message.edns).toBeUndefined();
    expect(write({ edns: { dnssecOk: true } }, bytes).message.edns).toEqual({
      udpSize: 1232,
      version: 0,
      dnssecOk: true,
      options: [ede],
    });
    expect(write({ edns: {} }, upstream()).message.edns?.udpSize).toBe(1232);
  });

  it('is written anew when its OPT record is not its last record', () => {
    const bytes = upstream({ additional: addresses('ns.example.', 1) });
    // an OPT record in front of the additional record, which points at nothing behind it
    const at = bytes.length - (2 + 10 + 4) - 3;
    const opt = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0];
    const odd = Uint8Array.from([...bytes.slice(0, at), ...opt, ...bytes.slice(at)]);
    odd[11] = 2;
    const { message: sent } = write({}, odd);
    expect(sent.edns).toBeUndefined();
    expect(sent.additional).toMatchObject([{ owner: 'ns.example.' }]);
  });

  it('is cut with TC when it is too long for the asker', () => {
    const { bytes, message: sent } = write({}, upstream({ answer: addresses('web.example.', 60) }));
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(sent.truncated).toBe(true);
    expect(sent.id).toBe(7);
    expect(sent.recursionAvailable).toBe(true);
    expect(sent.answer).toHaveLength(30);
  });

  it('becomes SERVFAIL when it is malformed', () => {
    const broken = upstream().slice(0, -3);
    expect(write({ edns: {} }, broken).message).toMatchObject({ rcode: 2, answer: [], id: 7 });
  });
});
