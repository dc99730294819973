import { afterEach, describe, expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command.js';
import { run } from '../../src/cli/query.js';
import { canonicalName } from '../../src/dns/name.js';
import { RCODE } from '../../src/dns/rcode.js';
import { recordFromText } from '../../src/dns/record-text.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import { bindBoth } from '../answers/upstream-server.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** What a server answers to a decoded query; undefined: nothing. */
type Answers = (query: Message, transport: 'udp' | 'tcp') => Message | undefined;

/** A name server on one port of 127.0.0.1, over UDP and TCP. */
async function serve(answers: Answers): Promise<number> {
  const answer = (bytes: Buffer, transport: 'udp' | 'tcp'): Uint8Array | undefined => {
    const query = decodeMessage(bytes);
    const reply = query === undefined ? undefined : answers(query, transport);
    return reply === undefined ? undefined : encodeMessage(reply);
  };
  const { udp, tcp, port } = await bindBoth();
  tcp.on('connection', (socket) => {
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const reply = answer(data.subarray(2), 'tcp');
      if (reply === undefined) return;
      socket.write(Buffer.concat([Uint8Array.of(reply.length >> 8, reply.length & 0xff), reply]));
    });
  });
  udp.on('message', (bytes, peer) => {
    const reply = answer(bytes, 'udp');
    if (reply !== undefined) udp.send(reply, peer.port, peer.address);
  });
  closers.push(
    () => tcp.close(),
    () => udp.close(),
  );
  return port;
}

/** Answers from a list of records; NXDOMAIN for an owner that is not in it. */
const zone =
  (...lines: readonly string[]): Answers =>
  (query) => {
    const [question] = query.question;
    const qname = canonicalName(question?.qname ?? '');
    const owned = lines
      .map((line) => recordFromText(line))
      .filter((record) => canonicalName(record.owner) === qname);
    return message({
      id: query.id,
      response: true,
      authoritative: true,
      recursionDesired: query.recursionDesired,
      rcode: owned.length === 0 ? RCODE.NXDOMAIN : RCODE.NOERROR,
      question: query.question,
      answer: owned.filter((record) => record.type === question?.qtype),
      ...(query.edns === undefined
        ? {}
        : { edns: { udpSize: 1232, version: 0, dnssecOk: query.edns.dnssecOk, options: [] } }),
    });
  };

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function query(port: number, line: string, signal?: AbortSignal): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const io: CommandIo = {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    env: {},
    cwd: '/',
    terminal: false,
    signal: signal ?? new AbortController().signal,
    onReload: () => () => {},
  };
  const argv = line === '' ? [] : `${line} @127.0.0.1 -p ${port}`.split(' ');
  return { code: await run(argv, io), stdout, stderr };
}

