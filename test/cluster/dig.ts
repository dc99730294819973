/** Asks a name server the way its users do: with dig over UDP and kdig over TCP, which must agree. */
import { spawn } from 'node:child_process';

/** A reply as record text, one line a record, single spaces, sorted; OPT left out. */
export interface Reply {
  /** `NOERROR`, `NXDOMAIN`, ... */
  readonly status: string;
  /** `qr`, `aa`, `rd`, ... */
  readonly flags: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** One question to 127.0.0.1 by dig over UDP (with EDNS; again over TCP when truncated). */
export async function dig(
  port: number,
  name: string,
  type: string,
  options: readonly string[] = [],
): Promise<Reply> {
  const fixed = ['@127.0.0.1', '-p', String(port), '+nocmd', '+time=3', '+tries=1'];
  return parseReply(await run('dig', [...fixed, ...options, '-q', absolute(name), '-t', type]));
}

/** One question to 127.0.0.1 by kdig over TCP. */
export async function kdig(port: number, name: string, type: string): Promise<Reply> {
  const fixed = ['@127.0.0.1', '-p', String(port), '+tcp', '+noidn', '+time=3', '+retry=0'];
  return parseReply(await run('kdig', [...fixed, '-q', absolute(name), '-t', type]));
}

/**
 * Asks both ways.
 *
 * @throws Error when the two replies differ, or when there is none.
 */
export async function ask(port: number, name: string, type: string): Promise<Reply> {
  const [byDig, byKdig] = await Promise.all([dig(port, name, type), kdig(port, name, type)]);
  const [udp, tcp] = [JSON.stringify(comparable(byDig)), JSON.stringify(comparable(byKdig))];
  if (udp !== tcp) throw new Error(`${name} ${type}: dig over UDP ${udp}, kdig over TCP ${tcp}`);
  return byDig;
}

/** Without what may rightly differ: the flags (TC over UDP), and the SOA serial between two moments. */
function comparable({ status, answer, authority, additional }: Reply): unknown {
  const withoutSerial = (record: string): string =>
    record.replace(/( SOA \S+ \S+) \d+ /, '$1 serial ');
  return [status, answer.map(withoutSerial), authority.map(withoutSerial), additional];
}

function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** dig and kdig print the same layout, but for the punctuation of the header. */
function parseReply(text: string): Reply {
  const status = /status: (\w+)/.exec(text)?.[1];
  if (status === undefined) throw new Error(`no reply: ${text.trim()}`);
  const flags = /flags: ([a-z ]*);/i.exec(text)?.[1]?.split(' ').filter(Boolean) ?? [];
  const sections: Record<string, string[]> = {};
  let section: string[] = [];
  for (const line of text.split('\n')) {
    const heading = /^;; (\w+) SECTION:/.exec(line)?.[1];
    if (heading !== undefined) {
      section = [];
      sections[heading] = section;
    } else if (line !== '' && !line.startsWith(';')) {
      section.push(line.replace(/\s+/g, ' ').trim());
    }
  }
  return {
    status,
    flags,
    answer: (sections['ANSWER'] ?? []).sort(),
    authority: (sections['AUTHORITY'] ?? []).sort(),
    additional: (sections['ADDITIONAL'] ?? []).sort(),
  };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new Error(
          `the cluster suite asks with dig and kdig and cannot run ${command}: ${error.message}; install dnsutils and knot-dnsutils`,
          { cause: error },
        ),
      );
    });
    child.once('close', () => resolve());
  });
  return output;
}
