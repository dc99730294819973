/** The fast half from the outside: query octets in, reply octets out, read back by the message decoder. */
import { describe, expect, it } from 'vitest';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { ASK_CHAIN, NO_REPLY } from '../../src/listen/answerer.js';
import type { OwnerRecords } from '../../src/records/rrset.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import { FastAnswerer } from '../../src/zone/fast-answerer.js';
import { Rotation } from '../../src/zone/reply.js';
import { openZone, type ZoneDescription } from '../../src/zone/served-zone.js';
import type { ZoneCut } from '../../src/zone/zone-cuts.js';
import { ZoneTable } from '../../src/zone/zone-table.js';

const zone = 'cluster.local.';

function answererOf(
  owners: readonly OwnerRecords[],
  options: { isDatagram?: boolean; description?: Partial<ZoneDescription> } = {},
): FastAnswerer {
  const table = new ZoneTable({ zone, ttlSeconds: 5, allowsShort: () => true }, 16 * 1024 * 1024);
  table.replaceUnit('', [{ name: '', rrsets: [] }, ...owners]);
  table.writer.setSerial(77);
  table.writer.setReady();
  const served = openZone(
    {
      zone,
      kind: 'forward',
      table: table.buffer,
      ttlSeconds: 5,
      fallthrough: false,
      short: true,
      searchOutside: false,
      ...options.description,
    },
    0,
  );
  const cuts: ZoneCut[] = [
    {
      apex: served.apex,
      labels: served.apexLabels,
      zone: served,
      shortZone: undefined,
      cache: undefined,
    },
    { apex: new Uint8Array([0]), labels: 0, zone: undefined, shortZone: served, cache: undefined },
  ];
  return new FastAnswerer({
    cuts,
    isDatagram: options.isDatagram ?? true,
    udpLimit: 1232,
    rotation: new Rotation(42),
  });
}

interface Asked {
  readonly udpSize?: number;
}

function queryBytes(qname: string, qtype: number, { udpSize }: Asked = {}): Uint8Array {
  return encodeMessage(
    message({
      id: 4711,
      recursionDesired: true,
      question: [{ qname, qtype, qclass: 1 }],
      ...(udpSize === undefined
        ? {}
        : { edns: { udpSize, version: 0, dnssecOk: true, options: [] } }),
    }),
  );
}

function raw(answerer: FastAnswerer, query: Uint8Array): { length: number; bytes: Uint8Array } {
  const out = new Uint8Array(70_000);
  const length = answerer.answer(query, 0, query.length, out, 3, 65_535);
  return { length, bytes: out.slice(3, 3 + Math.max(length, 0)) };
}

function ask(answerer: FastAnswerer, qname: string, qtype: number, asked: Asked = {}): Message {
  const { bytes } = raw(answerer, queryBytes(qname, qtype, asked));
  const reply = decodeMessage(bytes);
  if (reply === undefined) throw new Error(`no message: ${Buffer.from(bytes).toString('hex')}`);
  return reply;
}

