/** Rules of the rewrite directive with the answers that they lead to. */
import type { PeerCase } from '../peer-cases.js';

/** What the name server behind the blocks knows. */
export const REWRITE_RECORDS: readonly string[] = [
  'web.org. 300 IN A 192.0.2.1',
  'web.org. 300 IN AAAA 2001:db8::1',
  'v4.org. 300 IN A 192.0.2.4',
  'alias.org. 300 IN CNAME web.org.',
  'mail.org. 300 IN MX 10 web.org.',
  'ftp.service.us-west-1.consul. 60 IN A 10.10.10.10',
  'svc.consul. 60 IN SRV 0 0 80 web.svc.consul.',
  'web.svc.consul. 60 IN A 10.1.1.1',
  'my.svc.consul. 60 IN CNAME web.svc.consul.',
  '30.30.30.10.in-addr.arpa. 60 IN PTR ftp-us-west-1.service.consul.',
  'my-app.com. 200 IN CNAME my-app.example.',
  'my-app.example. 200 IN CNAME my-app.com.cdn.example.net.',
  'my-app.com.cdn.example.net. 300 IN A 20.2.0.1',
  'my-app.com.other.cdn.com. 100 IN A 30.3.1.2',
  'naptr.consul. 60 IN NAPTR 1 2 "s" "x" "" web.svc.consul.',
  'zone.consul. 60 IN SOA ns.svc.consul. host.svc.consul. 1 2 3 4 5',
];

const FORWARD = 'forward . UPSTREAM';