describe('svcdns query', () => {
  it('prints a reply as dig does', async () => {
    const port = await serve(zone('Web.example.org. 5 IN A 192.0.2.1'));
    const { code, stdout } = await query(port, 'Web.example.org');
    expect(code).toBe(0);
    expect(stdout).toContain('opcode: QUERY, status: NOERROR, id: ');
    expect(stdout).toContain(
      ';; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n',
    );
    expect(stdout).toContain(';; QUESTION SECTION:\n;Web.example.org.\t\tIN\tA\n');
    expect(stdout).toContain(';; ANSWER SECTION:\nWeb.example.org.\t5\tIN\tA\t192.0.2.1\n');
    expect(stdout).toContain(`;; SERVER: 127.0.0.1#${port}(127.0.0.1) (UDP)\n`);
    expect(stdout).toContain(';; MSG SIZE  rcvd: 49\n');
  });

  it('prints no more than the data with +short, and nothing for a name that is not there', async () => {
    const port = await serve(zone('a. 5 IN TXT "x" "y z"', 'a. 5 IN TXT "q"'));
    expect(await query(port, 'a TXT +short')).toMatchObject({
      code: 0,
      stdout: '"x" "y z"\n"q"\n',
    });
    expect(await query(port, 'b TXT +short')).toMatchObject({ code: 0, stdout: '' });
  });

  it('asks what dns2 cannot carry over sockets of its own', async () => {
    const port = await serve(
      zone('a\\.b. 5 IN A 192.0.2.1', 'c. 5 IN HTTPS 1 . alpn="h2"', 'd. 5 IN A 192.0.2.2'),
    );
    for (const tcp of ['', ' +tcp']) {
      expect((await query(port, `a\\.b A +short${tcp}`)).stdout).toBe('192.0.2.1\n');
      expect((await query(port, `c HTTPS +short${tcp}`)).stdout).toBe('1 . alpn="h2"\n');
      expect((await query(port, `d +dnssec${tcp}`)).stdout).toContain(
        ';; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags: do; udp: 1232\n',
      );
    }
  });

  it('sends what is asked for in the header', async () => {
    const seen: Message[] = [];
    const port = await serve((asked) => {
      seen.push(asked);
      return zone()(asked, 'udp');
    });
    await query(port, 'a +norecurse');
    await query(port, 'a +norecurse +tcp');
    await query(port, 'a +cd +ad +bufsize=900 -c CH');
    expect(seen).toMatchObject([
      { recursionDesired: false },
      { recursionDesired: false },
      {
        recursionDesired: true,
        checkingDisabled: true,
        authenticData: true,
        question: [{ qname: 'a.', qtype: 1, qclass: 3 }],
        edns: { udpSize: 900, dnssecOk: false },
      },
    ]);
  });

  it('asks again over TCP when a reply is truncated, unless told not to', async () => {
    const answers = zone('a. 5 IN A 192.0.2.1');
    const port = await serve((asked, transport) => {
      const reply = answers(asked, transport);
      if (reply === undefined || transport === 'tcp') return reply;
      return { ...reply, truncated: true, answer: [] };
    });
    for (const edns of ['', ' +edns']) {
      const retried = await query(port, `a${edns}`);
      expect(retried.stdout).toContain(';; Truncated, retrying in TCP mode.\n');
      expect(retried.stdout).toContain('(TCP)');
      expect(retried.stdout).toContain('192.0.2.1');
      const kept = await query(port, `a +ignore${edns}`);
      expect(kept.stdout).toContain(';; flags: qr aa tc rd;');
    }
  });

  it('walks the search list of a pod and shows each step', async () => {
    const port = await serve(
      zone(
        'db.prod.svc.cluster.local. 5 IN A 10.0.0.7',
        'db.prod.default.svc.cluster.local. 5 IN TXT "only text here"',
      ),
    );
    const { code, stdout } = await query(port, 'db.prod --namespace default');
    expect(code).toBe(0);
    expect(stdout).toMatch(/search list of a pod in default: default\.svc\.cluster\.local svc\./);
    expect(stdout).toMatch(/step 1: db\.prod\.default\.svc\.cluster\.local\. A: NOERROR, no such/);
    expect(stdout).toMatch(/step 2: db\.prod\.svc\.cluster\.local\. A: NOERROR, 1 record, /);
    expect(stdout).not.toContain('step 3');
    expect(stdout).toContain(';; ANSWER SECTION:\ndb.prod.svc.cluster.local.');
    const short = await query(port, 'db.prod -n default +short');
    expect(short.stdout).toBe('10.0.0.7\n');
  });

  it('shows at the end of a fruitless search that a name exists, if one does', async () => {
    const port = await serve(zone('db.svc.cluster.local. 5 IN TXT "x"'));
    const found = await query(port, 'db -n default');
    expect(found.stdout).toMatch(/step 4: db\. A: NXDOMAIN/);
    expect(found.stdout).toContain(';db.svc.cluster.local.');
    const nothing = await query(port, 'nothing -n default');
    expect(nothing).toMatchObject({ code: 0 });
    expect(nothing.stdout).toContain('status: NXDOMAIN');
  });

  it('says in a line that no reply came, and exits with 9 as dig does', async () => {
    const silent = await serve(() => undefined);
    // no timed wait is asserted: whatever comes first, each try ends in a reason
    for (const how of ['', ' +edns', ' +tcp', ' +tcp +edns']) {
      const ran = await query(silent, `a +time=1 +tries=1${how}`);
      expect(ran.code).toBe(9);
      expect(ran.stderr).toContain(
        `svcdns query: no reply from 127.0.0.1#${silent}: timed out (is a server running there?)\n`,
      );
    }
  });

  it('says that nobody listens', async () => {
    const port = await serve(() => undefined);
    for (const close of closers.splice(0)) close();
    const ran = await query(port, 'a +edns +tries=2');
    expect(ran.code).toBe(9);
    expect(ran.stderr.match(/connection refused/g)).toHaveLength(3);
  });

  it.each([
    ['a query sent back', (asked: Message) => asked],
    ['another question', (asked: Message) => ({ ...asked, response: true, question: [] })],
  ])('takes %s for no reply', async (_what, answers) => {
    const port = await serve(answers);
    for (const how of ['', ' +edns']) {
      const ran = await query(port, `a +tries=1${how}`);
      expect(ran.code).toBe(9);
      expect(ran.stderr).toMatch(/the reply is (?:a query|to another question)/);
    }
  });

  it('takes FORMERR without a question for a reply', async () => {
    const port = await serve((asked) => message({ id: asked.id, response: true, rcode: 1 }));
    const ran = await query(port, 'a');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('status: FORMERR');
  });

  it('ends when it is interrupted', async () => {
    const interrupt = new AbortController();
    const port = await serve(() => {
      interrupt.abort();
      return undefined;
    });
    const ran = await query(port, 'a +time=300', interrupt.signal);
    expect(ran.code).toBe(9);
    expect(ran.stderr).toContain('given up');
  });

  it('explains extended errors', async () => {
    const port = await serve((asked) =>
      message({
        id: asked.id,
        response: true,
        rcode: 2,
        question: asked.question,
        edns: {
          udpSize: 1232,
          version: 0,
          dnssecOk: false,
          options: [
            { code: 15, data: Uint8Array.of(0, 14, ...Buffer.from('services are not listed yet')) },
            { code: 10, data: Uint8Array.of(1, 2) },
          ],
        },
      }),
    );
    const { stdout } = await query(port, 'a +edns');
    expect(stdout).toContain('; EDE: 14 (Not Ready): (services are not listed yet)\n');
    expect(stdout).toContain('; COOKIE: 0102\n');
  });

  it('helps, and refuses wrong usage with exit 1 as dig does', async () => {
    expect(await query(0, '--help')).toMatchObject({ code: 0, stderr: '' });
    const wrong = await query(0, '');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toBe('svcdns query: a NAME is missing (see svcdns query --help)\n');
  });
});
