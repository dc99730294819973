/** Blocks with dns64 and the answers of 127.0.0.1. */
import type { PeerCase } from '../peer-cases.js';

/** What the name server behind the blocks knows. */
export const DNS64_RECORDS: readonly string[] = [
  'v4.org. 300 IN A 192.0.2.33',
  'v4.org. 900 IN A 192.0.2.34',
  'v6.org. 300 IN AAAA 2001:db8::1',
  'both.org. 300 IN A 192.0.2.1',
  'both.org. 300 IN AAAA 2001:db8::1',
  'alias.org. 300 IN CNAME v4.org.',
  'txt.org. 300 IN TXT x',
  'long.org. 20 IN A 192.0.2.2',
];

const FORWARD = 'forward . UPSTREAM';

export const DNS64_CASES: readonly PeerCase[] = [
  {
    title: 'clients over IPv4 are left alone',
    body: `dns64\n${FORWARD}`,
    answers: {
      'v4.org AAAA': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'addresses are made where there are none',
    body: `dns64 {\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 64:ff9b::c000:221',
        'v4.org. 60 IN AAAA 64:ff9b::c000:222',
      ],
      'V4.org A': ['NOERROR ra', 'V4.org. 300 IN A 192.0.2.33', 'V4.org. 900 IN A 192.0.2.34'],
      'v6.org AAAA': ['NOERROR ra', 'v6.org. 300 IN AAAA 2001:db8::1'],
      'both.org AAAA': ['NOERROR ra', 'both.org. 300 IN AAAA 2001:db8::1'],
      'alias.org AAAA': [
        'NOERROR ra',
        'alias.org. 300 IN CNAME v4.org.',
        'v4.org. 60 IN AAAA 64:ff9b::c000:221',
        'v4.org. 60 IN AAAA 64:ff9b::c000:222',
      ],
      'txt.org AAAA': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'none.org AAAA': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'long.org AAAA': ['NOERROR ra', 'long.org. 20 IN AAAA 64:ff9b::c000:202'],
      'v4.org TXT': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
      'alias.org AAAA': 'it drops the flags of the answer that it translates',
      'txt.org AAAA': 'it drops the flags of the answer that it translates',
      'long.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'addresses are made where there are some',
    body: `dns64 {\nprefix 64:1337::/96\nallow_ipv4\ntranslate_all\n}\n${FORWARD}`,
    answers: {
      'both.org AAAA': ['NOERROR ra', 'both.org. 300 IN AAAA 64:1337::c000:201'],
      'v6.org AAAA': ['NOERROR ra', 'v6.org. 300 IN AAAA 2001:db8::1'],
    },
    differs: {
      'both.org AAAA': 'it drops the flags of the answer that it translates',
      'v6.org AAAA': 'it hides addresses where there is nothing to translate',
    },
  },
  {
    title: 'a prefix of 32 bits',
    body: `dns64 {\nprefix 2001:db8::/32\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:c000:221::',
        'v4.org. 60 IN AAAA 2001:db8:c000:222::',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a prefix of 40 bits',
    body: `dns64 {\nprefix 2001:db8:100::/40\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:1c0:2:21::',
        'v4.org. 60 IN AAAA 2001:db8:1c0:2:22::',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a prefix of 48 bits',
    body: `dns64 {\nprefix 2001:db8:122::/48\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:122:c000:2:2100::',
        'v4.org. 60 IN AAAA 2001:db8:122:c000:2:2200::',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a prefix of 56 bits',
    body: `dns64 {\nprefix 2001:db8:122:300::/56\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:122:3c0:0:221::',
        'v4.org. 60 IN AAAA 2001:db8:122:3c0:0:222::',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a prefix of 64 bits',
    body: `dns64 {\nprefix 2001:db8:122:344::/64\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:122:344:c0:2:2100:0',
        'v4.org. 60 IN AAAA 2001:db8:122:344:c0:2:2200:0',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a prefix of 96 bits',
    body: `dns64 {\nprefix 2001:db8:122:344::/96\nallow_ipv4\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 60 IN AAAA 2001:db8:122:344::c000:221',
        'v4.org. 60 IN AAAA 2001:db8:122:344::c000:222',
      ],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'names of the block itself',
    body: `dns64 {\nallow_ipv4\n}\nhosts /nowhere {\n10.0.0.1 a.example\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'A.example AAAA': ['NOERROR aa', 'A.example. 600 IN AAAA 64:ff9b::a00:1'],
    },
    differs: {
      'A.example AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a failure counts as an empty answer',
    body: `dns64 {\nallow_ipv4\n}\ntemplate IN AAAA org {\nrcode SERVFAIL\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': [
        'NOERROR ra',
        'v4.org. 300 IN AAAA 64:ff9b::c000:221',
        'v4.org. 600 IN AAAA 64:ff9b::c000:222',
      ],
      'txt.org AAAA': ['SERVFAIL'],
      'none.org AAAA': ['SERVFAIL'],
    },
    differs: {
      'v4.org AAAA': 'it does not see failures of the block itself',
    },
  },
  {
    title: 'a failure of the other question',
    body: `dns64 {\nallow_ipv4\n}\ntemplate IN A org {\nrcode REFUSED\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': ['REFUSED aa'],
    },
    differs: {
      'v4.org AAAA': 'it drops the flags of the answer that it translates',
    },
  },
  {
    title: 'a failure of the other question, too',
    body: `dns64 {\nallow_ipv4\n}\ntemplate IN A org {\nrcode SERVFAIL\n}\n${FORWARD}`,
    answers: {
      'v4.org AAAA': ['SERVFAIL'],
    },
  },
];