export const REWRITE_CASES: readonly PeerCase[] = [
  {
    title: 'a whole name is turned back, whatever the letter case',
    body: `rewrite name Front.example web.org\n${FORWARD}`,
    answers: {
      'front.example': ['NOERROR ra', 'front.example. 300 IN A 192.0.2.1'],
      'FROnt.exAMple': ['NOERROR ra', 'FROnt.exAMple. 300 IN A 192.0.2.1'],
      'front.example TXT': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'web.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'x.front.example': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a whole name may be an alias',
    body: `rewrite name exact front.example alias.org\n${FORWARD}`,
    answers: {
      'front.example': [
        'NOERROR ra',
        'front.example. 300 IN CNAME web.org.',
        'web.org. 300 IN A 192.0.2.1',
      ],
      'front.example CNAME': ['NOERROR ra', 'front.example. 300 IN CNAME web.org.'],
    },
  },
  {
    title: 'a whole name is turned back in the data of records too',
    body: `rewrite name exact my.example my.svc.consul\nrewrite name web.example web.svc.consul\n${FORWARD}`,
    answers: {
      'my.example': [
        'NOERROR ra',
        'my.example. 60 IN CNAME web.svc.consul.',
        'web.svc.consul. 60 IN A 10.1.1.1',
      ],
      'web.example': ['NOERROR ra', 'web.example. 60 IN A 10.1.1.1'],
      'web.example PTR': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a suffix leaves the answer as it is without auto',
    body: `rewrite name suffix .example .org\n${FORWARD}`,
    answers: {
      'web.example': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'alias.example': [
        'NOERROR ra',
        'alias.org. 300 IN CNAME web.org.',
        'web.org. 300 IN A 192.0.2.1',
      ],
      example: ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a suffix is turned back everywhere with auto',
    body: `rewrite name suffix .example. .org. answer auto\n${FORWARD}`,
    answers: {
      'web.example': ['NOERROR ra', 'web.example. 300 IN A 192.0.2.1'],
      'alias.example': [
        'NOERROR ra',
        'alias.example. 300 IN CNAME web.example.',
        'web.example. 300 IN A 192.0.2.1',
      ],
      'mail.example MX': ['NOERROR ra', 'mail.example. 300 IN MX 10 web.example.'],
      'none.example': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a suffix need not begin with a label',
    body: `rewrite name suffix eb.example eb.org answer auto\n${FORWARD}`,
    answers: {
      'web.example': ['NOERROR ra', 'web.example. 300 IN A 192.0.2.1'],
    },
  },
  {
    title: 'a prefix and a substring end with a label',
    body: `rewrite name prefix front web\nrewrite name substring us.west us-west-1 answer auto\n${FORWARD}`,
    answers: {
      'front.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'fronter.org': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'ftp.service.us.west.consul': [
        'NOERROR ra',
        'ftp.service.us.west.consul. 60 IN A 10.10.10.10',
      ],
      'ftp.us.westx.consul': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a prefix is turned back with auto',
    body: `rewrite name prefix front. web. answer auto\n${FORWARD}`,
    answers: {
      'front.org': ['NOERROR ra', 'front.org. 300 IN A 192.0.2.1'],
      'front.org AAAA': ['NOERROR ra', 'front.org. 300 IN AAAA 2001:db8::1'],
      'front.none': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a pattern takes groups',
    body: `rewrite name regex (.*)-(us-west-1)\\.coredns\\.rocks {1}.service.{2}.consul\n${FORWARD}`,
    answers: {
      'ftp-us-west-1.coredns.rocks': [
        'NOERROR ra',
        'ftp.service.us-west-1.consul. 60 IN A 10.10.10.10',
      ],
      'ftp.coredns.rocks': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a pattern may have named groups, flags and alternatives',
    body: `rewrite name regex (?i)^(?P<host>web|v4)\\.(?:one|TWO)\\.$ {1}.org answer auto\n${FORWARD}`,
    answers: {
      'web.one': ['NOERROR ra', 'web.one. 300 IN A 192.0.2.1'],
      'v4.two': ['NOERROR ra', 'v4.two. 300 IN A 192.0.2.4'],
      'mail.one': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'a pattern is turned back with auto',
    body: `rewrite name regex (.*)-(us-west-1)\\.coredns\\.rocks {1}.service.{2}.consul answer auto\n${FORWARD}`,
    answers: {
      'ftp-us-west-1.coredns.rocks': [
        'NOERROR ra',
        'ftp-us-west-1.coredns.rocks. 60 IN A 10.10.10.10',
      ],
      'none-us-west-1.coredns.rocks': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'answer name in a block',
    body: `rewrite stop {\nname regex (.*)-(us-west-1)\\.coredns\\.rocks {1}.service.{2}.consul\nanswer name (.*)\\.service\\.(us-west-1)\\.consul {1}-{2}.coredns.rocks\n}\n${FORWARD}`,
    answers: {
      'ftp-us-west-1.coredns.rocks': [
        'NOERROR ra',
        'ftp-us-west-1.coredns.rocks. 60 IN A 10.10.10.10',
      ],
    },
  },
  {
    title: 'answer value changes names in data',
    body: `rewrite stop {\nname suffix .arpa .arpa\nanswer name auto\nanswer value (.*)\\.service\\.consul\\. {1}.coredns.rocks.\n}\n${FORWARD}`,
    answers: {
      '30.30.30.10.in-addr.arpa PTR': [
        'NOERROR ra',
        '30.30.30.10.in-addr.arpa. 60 IN PTR ftp-us-west-1.coredns.rocks.',
      ],
    },
  },
  {
    title: 'answer name and value together',
    body: `rewrite name regex ^s\\.(.*)\\.$ svc.{1} answer name svc\\.(.*)\\. s.{1} value web\\.(.*)\\. front.{1}\n${FORWARD}`,
    answers: {
      's.consul SRV': ['NOERROR ra', 's.consul. 60 IN SRV 0 0 80 front.svc.consul.'],
    },
  },
  {
    title: 'answer value reaches SOA, NAPTR and CNAME',
    body: `rewrite name suffix .example .consul answer auto value (.*)\\.svc\\.consul\\. {1}.svc.example.\n${FORWARD}`,
    answers: {
      'zone.example SOA': [
        'NOERROR ra',
        'zone.example. 60 IN SOA ns.svc.example. host.svc.example. 1 2 3 4 5',
      ],
      'naptr.example NAPTR': [
        'NOERROR ra',
        'naptr.example. 60 IN NAPTR 1 2 "s" "x" "" web.svc.example.',
      ],
      'my.svc.example': [
        'NOERROR ra',
        'my.svc.example. 60 IN CNAME web.svc.example.',
        'web.svc.example. 60 IN A 10.1.1.1',
      ],
    },
    differs: {
      'zone.example SOA': 'of an SOA it changes the name server only',
    },
  },
  {
    title: 'several rules go on or stop',
    body: `rewrite continue name suffix .one .two answer auto\nrewrite continue name suffix .two .org answer auto\nrewrite stop type AAAA A\nrewrite name web.org v4.org\n${FORWARD}`,
    answers: {
      'web.one': ['NOERROR ra', 'web.one. 300 IN A 192.0.2.4'],
      'web.one AAAA': ['NOERROR ra', 'web.one. 300 IN A 192.0.2.1'],
    },
  },
  {
    title: 'types',
    body: `rewrite type AAAA A\nrewrite type ANY HINFO\n${FORWARD}`,
    answers: {
      'web.org AAAA': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'web.org A': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'web.org ANY': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'TTLs, in ranges too',
    body: `rewrite continue {\nttl exact web.org 15\n}\nrewrite ttl regex (.*)\\.consul 70-\nrewrite ttl suffix .com -100\n${FORWARD}`,
    answers: {
      'web.org': ['NOERROR ra', 'web.org. 15 IN A 192.0.2.1'],
      'web.org TXT': ['NOERROR ra', 'authority . 15 IN SOA ns. host. 1 2 3 4 60'],
      'ftp.service.us-west-1.consul': [
        'NOERROR ra',
        'ftp.service.us-west-1.consul. 70 IN A 10.10.10.10',
      ],
      'my-app.com': [
        'NOERROR ra',
        'my-app.com. 100 IN CNAME my-app.example.',
        'my-app.example. 100 IN CNAME my-app.com.cdn.example.net.',
        'my-app.com.cdn.example.net. 100 IN A 20.2.0.1',
      ],
      'alias.org': [
        'NOERROR ra',
        'alias.org. 300 IN CNAME web.org.',
        'web.org. 300 IN A 192.0.2.1',
      ],
    },
  },
  {
    title: 'codes, by name and number',
    body: `rewrite rcode suffix .org NXDOMAIN NOERROR\nrewrite rcode suffix com 3 5\n${FORWARD}`,
    answers: {
      'none.org': ['NOERROR ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'none.com': ['REFUSED ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'web.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
    },
  },
  {
    title: 'targets of aliases are looked up anew',
    body: `rewrite cname regex (.*).cdn.example.net. {1}.other.cdn.com.\n${FORWARD}`,
    answers: {
      'my-app.com': [
        'NOERROR ra',
        'my-app.com. 200 IN CNAME my-app.example.',
        'my-app.example. 200 IN CNAME my-app.com.other.cdn.com.',
        'my-app.com.other.cdn.com. 100 IN A 30.3.1.2',
      ],
      'alias.org': [
        'NOERROR ra',
        'alias.org. 300 IN CNAME web.org.',
        'web.org. 300 IN A 192.0.2.1',
      ],
      'my-app.example CNAME': [
        'NOERROR ra',
        'my-app.example. 200 IN CNAME my-app.com.other.cdn.com.',
      ],
    },
  },
  {
    title: 'targets of aliases that lead nowhere',
    body: `rewrite cname exact web.org. v4.org.\nrewrite cname suffix cdn.example.net. none.\n${FORWARD}`,
    answers: {
      'alias.org': ['NOERROR ra', 'alias.org. 300 IN CNAME v4.org.', 'v4.org. 300 IN A 192.0.2.4'],
      'my-app.example': [
        'NOERROR ra',
        'my-app.example. 200 IN CNAME my-app.com.cdn.example.net.',
        'my-app.com.cdn.example.net. 300 IN A 20.2.0.1',
      ],
    },
  },
  {
    title: 'what becomes no name fails',
    body: `rewrite name regex ^(.*)\\.bad\\.$ {1}..org\n${FORWARD}`,
    answers: {
      'a.bad': ['SERVFAIL'],
    },
  },
  {
    title: 'a pattern may take the final dot',
    body: `rewrite name regex ^(.*)\\.short(.*)$ {1}.org{2}\n${FORWARD}`,
    answers: {
      'web.short': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
    },
    differs: {
      'web.short': 'it puts a second dot behind the name and fails',
    },
  },
];