function many(count: number): OwnerRecords {
  const addresses = Array.from({ length: count }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  return { name: 'many.ns.svc', rrsets: [{ type: 'A', addresses }], short: true };
}

describe('fast answerer', () => {
  it('answers in the letter case of the question and copies ID and RD', () => {
    const answerer = answererOf([many(1)]);
    const reply = ask(answerer, 'MaNy.nS.svc.CLUSTER.local.', RRTYPE.A);
    expect(reply).toMatchObject({
      id: 4711,
      recursionDesired: true,
      authoritative: true,
      rcode: 0,
    });
    expect(reply.question[0]?.qname).toBe('MaNy.nS.svc.CLUSTER.local.');
    expect(reply.answer).toHaveLength(1);
    expect(reply.answer[0]?.owner).toBe('MaNy.nS.svc.CLUSTER.local.');
    expect([...(reply.answer[0]?.rdata ?? [])]).toEqual([10, 1, 0, 0]);
  });

  it('gives NODATA and NXDOMAIN with the SOA of the zone and its serial', () => {
    const answerer = answererOf([many(1)]);
    for (const [qname, rcode] of [
      ['many.ns.svc.cluster.local.', 0],
      ['none.ns.svc.cluster.local.', 3],
    ] as const) {
      const reply = ask(answerer, qname, RRTYPE.AAAA);
      expect(reply.rcode).toBe(rcode);
      expect(reply.answer).toEqual([]);
      expect(reply.authority).toHaveLength(1);
      const [soa] = reply.authority;
      expect(soa).toMatchObject({ owner: 'cluster.local.', type: RRTYPE.SOA, ttl: 5 });
      const rdata = Buffer.from(soa?.rdata ?? []);
      expect(rdata.readUInt32BE(rdata.length - 20)).toBe(77);
    }
  });

  it('answers a short name like the full one and leaves unknown ones to the chain', () => {
    const answerer = answererOf([many(2)]);
    expect(ask(answerer, 'many.ns.', RRTYPE.A).answer).toHaveLength(2);
    const nodata = ask(answerer, 'many.ns.', RRTYPE.AAAA);
    expect(nodata.rcode).toBe(0);
    expect(nodata.authority[0]?.owner).toBe('many.ns.');
    for (const name of ['other.ns.', 'many.', 'a.many.ns.', 'example.org.']) {
      expect(raw(answerer, queryBytes(name, RRTYPE.A)).length).toBe(ASK_CHAIN);
    }
  });

  it('starts at every address of a set equally often', () => {
    const answerer = answererOf([many(5)]);
    const firsts = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const first = ask(answerer, 'many.ns.svc.cluster.local.', RRTYPE.A).answer[0];
      const key = String(first?.rdata);
      firsts.set(key, (firsts.get(key) ?? 0) + 1);
    }
    expect(firsts.size).toBe(5);
    // 5000 draws of 1/5: a standard deviation of 28, so 200 is out of reach for an even spread
    for (const count of firsts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });

  it('cuts a large set to the client’s size with TC and shows each address in turn', () => {
    const answerer = answererOf([many(300)]);
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const { bytes } = raw(answerer, queryBytes('many.ns.svc.cluster.local.', RRTYPE.A));
      expect(bytes.length).toBeLessThanOrEqual(512);
      const reply = decodeMessage(bytes);
      expect(reply?.truncated).toBe(true);
      expect(reply?.answer).toHaveLength(Math.floor((512 - 12 - 32) / 16));
      for (const record of reply?.answer ?? []) seen.add(String(record.rdata));
    }
    expect(seen.size).toBe(300);
  });

  it('keeps to 1232 octets whatever the client announces, OPT included', () => {
    const answerer = answererOf([many(300)]);
    const query = queryBytes('many.ns.svc.cluster.local.', RRTYPE.A, { udpSize: 65_000 });
    const { bytes } = raw(answerer, query);
    const reply = decodeMessage(bytes);
    expect(bytes.length).toBeLessThanOrEqual(1232);
    expect(bytes.length).toBeGreaterThan(1232 - 16);
    expect(reply?.edns).toMatchObject({ udpSize: 1232, version: 0, dnssecOk: true });
  });

  it('sends all of a large set over a stream', () => {
    const answerer = answererOf([many(300)], { isDatagram: false });
    const reply = ask(answerer, 'many.ns.svc.cluster.local.', RRTYPE.A);
    expect(reply.truncated).toBe(false);
    expect(new Set(reply.answer.map((record) => String(record.rdata))).size).toBe(300);
  });

  it('gives SRV records with their targets’ addresses, which go first when room is short', () => {
    const count = 12;
    const targets = new Map(
      Array.from({ length: count }, (_, i) => [
        `pod-${i}.many.ns.svc`,
        { v4: [`10.1.0.${i}`], v6: [`fd00::${i + 1}`] },
      ]),
    );
    const records = [...targets.keys()].map((target) => ({
      priority: 0,
      weight: 8,
      port: 80,
      target,
    }));
    const owner: OwnerRecords = {
      name: '_http._tcp.many.ns.svc',
      rrsets: [{ type: 'SRV', records, targets }],
    };
    const qname = '_http._tcp.many.ns.svc.cluster.local.';
    const whole = ask(answererOf([owner], { isDatagram: false }), qname, RRTYPE.SRV);
    expect(whole.answer).toHaveLength(count);
    expect(whole.additional).toHaveLength(2 * count);
    expect(whole.additional[3]).toMatchObject({
      owner: 'pod-1.many.ns.svc.cluster.local.',
      type: RRTYPE.AAAA,
    });
    const cut = ask(answererOf([owner]), qname, RRTYPE.SRV, { udpSize: 1000 });
    expect(cut.answer).toHaveLength(count);
    expect(cut.additional).toEqual([]);
    expect(cut.truncated).toBe(false);
    const shorter = ask(answererOf([owner]), qname, RRTYPE.SRV);
    expect(shorter.truncated).toBe(true);
    expect(shorter.answer.length).toBeLessThan(count);
    expect(shorter.answer.length).toBeGreaterThan(0);
  });

  it('follows an alias inside the zone, with the addresses behind it', () => {
    const owner: OwnerRecords = {
      name: 'alias.ns.svc',
      rrsets: [
        {
          type: 'CNAME',
          target: 'next.ns.svc.cluster.local.',
          end: {
            kind: 'inside',
            path: ['next.ns.svc.cluster.local.', 'last.ns.svc.cluster.local.'],
            addresses: { v4: ['10.0.0.9'], v6: [] },
            exists: true,
          },
        },
      ],
    };
    const answerer = answererOf([owner]);
    const reply = ask(answerer, 'alias.ns.svc.cluster.local.', RRTYPE.A);
    expect(reply.answer.map(({ owner: name, type }) => `${name} ${type}`)).toEqual([
      'alias.ns.svc.cluster.local. 5',
      'next.ns.svc.cluster.local. 5',
      'last.ns.svc.cluster.local. 1',
    ]);
    const nodata = ask(answerer, 'alias.ns.svc.cluster.local.', RRTYPE.AAAA);
    expect(nodata.rcode).toBe(0);
    expect(nodata.answer).toHaveLength(2);
    expect(nodata.authority[0]?.type).toBe(RRTYPE.SOA);
    expect(raw(answerer, queryBytes('alias.ns.svc.cluster.local.', RRTYPE.MX)).length).toBe(
      ASK_CHAIN,
    );
  });

  it('reads pod addresses out of their names under pods insecure', () => {
    const answerer = answererOf([{ name: 'ns.pod', rrsets: [], podParent: 'insecure' }]);
    const reply = ask(answerer, '10-1-2-30.ns.pod.cluster.local.', RRTYPE.A);
    expect([...(reply.answer[0]?.rdata ?? [])]).toEqual([10, 1, 2, 30]);
    expect(ask(answerer, '10-1-2-30.ns.pod.cluster.local.', RRTYPE.AAAA).rcode).toBe(0);
    for (const label of [
      '10-1-2',
      '10-1-2-256',
      '10-1-2-03',
      'a-1-2-3',
      '10-1-2-3-4',
      '10.1-2-3-4',
    ]) {
      const { length, bytes } = raw(answerer, queryBytes(`${label}.ns.pod.cluster.local.`, 1));
      if (length !== ASK_CHAIN) expect(decodeMessage(bytes)?.rcode).toBe(3);
    }
    expect(ask(answerer, '10-1-2-3.other.pod.cluster.local.', RRTYPE.A).rcode).toBe(3);
  });

  it('answers nothing to responses and to less than a header, and asks the chain about other classes', () => {
    const answerer = answererOf([many(1)]);
    const query = queryBytes('many.ns.svc.cluster.local.', RRTYPE.A);
    const response = query.slice();
    response[2] = (response[2] ?? 0) | 0x80;
    expect(raw(answerer, response).length).toBe(NO_REPLY);
    expect(raw(answerer, query.slice(0, 11)).length).toBe(NO_REPLY);
    const chaos = query.slice();
    chaos[chaos.length - 1] = 3;
    expect(raw(answerer, chaos).length).toBe(ASK_CHAIN);
  });

  it('asks the chain while the first lists are not in', () => {
    const table = new ZoneTable({ zone, ttlSeconds: 5, allowsShort: () => true }, 1024 * 1024);
    const served = openZone(
      {
        zone,
        kind: 'forward',
        table: table.buffer,
        ttlSeconds: 5,
        fallthrough: false,
        short: false,
        searchOutside: false,
      },
      0,
    );
    const answerer = new FastAnswerer({
      cuts: [
        { apex: served.apex, labels: 2, zone: served, shortZone: undefined, cache: undefined },
      ],
      isDatagram: true,
      udpLimit: 1232,
      rotation: new Rotation(1),
    });
    const query = queryBytes('a.b.svc.cluster.local.', RRTYPE.A);
    expect(raw(answerer, query).length).toBe(ASK_CHAIN);
  });
});
