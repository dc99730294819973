/** Templates with the answers that they lead to. */
import type { PeerCase } from '../peer-cases.js';

/** What the name server behind the blocks knows. */
export const TEMPLATE_RECORDS: readonly string[] = [
  'web.org. 300 IN A 192.0.2.1',
  'web.org. 300 IN TXT "web"',
  'alias.org. 300 IN CNAME web.org.',
];

const FORWARD = 'forward . UPSTREAM';

export const TEMPLATE_CASES: readonly PeerCase[] = [
  {
    title: 'a code alone',
    body: `template ANY ANY invalid {\nrcode NXDOMAIN\n}\n${FORWARD}`,
    answers: {
      'a.invalid': ['NXDOMAIN aa'],
      'invalid TXT': ['NXDOMAIN aa'],
      'web.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
    },
  },
  {
    title: 'a code with an SOA record',
    body: `template ANY ANY invalid {\nrcode NXDOMAIN\nauthority "invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"\nederror 21 "Blocked according to RFC2606"\n}\n${FORWARD}`,
    answers: {
      'A.invalid': [
        'NXDOMAIN aa',
        'authority invalid. 60 IN SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60',
      ],
    },
  },
  {
    title: 'names without a final dot',
    body: `template IN ANY example.com.dc1.example.com {\nrcode NXDOMAIN\nauthority "{{ .Zone }} 60 IN SOA ns.example.com hostmaster.example.com (1 60 60 60 60)"\n}\n${FORWARD}`,
    answers: {
      'x.example.com.dc1.example.com': [
        'NXDOMAIN aa',
        'authority example.com.dc1.example.com. 60 IN SOA ns.example.com. hostmaster.example.com. 1 60 60 60 60',
      ],
    },
  },
  {
    title: 'a group by its number',
    body: `template IN ANY example.com {\nmatch "example\\.com\\.(dc1\\.example\\.com\\.)$"\nrcode NXDOMAIN\nauthority "{{ index .Match 1 }} 60 IN SOA ns.{{ index .Match 1 }} hostmaster.{{ index .Match 1 }} (1 60 60 60 60)"\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'a.example.com.dc1.example.com': [
        'NXDOMAIN aa',
        'authority dc1.example.com. 60 IN SOA ns.dc1.example.com. hostmaster.dc1.example.com. 1 60 60 60 60',
      ],
      'a.example.com': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'groups by their names',
    body: `template IN A example {\nmatch (^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$\nanswer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{.Group.c}}.{{ .Group.d }}"\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'ip-10-1-2-3.example': ['NOERROR aa', 'ip-10-1-2-3.example. 60 IN A 10.1.2.3'],
      'x.IP-10-1-2-3.eXample': ['NOERROR aa', 'x.IP-10-1-2-3.eXample. 60 IN A 10.1.2.3'],
      'ip-10-1-2-3.example AAAA': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'other.example': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'ip-10-1-2-300.example': ['SERVFAIL'],
    },
  },
  {
    title: 'reverse names',
    body: `template IN PTR in-addr.arpa {\nmatch ^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.](?P<b>[0-9]*)[.](?P<a>[0-9]*)[.]in-addr[.]arpa[.]$\nanswer "{{ .Name }} 60 IN PTR ip-{{ .Group.a }}-{{ .Group.b }}-{{ .Group.c }}-{{ .Group.d }}.example."\n}\n${FORWARD}`,
    answers: {
      '4.3.2.1.in-addr.arpa PTR': [
        'NOERROR aa',
        '4.3.2.1.in-addr.arpa. 60 IN PTR ip-1-2-3-4.example.',
      ],
      '3.2.1.in-addr.arpa PTR': ['SERVFAIL'],
      '4.3.2.1.in-addr.arpa': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'parseInt',
    body: `template IN A example {\nmatch "^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{3})[.]example[.]$"\nmatch "^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{2})[.]example[.]$"\nanswer "{{ .Name }} 60 IN A 10.{{ parseInt .Group.b 16 8 }}.{{ parseInt .Group.c 16 8 }}.{{ parseInt .Group.d 16 8 }}"\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'ip0a7b7c7d.example': ['NOERROR aa', 'ip0a7b7c7d.example. 60 IN A 10.123.124.125'],
      'ip0aFFff01.example': ['NOERROR aa', 'ip0aFFff01.example. 60 IN A 10.255.255.1'],
      'ip0a7b7c7dd.example': ['SERVFAIL'],
    },
  },
  {
    title: 'several matches, the first one counts',
    body: `template IN A example {\nmatch "^ip-(?P<a>10)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$"\nmatch "^(?P<a>[0-9]*)[.](?P<b>[0-9]*)[.](?P<c>[0-9]*)[.](?P<d>[0-9]*)[.]ext[.]example[.]$"\nanswer "{{ .Name }} 60 IN A {{ .Group.a}}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'ip-10-1-2-3.example': ['NOERROR aa', 'ip-10-1-2-3.example. 60 IN A 10.1.2.3'],
      '1.2.3.4.ext.example': ['NOERROR aa', '1.2.3.4.ext.example. 60 IN A 1.2.3.4'],
      'ip-11-1-2-3.example': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
  {
    title: 'several templates and all sections',
    body: `template IN A example {\nmatch "^ip-(?P<a>10)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$"\nanswer "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"\nauthority "example. 60 IN NS ns0.example."\nauthority "example. 60 IN NS ns1.example."\nadditional "ns0.example. 60 IN A 203.0.113.8"\nadditional "ns1.example. 60 IN A 198.51.100.8"\nfallthrough\n}\ntemplate IN MX example {\nmatch "^ip-(?P<a>10)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$"\nanswer "{{ .Name }} 60 IN MX 10 {{ .Name }}"\nadditional "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"\nfallthrough\n}\n${FORWARD}`,
    answers: {
      'ip-10-1-2-3.example': [
        'NOERROR aa',
        'ip-10-1-2-3.example. 60 IN A 10.1.2.3',
        'authority example. 60 IN NS ns0.example.',
        'authority example. 60 IN NS ns1.example.',
        'additional ns0.example. 60 IN A 203.0.113.8',
        'additional ns1.example. 60 IN A 198.51.100.8',
      ],
      'ip-10-1-2-3.example MX': [
        'NOERROR aa',
        'ip-10-1-2-3.example. 60 IN MX 10 ip-10-1-2-3.example.',
        'additional ip-10-1-2-3.example. 60 IN A 10.1.2.3',
      ],
      'ip-10-1-2-3.example TXT': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
      'ip-10-1-2-3.example ANY': [
        'NOERROR aa',
        'ip-10-1-2-3.example. 60 IN A 10.1.2.3',
        'authority example. 60 IN NS ns0.example.',
        'authority example. 60 IN NS ns1.example.',
        'additional ns0.example. 60 IN A 203.0.113.8',
        'additional ns1.example. 60 IN A 198.51.100.8',
      ],
    },
  },
  {
    title: 'an alias is followed',
    body: `template IN ANY foogle.com {\nmatch "^foogle\\.com\\.$"\nanswer "foogle.com 60 IN CNAME alias.org"\n}\n${FORWARD}`,
    answers: {
      'foogle.com': [
        'NOERROR aa',
        'foogle.com. 60 IN CNAME alias.org.',
        'alias.org. 300 IN CNAME web.org.',
        'web.org. 300 IN A 192.0.2.1',
      ],
      'foogle.com AAAA': [
        'NOERROR aa',
        'foogle.com. 60 IN CNAME alias.org.',
        'alias.org. 300 IN CNAME web.org.',
      ],
      'foogle.com TXT': ['NOERROR aa', 'foogle.com. 60 IN CNAME alias.org.'],
      'foogle.com CNAME': ['NOERROR aa', 'foogle.com. 60 IN CNAME alias.org.'],
      'x.foogle.com': ['SERVFAIL'],
    },
  },
  {
    title: 'an alias to nowhere',
    body: `template IN ANY foogle.com {\nanswer "{{ .Name }} CNAME none.org."\n}\n${FORWARD}`,
    answers: {
      'foogle.com': ['NOERROR aa', 'foogle.com. 3600 IN CNAME none.org.'],
    },
  },
  {
    title: 'an alias to itself',
    body: `template IN A foogle.com {\nanswer "foogle.com. 60 IN CNAME foogle.com."\n}\n${FORWARD}`,
    answers: {
      'foogle.com': ['NOERROR aa', 'foogle.com. 60 IN CNAME foogle.com.'],
    },
    differs: {
      'foogle.com': 'it follows the alias until the client has given up',
    },
  },
  {
    title: 'several answers, lines and texts',
    body: `template IN TXT example {\nanswer "{{ .Name }} 60 IN TXT \\"a b\\" {{ .Type }}" "{{ .Name }} 60 IN TXT {{ .Zone }}"\nanswer "{{ .Question.Name }} IN TXT {{ .Class }} {{ .Question.Qtype }} {{ .Remote }}"\n}\n${FORWARD}`,
    answers: {
      'x.example TXT': [
        'NOERROR aa',
        'x.example. 60 IN TXT "a b" "TXT"',
        'x.example. 60 IN TXT "example."',
        'x.example. 3600 IN TXT "IN" "16" "127.0.0.1"',
      ],
      'X.example TXT': [
        'NOERROR aa',
        'X.example. 60 IN TXT "a b" "TXT"',
        'X.example. 60 IN TXT "example."',
        'X.example. 3600 IN TXT "IN" "16" "127.0.0.1"',
      ],
    },
  },
  {
    title: 'no match and no fallthrough fails',
    body: `template IN A example {\nmatch ^a\nanswer "{{ .Name }} A 10.0.0.1"\n}\n${FORWARD}`,
    answers: {
      'a.example': ['NOERROR aa', 'a.example. 3600 IN A 10.0.0.1'],
      'b.example': ['SERVFAIL'],
    },
  },
  {
    title: 'fallthrough of some zones',
    body: `template IN A org {\nmatch ^a\nanswer "{{ .Name }} A 10.0.0.1"\nfallthrough web.org\n}\n${FORWARD}`,
    answers: {
      'a.org': ['NOERROR aa', 'a.org. 3600 IN A 10.0.0.1'],
      'web.org': ['NOERROR ra', 'web.org. 300 IN A 192.0.2.1'],
      'v.org': ['SERVFAIL'],
    },
  },
  {
    title: 'the code of the template, with records',
    body: `template IN A example {\nanswer "{{ .Name }} 60 IN A 10.0.0.1"\nrcode REFUSED\n}\n${FORWARD}`,
    answers: {
      'a.example': ['REFUSED aa', 'a.example. 60 IN A 10.0.0.1'],
    },
  },
  {
    title: 'SERVFAIL and an empty answer',
    body: `template IN A a.example {\nanswer "{{ .Name }} 60 IN A 10.0.0.1"\nrcode SERVFAIL\n}\ntemplate IN A b.example {\n}\ntemplate IN A c.example\n${FORWARD}`,
    answers: {
      'a.example': ['SERVFAIL'],
      'b.example': ['NOERROR aa'],
      'c.example': ['NOERROR aa'],
    },
  },
  {
    title: 'conditions and printf',
    body: `template IN AAAA A.example {\nrcode NOERROR\n}\ntemplate IN ANY example {\nmatch ^(?P<n>[0-9]+)?(?P<rest>.*)$\nanswer "{{ .Name }} 60 IN TXT {{ if eq .Type \\"A\\" }}four{{ else if and (eq .Type \\"AAAA\\") .Group.n }}six-{{ parseInt .Group.n 10 16 | printf \\"%04x\\" }}{{ else }}{{- /* none */ -}}{{ .Type | print \\"other-\\" }}{{ end }}"\n}\n${FORWARD}`,
    answers: {
      '10.example': ['NOERROR aa', '10.example. 60 IN TXT "four"'],
      '10.example AAAA': ['NOERROR aa', '10.example. 60 IN TXT "six-000a"'],
      'b.example AAAA': ['NOERROR aa', 'b.example. 60 IN TXT "other-AAAA"'],
      'b.example MX': ['NOERROR aa', 'b.example. 60 IN TXT "other-MX"'],
      'x.a.example AAAA': ['NOERROR aa'],
    },
  },
  {
    title: 'index out of range, numbers that are none',
    body: `template IN A example {\nanswer "{{ .Name }} 60 IN A {{ index .Match 3 }}"\n}\ntemplate IN AAAA example {\nanswer "{{ .Name }} 60 IN A 10.0.0.{{ parseInt .Name 10 8 }}"\n}\n${FORWARD}`,
    answers: {
      'a.example': ['SERVFAIL'],
      'a.example AAAA': ['SERVFAIL'],
    },
  },
  {
    title: 'the longest of several zones',
    body: `template IN TXT org a.org {\nanswer "{{ .Name }} 60 TXT {{ .Zone }}"\n}\n${FORWARD}`,
    answers: {
      'x.a.org TXT': ['NOERROR aa', 'x.a.org. 60 IN TXT "a.org."'],
      'x.org TXT': ['NOERROR aa', 'x.org. 60 IN TXT "org."'],
      'web.com TXT': ['NXDOMAIN ra', 'authority . 60 IN SOA ns. host. 1 2 3 4 60'],
    },
  },
];
