/** What the minimal directive leaves of replies. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describePeerCases, type PeerCase } from '../peer-cases.js';
import { type BlockUnderTest, faultsOf, serverBlock } from '../server-block.js';
import { ZoneUpstream } from '../zone-upstream.js';

const REPLY =
  'answer "{{ .Name }} 60 IN MX 1 mx.example."\nauthority "example. 60 IN NS ns.example."\nadditional "mx.example. 60 IN A 10.0.0.1"';

const CASES: readonly PeerCase[] = [
  {
    title: 'a positive answer keeps its answer section only',
    body: `minimal\ntemplate IN MX {\n${REPLY}\n}`,
    answers: { 'a.example MX': ['NOERROR aa', 'a.example. 60 IN MX 1 mx.example.'] },
  },
  {
    title: 'denials keep their SOA record',
    body: 'minimal\nforward . UPSTREAM',
    answers: {
      'none.org': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'web.org TXT': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'web.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
    },
  },
  {
    title: 'a referral stays as it is',
    body: 'minimal\ntemplate IN A {\nauthority "example. 60 IN NS ns.example."\nadditional "ns.example. 60 IN A 10.0.0.1"\n}',
    answers: {
      'a.example': [
        'NOERROR aa',
        'authority example. 60 IN NS ns.example.',
        'additional ns.example. 60 IN A 10.0.0.1',
      ],
    },
  },
];

describePeerCases(CASES, ['web.org. 300 IN A 192.0.2.1']);

describe('a forwarded answer', () => {
  let upstream: ZoneUpstream;
  let under: BlockUnderTest | undefined;
  beforeAll(async () => {
    upstream = await ZoneUpstream.open(['web.org. 300 IN A 192.0.2.1'], {
      'web.org.': {
        authority: ['org. 60 IN NS ns.org.'],
        additional: ['ns.org. 60 IN A 192.0.2.2'],
      },
    });
  });
  afterAll(() => upstream.close());
  afterEach(() => under?.close());

  it('loses what is only helpful, from the cache too, and keeps OPT', async () => {
    under = serverBlock(`minimal\ncache\nforward . ${upstream.address}`);
    for (let i = 0; i < 2; i++) {
      const reply = await under.ask('wEb.org', { edns: {} });
      expect(reply).toMatchObject({ authority: [], additional: [], edns: { version: 0 } });
      expect(reply?.answer.map(({ owner }) => owner)).toEqual(['wEb.org.']);
    }
  });
});

it('the directive takes neither arguments nor options', () => {
  expect(faultsOf('minimal x')).toEqual(['2: minimal takes no argument, found "x" (remove it)']);
  expect(faultsOf('minimal {\n x\n}')).toEqual([
    '3: minimal has no options, found "x" (remove the line)',
  ]);
});
