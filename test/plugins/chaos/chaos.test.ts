/** What the server says of itself in class CH. */
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { describePeerCases, type PeerCase } from '../peer-cases.js';
import { type BlockUnderTest, faultsOf, serverBlock } from '../server-block.js';

const CASES: readonly PeerCase[] = [
  {
    title: 'its version, host and author',
    body: 'chaos svcdns-001 info@example.org\nhosts /nowhere {\n10.0.0.1 a.example\n}',
    answers: {
      'Version.bind TXT CH': ['NOERROR', 'Version.bind. 0 CH TXT "svcdns-001"'],
      'version.server TXT CH': ['NOERROR', 'version.server. 0 CH TXT "svcdns-001"'],
      'hostname.bind TXT CH': ['NOERROR', `hostname.bind. 0 CH TXT "${hostname()}"`],
      'id.SERVER TXT CH': ['NOERROR', `id.SERVER. 0 CH TXT "${hostname()}"`],
      'authors.bind TXT CH': ['NOERROR', 'authors.bind. 0 CH TXT "info@example.org"'],
      'version.bind A CH': ['SERVFAIL'],
      'a.example': ['NOERROR aa', 'a.example. 3600 IN A 10.0.0.1'],
    },
  },
];

describePeerCases(CASES, []);

describe('the directive', () => {
  let under: BlockUnderTest | undefined;
  afterEach(() => under?.close());

  it('has a name of its own, and no version to give away', async () => {
    under = serverBlock('chaos');
    expect(await under.lines('version.bind TXT CH')).toContain('version.bind. 0 CH TXT "svcdns"');
    expect(await under.lines('authors.bind TXT CH')).toContain('authors.bind. 0 CH TXT "svcdns"');
  });

  it('gives authors in any order', async () => {
    under = serverBlock('chaos v a b');
    const orders = new Set<string>();
    for (let i = 0; i < 60; i++) orders.add((await under.lines('authors.bind TXT CH')).join());
    expect(orders.size).toBe(2);
  });

  it('leaves other names and classes to those behind', async () => {
    under = serverBlock('chaos\nhosts /nowhere {\n10.0.0.1 a.example\n}');
    expect(await under.lines('a.example A CH')).toEqual(['SERVFAIL']);
    expect(await under.lines('version.bind TXT')).toEqual(['SERVFAIL']);
  });

  it('faults a text that is too long', () => {
    expect(faultsOf(`chaos ${'x'.repeat(256)}`)).toEqual([
      '2: chaos: "xxxxxxxxxxxxxxxxxxxx..." is too long (write at most 255 octets)',
    ]);
  });
});
