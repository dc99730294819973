/** What the directives log and errors write. */
import { describe, expect, it } from 'vitest';
import type { Next } from '../../src/chain/handler.js';
import { DROP, type RecordsReply, recordsReply } from '../../src/chain/reply.js';
import type { Logger } from '../../src/observe/logger.js';
import type { ErrorsOptions } from '../../src/plugins/errors/directive.js';
import { errorsHandler } from '../../src/plugins/errors/handler.js';
import { COMMON_LOG_FORMAT, type LogRule } from '../../src/plugins/log/directive.js';
import { logHandler } from '../../src/plugins/log/handler.js';
import { addresses, query, record, TCP_CLIENT, UDP_CLIENT } from '../chain/queries.js';

function recording(): { logger: Logger; lines: string[]; fields: unknown[] } {
  const lines: string[] = [];
  const all: unknown[] = [];
  const at = (level: string) => (fields: object, text: string) => {
    lines.push(`${level} ${text}`);
    all.push(fields);
  };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return { logger, lines, fields: all };
}

const POSITIVE = recordsReply(0, { authoritative: true, answer: addresses('web.example.', 1) });
const NXDOMAIN = recordsReply(3, {
  authority: [record('example.', 6, [0, 0, ...Array(20).fill(0)])],
});
const NODATA = recordsReply(0, { authority: NXDOMAIN.authority });
const REFUSED = recordsReply(5);

function clock(...times: number[]): () => number {
  return () => times.shift() ?? 0;
}

describe('the log directive', () => {
  const rule: LogRule = { zone: '.', format: COMMON_LOG_FORMAT, classes: ['all'] };

  it('writes the common format', async () => {
    const { logger, lines } = recording();
    const handler = logHandler({ rules: [rule] }, { logger, now: clock(10, 10.25) });
    const fields = { id: 4711, qname: 'WEB.example.', recursionDesired: true };
    await handler.handle(query({ ...fields, edns: { dnssecOk: true } }), async () => POSITIVE);
    expect(lines).toEqual([
      'info 192.0.2.1:5300 - 4711 "A IN web.example. udp 40 true 1232" NOERROR qr,aa,rd 56 0.000250s',
    ]);
  });

  it('writes an IPv6 client in brackets, unknown types by number, unknown placeholders as -', async () => {
    const { logger, lines } = recording();
    const format = '{remote} {proto} {type} {class} {>opcode} {>do} {>bufsize} {local} {/x} {';
    const handler = logHandler({ rules: [{ ...rule, format }] }, { logger, now: clock() });
    const client = { ...TCP_CLIENT, address: '2001:db8::1' };
    await handler.handle(query({ qtype: 9999, qclass: 9 }, client), async () => POSITIVE);
    expect(lines).toEqual(['info [2001:db8::1] tcp TYPE9999 CLASS9 0 false 512 - - {']);
  });

  it.each<[string, LogRule['classes'], number]>([
    ['all', ['all'], 5],
    ['success', ['success'], 1],
    ['denial', ['denial'], 2],
    ['error', ['error'], 2],
    ['denial and error', ['denial', 'error'], 4],
  ])('writes the class %s alone', async (_what, classes, count) => {
    const { logger, lines } = recording();
    const handler = logHandler({ rules: [{ ...rule, classes }] }, { logger, now: clock() });
    for (const reply of [POSITIVE, NXDOMAIN, NODATA, REFUSED, DROP]) {
      await handler.handle(query(), async () => reply);
    }
    expect(lines).toHaveLength(count);
  });

  it('looks at names of its zones only', async () => {
    const { logger, lines } = recording();
    const handler = logHandler({ rules: [{ ...rule, zone: 'org.' }] }, { logger, now: clock() });
    await handler.handle(query(), async () => POSITIVE);
    await handler.handle(query({ qname: 'a.ORG.' }), async () => POSITIVE);
    expect(lines).toHaveLength(1);
  });

  it('writes a failure as SERVFAIL and hands it on', async () => {
    const { logger, lines } = recording();
    const format = '{rcode}';
    const handler = logHandler({ rules: [{ ...rule, format }] }, { logger, now: clock() });
    const failing: Next = () => Promise.reject(new Error('broken'));
    await expect(handler.handle(query(), failing)).rejects.toThrow('broken');
    expect(lines).toEqual(['info SERVFAIL']);
  });
});

const failing =
  (text: string): Next =>
  () =>
    Promise.reject(new Error(text));

function servfail(text: string): RecordsReply {
  return recordsReply(2, { extendedError: { code: 22, text } });
}

describe('the errors directive', () => {
  const options: ErrorsOptions = { consolidate: [], stacktrace: false };

  it('writes why a query got SERVFAIL, and answers a failure with it', async () => {
    const { logger, lines } = recording();
    const handler = errorsHandler(options, { logger });
    expect(await handler.handle(query(), failing('broken'))).toMatchObject({ rcode: 2 });
    const reply = servfail('10.0.0.1:53: timeout');
    expect(await handler.handle(query({ qtype: 28 }), async () => reply)).toBe(reply);
    expect(lines).toEqual([
      'error 2 web.example. A: broken',
      'error 2 web.example. AAAA: 10.0.0.1:53: timeout',
    ]);
  });

  it('is silent about answers, refusals and SERVFAIL that an upstream gave', async () => {
    const { logger, lines } = recording();
    const handler = errorsHandler(options, { logger });
    for (const reply of [POSITIVE, NXDOMAIN, REFUSED, DROP, recordsReply(2)]) {
      await handler.handle(query({}, UDP_CLIENT), async () => reply);
    }
    expect(lines).toEqual([]);
  });

  it('adds the stack of a failure where that is wanted', async () => {
    const { logger, fields } = recording();
    await errorsHandler({ ...options, stacktrace: true }, { logger }).handle(query(), failing('x'));
    expect(fields).toEqual([{ err: expect.any(Error) }]);
  });

  it('gathers errors that match to one line when the time is over, or at the end', async () => {
    const { logger, lines } = recording();
    const rule = { pattern: { source: '^time', flags: '' }, showFirst: false } as const;
    const handler = errorsHandler(
      {
        ...options,
        consolidate: [
          { ...rule, periodMs: 20, level: 'warning' },
          {
            ...rule,
            pattern: { source: 'out$', flags: '' },
            periodMs: 60_000,
            level: 'info',
            showFirst: true,
          },
        ],
      },
      { logger },
    );
    for (const text of ['timeout 1', 'timeout 2', 'run out', 'flat out', 'other']) {
      await handler.handle(query(), failing(text));
    }
    expect(lines).toEqual(['info 2 web.example. A: run out', 'error 2 web.example. A: other']);
    await expect.poll(() => lines.at(-1)).toBe("warn 2 errors like '^time' occurred in last 0.02s");
    await handler.close?.();
    expect(lines.at(-1)).toBe("info 2 errors like 'out$' occurred in last 60s");
    expect(lines).toHaveLength(4);
  });
});
