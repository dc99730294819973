/** The table: one writer publishes, a reader finds; replaced and removed names, growth, reclaimed memory. */
import { describe, expect, it } from 'vitest';
import type { OwnerRecords } from '../../src/records/rrset.js';
import { hashOctets } from '../../src/wire/query-scan.js';
import { compileEntry, type ZoneContext } from '../../src/zone/answer-compiler.js';
import { relativeKey } from '../../src/zone/relative-key.js';
import { createTableMemory, openTableMemory } from '../../src/zone/table-memory.js';
import { TableReader } from '../../src/zone/table-reader.js';
import { TableWriter } from '../../src/zone/table-writer.js';

const context: ZoneContext = { zone: 'cluster.local.', ttlSeconds: 5, allowsShort: () => true };
const NO_SUFFIX = new Uint8Array(0);

function owner(name: string, address = '10.0.0.1'): OwnerRecords {
  return { name, rrsets: [{ type: 'A', addresses: [address] }] };
}

function find(reader: TableReader, name: string): number {
  const key = relativeKey(name);
  return reader.find(hashOctets(key, 0, key.length), key, 0, key.length, NO_SUFFIX);
}

function remove(writer: TableWriter, name: string): boolean {
  const key = relativeKey(name);
  return writer.remove(key, hashOctets(key, 0, key.length));
}

describe('table', () => {
  it('finds every published name among 20,000 and no other', () => {
    const writer = new TableWriter(createTableMemory(64 * 1024 * 1024));
    for (let i = 0; i < 20_000; i++) writer.publish(compileEntry(owner(`s${i}.ns.svc`), context));
    const reader = new TableReader(openTableMemory(writer.memory.buffer), 0);
    expect(writer.names).toBe(20_000);
    for (let i = 0; i < 20_000; i++) {
      expect(find(reader, `s${i}.ns.svc`)).toBeGreaterThan(0);
      expect(find(reader, `t${i}.ns.svc`)).toBe(0);
    }
  });

  it('says whether publishing changed anything for a reader', () => {
    const writer = new TableWriter(createTableMemory(1024 * 1024));
    expect(writer.publish(compileEntry(owner('a.b.svc'), context)).changed).toBe(true);
    expect(writer.publish(compileEntry(owner('a.b.svc'), context)).changed).toBe(false);
    expect(writer.publish(compileEntry(owner('a.b.svc', '10.0.0.2'), context)).changed).toBe(true);
    expect(writer.names).toBe(1);
  });

  it('forgets a removed name and finds those that collided with it', () => {
    const writer = new TableWriter(createTableMemory(1024 * 1024));
    const names = Array.from({ length: 150 }, (_, i) => `s${i}.ns.svc`);
    for (const name of names) writer.publish(compileEntry(owner(name), context));
    const reader = new TableReader(openTableMemory(writer.memory.buffer), 0);
    for (const name of names.slice(0, 75)) expect(remove(writer, name)).toBe(true);
    expect(remove(writer, 's0.ns.svc')).toBe(false);
    for (const name of names.slice(0, 75)) expect(find(reader, name)).toBe(0);
    for (const name of names.slice(75)) expect(find(reader, name)).toBeGreaterThan(0);
  });

  it('reuses memory once no reader can see it, and not before', () => {
    const writer = new TableWriter(createTableMemory(1024 * 1024));
    const reader = new TableReader(openTableMemory(writer.memory.buffer), 3);
    writer.publish(compileEntry(owner('a.b.svc'), context));
    reader.enter();
    const seen = find(reader, 'a.b.svc');
    const before = reader.octets.slice(seen, seen + 64);
    for (let i = 0; i < 50; i++) {
      writer.publish(compileEntry(owner('a.b.svc', `10.0.1.${i}`), context));
      writer.reclaim();
    }
    expect(reader.octets.slice(seen, seen + 64)).toEqual(before);
    reader.leave();
    writer.reclaim();
    const taken = writer.takenOctets;
    for (let i = 0; i < 500; i++) {
      writer.publish(compileEntry(owner('a.b.svc', `10.0.2.${i % 250}`), context));
      writer.reclaim();
    }
    expect(writer.takenOctets - taken).toBeLessThan(1024);
  });

  it('gives back its index when most names are gone, and still finds the rest', () => {
    const writer = new TableWriter(createTableMemory(64 * 1024 * 1024));
    for (let i = 0; i < 20_000; i++) writer.publish(compileEntry(owner(`s${i}.ns.svc`), context));
    const full = writer.liveOctets;
    for (let i = 100; i < 20_000; i++) remove(writer, `s${i}.ns.svc`);
    writer.reclaim();
    expect(writer.liveOctets).toBeLessThan(full / 50);
    const reader = new TableReader(openTableMemory(writer.memory.buffer), 0);
    for (let i = 0; i < 100; i++) expect(find(reader, `s${i}.ns.svc`)).toBeGreaterThan(0);
  });

  it('stays within bounds while names come and go for ever', () => {
    const writer = new TableWriter(createTableMemory(8 * 1024 * 1024));
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < 100; i++) {
        writer.publish(compileEntry(owner(`r${round}-s${i}.ns.svc`), context));
      }
      for (let i = 0; i < 100; i++) expect(remove(writer, `r${round}-s${i}.ns.svc`)).toBe(true);
      writer.reclaim();
    }
    expect(writer.names).toBe(0);
    expect(writer.takenOctets).toBeLessThan(200_000);
  });
});
