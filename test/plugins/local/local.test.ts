/** Names that mean the host itself. */
import { expect, it } from 'vitest';
import { describePeerCases, type PeerCase } from '../peer-cases.js';
import { faultsOf, serverBlock } from '../server-block.js';

const SOA = 'SOA localhost. root.localhost. 1 0 0 0 604800';
const HOSTS = 'hosts /nowhere {\n10.0.0.1 localhost.example\n}';

const CASES: readonly PeerCase[] = [
  {
    title: 'localhost',
    body: 'local',
    answers: {
      LocalHost: ['NOERROR', 'LocalHost. 604800 IN A 127.0.0.1'],
      'localhost AAAA': ['NOERROR', 'localhost. 604800 IN AAAA ::1'],
      'localhost SOA': ['NOERROR', `localhost. 604800 IN ${SOA}`],
      'localhost NS': ['NOERROR', 'localhost. 604800 IN NS localhost.'],
      'localhost TXT': ['NOERROR', `authority localhost. 604800 IN ${SOA}`],
    },
  },
  {
    title: 'names below localhost, and what a search list makes of it',
    body: `local\n${HOSTS}`,
    answers: {
      'a.localhost': ['NOERROR', 'a.localhost. 604800 IN A 127.0.0.1'],
      'a.b.localhost AAAA': ['NOERROR', 'a.b.localhost. 604800 IN AAAA ::1'],
      'a.localhost SOA': ['NOERROR', `authority a.localhost. 604800 IN ${SOA}`],
      'localhost.example': ['NOERROR', 'localhost.example. 604800 IN A 127.0.0.1'],
      'localhost.example MX': ['NOERROR', `authority localhost.example. 604800 IN ${SOA}`],
      'xlocalhost.example': ['SERVFAIL'],
    },
  },
  {
    title: 'localhost_prefix off',
    body: `local {\nlocalhost_prefix off\n}\n${HOSTS}`,
    answers: {
      'localhost.example': ['NOERROR aa', 'localhost.example. 3600 IN A 10.0.0.1'],
      'a.localhost': ['NOERROR', 'a.localhost. 604800 IN A 127.0.0.1'],
    },
  },
  {
    title: 'reverse zones',
    body: 'local',
    answers: {
      '1.0.0.127.in-addr.arpa PTR': ['NOERROR', '1.0.0.127.in-addr.arpa. 604800 IN PTR localhost.'],
      '1.0.0.127.in-addr.arpa': ['NOERROR', `authority 127.in-addr.arpa. 604800 IN ${SOA}`],
      '2.0.0.127.in-addr.arpa PTR': ['NXDOMAIN', `authority 127.in-addr.arpa. 604800 IN ${SOA}`],
      '0.0.127.in-addr.arpa PTR': ['NOERROR', `authority 127.in-addr.arpa. 604800 IN ${SOA}`],
      '0.in-addr.arpa SOA': ['NOERROR', `0.in-addr.arpa. 604800 IN ${SOA}`],
      '127.in-addr.arpa NS': ['NOERROR', '127.in-addr.arpa. 604800 IN NS localhost.'],
      '1.255.in-addr.arpa PTR': ['NXDOMAIN', `authority 255.in-addr.arpa. 604800 IN ${SOA}`],
    },
    differs: {
      '0.0.127.in-addr.arpa PTR': 'it denies a name that has another below it',
    },
  },
];

describePeerCases(CASES, []);

it('names around localhost are counted', async () => {
  const under = serverBlock('local');
  for (const name of ['localhost', 'a.localhost', 'localhost.example']) await under.ask(name);
  expect([...under.counts]).toEqual([['coredns_local_localhost_requests_total', 2]]);
  await under.close();
});

it('the directive faults what it cannot take', () => {
  expect(faultsOf('local x')).toHaveLength(1);
  expect(faultsOf('local {\n localhost_prefix maybe\n}')).toEqual([
    '3: localhost_prefix has no value "maybe" (one of: on, off)',
  ]);
});
