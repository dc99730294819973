import { describe, expect, it } from 'vitest';
import { parseServeArguments } from '../../src/cli/serve-arguments.js';
import { SvcdnsError } from '../../src/errors.js';

/** The line of the fault that the arguments come to. */
function faultOf(...argv: string[]): string {
  try {
    parseServeArguments(argv);
  } catch (error) {
    if (error instanceof SvcdnsError) return `${error.code} ${error.line}`;
    throw error;
  }
  return 'no fault';
}

describe('the flags of the server', () => {
  it('has CoreDNS defaults', () => {
    expect(parseServeArguments([])).toEqual({
      conf: undefined,
      port: 53,
      pidfile: undefined,
      quiet: false,
      logFormat: undefined,
      plugins: false,
      version: false,
      help: false,
    });
  });

  it('takes one dash or two, a blank or an equals sign', () => {
    const argv = [
      '-conf',
      '/etc/coredns/Corefile',
      '--dns.port=1053',
      '-pidfile=/run/p',
      '--quiet',
    ];
    expect(parseServeArguments(argv)).toMatchObject({
      conf: '/etc/coredns/Corefile',
      port: 1053,
      pidfile: '/run/p',
      quiet: true,
    });
  });

  it('takes -p for -dns.port, the last one winning, and switches with a value', () => {
    expect(
      parseServeArguments(['-dns.port', '1', '-p', '2', '-quiet=true', '-quiet=f']),
    ).toMatchObject({
      port: 2,
      quiet: false,
    });
  });

  it('takes a value that starts with a dash or holds an equals sign', () => {
    expect(parseServeArguments(['-conf', '-x', '-pidfile=a=b'])).toMatchObject({
      conf: '-x',
      pidfile: 'a=b',
    });
  });

  it('refuses an unknown flag with the nearest known one', () => {
    expect(faultOf('-dns.prot', '53')).toBe(
      'CLI_USAGE there is no flag -dns.prot (did you mean -dns.port? known: -conf -dns.port -pidfile -log-format -quiet -plugins -version -help -p)',
    );
  });

  it('refuses a missing value, a bad port, a bad switch, a bad format and a stray word', () => {
    expect(faultOf('-conf')).toBe('CLI_USAGE -conf lacks its value (write -conf VALUE)');
    for (const port of ['65536', '-1', 'dns', '', '1e3']) {
      expect(faultOf(`-p=${port}`)).toBe(
        `CLI_USAGE -dns.port: "${port}" is no port (write a number from 0 to 65535)`,
      );
    }
    expect(faultOf('-quiet=maybe')).toBe(
      'CLI_USAGE -quiet is on or off, not "maybe" (write -quiet)',
    );
    expect(faultOf('-log-format', 'xml')).toBe(
      'CLI_USAGE -log-format: there is no format "xml" (write text or json)',
    );
    expect(faultOf('Corefile')).toBe(
      'CLI_USAGE "Corefile" is not expected here (flags start with a dash)',
    );
  });
});
