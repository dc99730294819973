/** Late replies are not sent. */
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { recordsReply } from '../../../src/chain/reply.js';
import { cancelHandler } from '../../../src/plugins/cancel/handler.js';
import { query } from '../../chain/queries.js';
import { faultsOf, serverBlock } from '../server-block.js';

describe('the directive', () => {
  it('lets an upstream that says nothing cost no more than its time', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const under = serverBlock(`cancel 20ms\nforward . 127.0.0.1:${silent.address().port}`);
    expect(await under.ask('web.org')).toBeUndefined();
    await under.close();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });

  it('lets replies and faults in time pass, and stops its clock', async () => {
    let cancelled = 0;
    const clock = { now: () => 0, after: () => ({ cancel: () => (cancelled += 1) }) };
    const handler = cancelHandler({ timeoutMs: 1 }, clock);
    const reply = recordsReply(0);
    expect(await handler.handle(query(), async () => reply)).toBe(reply);
    const broken = handler.handle(query(), async () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    await expect.poll(() => cancelled).toBe(2);
  });

  it('takes a timeout', () => {
    const options = (text: string): unknown =>
      serverBlock(text).plan.blocks[0]?.directives[0]?.options;
    expect(options('cancel')).toEqual({ timeoutMs: 5001 });
    expect(options('cancel 1s')).toEqual({ timeoutMs: 1000 });
    expect(faultsOf('cancel 0s')).toEqual([
      '2: cancel: the timeout has to be more than 0 (write 5s)',
    ]);
    expect(faultsOf('cancel soon')).toHaveLength(1);
  });
});
