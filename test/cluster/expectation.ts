/** What the cases say about a server: asked until it is so, since controllers and watches need their time. */
import { expect } from 'vitest';
import type { Reply } from './dig.js';
import { eventually } from './eventually.js';
import type { ServerUnderTest } from './server-under-test.js';

/** What is to be in the answer section. */
export interface Wanted {
  /** Record data: the last word of each record. */
  readonly values?: readonly string[];
  /** `port target` of SRV records; priority and weight are free (k8s dns spec 2.3.2). */
  readonly targets?: readonly string[];
  readonly count?: number;
}

/** NOERROR and an answer section as wanted; gives the reply. */
export async function expectReply(
  server: ServerUnderTest,
  name: string,
  type: string,
  wanted: Wanted,
): Promise<Reply> {
  return eventually(async () => {
    const reply = await server.ask(name, type);
    expect([name, reply.status]).toEqual([name, 'NOERROR']);
    if (wanted.count !== undefined) expect(reply.answer).toHaveLength(wanted.count);
    if (wanted.values !== undefined) expectWords(reply, 1, wanted.values);
    if (wanted.targets !== undefined) expectWords(reply, 2, wanted.targets);
    return reply;
  });
}

/** Exactly these records, all at the asked name. */
export async function expectAnswer(
  server: ServerUnderTest,
  name: string,
  type: string,
  values: readonly string[],
): Promise<void> {
  const reply = await expectReply(server, name, type, { values });
  for (const record of reply.answer) expect(record.startsWith(`${name}. `)).toBe(true);
}

/** Exactly these SRV records, each as `port target`. */
export async function expectSrv(
  server: ServerUnderTest,
  name: string,
  targets: readonly string[],
): Promise<void> {
  await expectReply(server, name, 'SRV', { targets });
}

/** NXDOMAIN with the SOA of the zone (RFC 2308 §2.1). */
export async function expectNoName(
  server: ServerUnderTest,
  name: string,
  type: string,
): Promise<void> {
  await expectNegative(server, name, type, 'NXDOMAIN');
}

/** NOERROR, nothing in the answer, the SOA of the zone (RFC 2308 §2.2). */
export async function expectNoData(
  server: ServerUnderTest,
  name: string,
  type: string,
): Promise<void> {
  await expectNegative(server, name, type, 'NOERROR');
}

async function expectNegative(
  server: ServerUnderTest,
  name: string,
  type: string,
  status: string,
): Promise<void> {
  await eventually(async () => {
    const reply = await server.ask(name, type);
    expect([name, type, reply.status, reply.answer]).toEqual([name, type, status, []]);
    expect(reply.authority.map((record) => record.split(' ')[3])).toEqual(['SOA']);
  });
}

function expectWords(reply: Reply, count: number, wanted: readonly string[]): void {
  expect(lastWords(reply.answer, count)).toEqual([...wanted].sort());
}

/** The last words of each record, sorted. */
export function lastWords(records: readonly string[], count: number): string[] {
  return records.map((record) => record.split(' ').slice(-count).join(' ')).sort();
}
