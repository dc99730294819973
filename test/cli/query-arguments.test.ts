import { describe, expect, it } from 'vitest';
import { parseQueryArguments, type QueryArguments } from '../../src/cli/query-arguments.js';
import { searchNames } from '../../src/cli/query-search.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { SvcdnsError } from '../../src/errors.js';

function parse(line: string, env: Record<string, string> = {}): QueryArguments {
  const request = parseQueryArguments(line.split(' '), env);
  if (request.help) throw new Error('that asks for help');
  return request;
}

describe('the command line of query', () => {
  it('asks the local server for an A record unless told otherwise', () => {
    expect(parse('web.default')).toMatchObject({
      name: 'web.default',
      type: RRTYPE.A,
      class: RRCLASS.IN,
      host: '127.0.0.1',
      port: 53,
      transport: 'udp',
      retryOverTcp: true,
      recursionDesired: true,
      timeoutMs: 2000,
      tries: 3,
      short: false,
      zone: 'cluster.local',
      ndots: 5,
    });
    expect(parse('web')).not.toHaveProperty('edns');
    expect(parse('web')).not.toHaveProperty('namespace');
  });

  it('takes words, flags and options in any order', () => {
    const expected = { name: 'web', type: RRTYPE.SRV, class: RRCLASS.CH, host: '::1', port: 1053 };
    for (const line of [
      '@::1 -p 1053 web srv ch',
      'web CH SRV --port=1053 @::1',
      'SRV web -c ch -p 1053 @::1',
      '-q web -t SRV -c CH @[::1]:1053',
      'TYPE33 web CLASS3 @::1#1053',
    ]) {
      expect(parse(line), line).toMatchObject(expected);
    }
  });

  it('takes the server from the environment where none is given', () => {
    const env = { SVCDNS_SERVER: '192.0.2.1:1053' };
    expect(parse('web', env)).toMatchObject({ host: '192.0.2.1', port: 1053 });
    expect(parse('web -p 53', env)).toMatchObject({ host: '192.0.2.1', port: 53 });
    expect(parse('web @dns.example.org', env)).toMatchObject({ host: 'dns.example.org', port: 53 });
  });

  it('knows a type from a name that looks like one by the other words', () => {
    expect(parse('MX')).toMatchObject({ name: 'MX', type: RRTYPE.A });
    expect(parse('MX A')).toMatchObject({ name: 'MX', type: RRTYPE.A });
    expect(parse('MX example.org.')).toMatchObject({ name: 'example.org.', type: RRTYPE.MX });
  });

  it('turns an address into its reverse name', () => {
    expect(parse('-x 10.0.0.20')).toMatchObject({
      name: '20.0.0.10.in-addr.arpa.',
      type: RRTYPE.PTR,
    });
    expect(parse('-x 2001:db8::1 -t TXT')).toMatchObject({ type: RRTYPE.TXT });
  });

  it('writes names of other scripts in punycode and keeps escapes', () => {
    expect(parse('b\u00fccher.example').name).toBe('xn--bcher-kva.example');
    expect(parse('a\\.b.example.').name).toBe('a\\.b.example.');
    expect(parse('a\\.').name).toBe('a\\.');
  });

  it.each([
    ['+tcp', { transport: 'tcp' }],
    ['+vc', { transport: 'tcp' }],
    ['+short', { short: true }],
    ['+norecurse', { recursionDesired: false }],
    ['+norec', { recursionDesired: false }],
    ['+ignore', { retryOverTcp: false }],
    ['+notcp-retry', { retryOverTcp: false }],
    ['+dnssec', { edns: { udpSize: 1232, dnssecOk: true } }],
    ['+edns', { edns: { udpSize: 1232, dnssecOk: false } }],
    ['+bufsize=4096', { edns: { udpSize: 4096, dnssecOk: false } }],
    ['+cd +ad', { checkingDisabled: true, authenticData: true }],
    ['+time=5 +tries=1', { timeoutMs: 5000, tries: 1 }],
    ['+retry=2', { tries: 3 }],
    ['+noall +answer', { show: new Set(['answer']) }],
    ['-n default --zone cluster.test. --ndots 2', { namespace: 'default', zone: 'cluster.test' }],
  ])('reads %s', (options, expected) => {
    expect(parse(`web ${options}`)).toMatchObject(expected);
  });

  it.each([
    '@127.0.0.1',
    'web bogus',
    'web A AAAA',
    'web -p 0',
    'web -p 65536',
    'web -p',
    'web -t NOTYPE',
    'web +nonsense',
    'web +nonsense=1',
    'web +tries=0',
    'web +nobufsize=1',
    'web +constructor',
    'web --nonsense',
    'web @',
    '-x web',
    '-x 10.0.0.20 web',
    'a..b',
    `${'a'.repeat(64)}`,
  ])('refuses "%s"', (line) => {
    expect(() => parse(line)).toThrow(SvcdnsError);
  });

  it('gives help when asked, whatever else is there', () => {
    expect(parseQueryArguments(['web', '--help'], {})).toEqual({ help: true });
  });
});

describe('the search list', () => {
  const search = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];

  it('is tried in front of a short name and behind one with enough dots', () => {
    expect(searchNames('web', search, 5)).toEqual([
      'web.default.svc.cluster.local.',
      'web.svc.cluster.local.',
      'web.cluster.local.',
      'web.',
    ]);
    expect(searchNames('a.b.c.d.e', search, 5)[0]).toBe('a.b.c.d.e.default.svc.cluster.local.');
    expect(searchNames('a.b.c.d.e.f', search, 5)[0]).toBe('a.b.c.d.e.f.');
  });

  it('is left out for a name with a final dot', () => {
    expect(searchNames('web.', search, 5)).toEqual(['web.']);
  });
});
