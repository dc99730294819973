/** A zone's records at one moment, while its table goes on changing. */
import { expect, it } from 'vitest';
import { recordToText } from '../../src/dns/record-text.js';
import { openZone, type ServedZone } from '../../src/zone/served-zone.js';
import { zoneRecords, zoneSoa } from '../../src/zone/zone-records-reader.js';
import { ZoneTable } from '../../src/zone/zone-table.js';

const zone = 'cluster.local.';

function tableWith(count: number): { table: ZoneTable; served: ServedZone } {
  const capacity = 64 * 1024 * 1024;
  const table = new ZoneTable({ zone, ttlSeconds: 400, allowsShort: () => true }, capacity);
  fill(table, count, '10.0.0.1');
  const served = openZone(
    {
      zone,
      kind: 'forward',
      table: table.buffer,
      ttlSeconds: 400,
      fallthrough: false,
      short: true,
      searchOutside: false,
    },
    0,
  );
  return { table, served };
}

function fill(table: ZoneTable, count: number, address: string): void {
  const owners = Array.from({ length: count }, (_, i) => ({
    name: `s${i}.ns${i % 10}.svc`,
    rrsets: [{ type: 'A' as const, addresses: [address] }],
  }));
  table.replaceUnit('all', owners);
  table.writer.reclaim();
}

it('tells what was there when the first name was taken, whatever comes then', async () => {
  const count = 20_000;
  const { table, served } = tableWith(count);
  const addresses = new Set<string>();
  const owners: string[] = [];
  let rounds = 0;
  for await (const records of zoneRecords(served)) {
    if (owners.length % 5_000 === 0) {
      rounds += 1;
      fill(table, count, `10.0.1.${rounds}`);
      fill(table, 10, `10.0.2.${rounds}`);
    }
    for (const { owner, rdata } of records) {
      owners.push(owner);
      addresses.add([...rdata].join('.'));
    }
  }
  expect(rounds).toBe(4);
  expect([...addresses]).toEqual(['10.0.0.1']);
  expect(new Set(owners).size).toBe(count);
  const inOrder = owners.map((owner) => owner.split('.').slice(0, 2).reverse().join(' '));
  expect(inOrder).toEqual([...inOrder].sort());
});

it('has the SOA of negative answers, with the serial of now', () => {
  const { table, served } = tableWith(0);
  for (const serial of [7, 2 ** 32 - 1]) {
    table.writer.setSerial(serial);
    expect(recordToText(zoneSoa(served))).toBe(
      `cluster.local. 300 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${serial} 7200 1800 86400 400`,
    );
  }
});
