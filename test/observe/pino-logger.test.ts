/** What the logger writes. */
import { describe, expect, it } from 'vitest';
import { loggerOn } from '../../src/observe/pino-logger.js';

describe('loggerOn', () => {
  it('writes a JSON line with level, time, bindings, fields and message', () => {
    const lines: string[] = [];
    const logger = loggerOn({ write: (line) => lines.push(line) });
    logger.child({ room: 'kube' }).warn({ attempt: 3 }, 'the watch broke');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      room: 'kube',
      attempt: 3,
      msg: 'the watch broke',
    });
  });

  it('writes an error with its message and stack under err', () => {
    const lines: string[] = [];
    loggerOn({ write: (line) => lines.push(line) }).error({ err: new Error('broken') }, 'oh');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { type: 'Error', message: 'broken', stack: expect.stringContaining('pino-logger.test') },
    });
  });

  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    const sink = { write: (line: string) => lines.push(line) };
    loggerOn(sink).debug({}, 'detail');
    expect(lines).toEqual([]);
    loggerOn(sink, 'debug').debug({}, 'detail');
    expect(lines).toHaveLength(1);
  });
});
