/** Asks what the shared cases ask and compares, whoever answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { recordToText } from '../../src/dns/record-text.js';
import { decodeMessage } from '../../src/wire/message.js';
import type { Ask } from './answer-path.js';
import { type AnswerCase, type AnswerStep, type CaseFile, parseCaseFile } from './case-file.js';
import { faultsOf, queryOf, replyLines } from './reply-check.js';
import { ROOM } from './surroundings.js';

const CASES = join(ROOM, 'cases');

/** All case files, in the order of their names. */
export function readCaseFiles(): readonly CaseFile[] {
  return readdirSync(CASES)
    .filter((file) => file.endsWith('.answers'))
    .sort()
    .map((file) => parseCaseFile(file, readFileSync(join(CASES, file), 'utf8')));
}

/** Asks all questions of a case. `isOurs` brings in what only svcdns keeps to: its own limit of replies over UDP. */
export async function runCase(ask: Ask, { steps }: AnswerCase, isOurs: boolean): Promise<void> {
  for (const step of steps) await runStep(ask, step, isOurs);
}

async function runStep(ask: Ask, step: AnswerStep, isOurs: boolean): Promise<void> {
  for (const transport of step.transports) {
    const where = `${transport}, step at line ${step.line}`;
    const firsts = new Set<string>();
    for (let i = 0; i < (step.rotates ?? 1); i++) {
      const bytes = await ask(queryOf(step), transport);
      const reply = decodeMessage(bytes);
      const shown = reply === undefined ? [] : replyLines(reply);
      const faults = faultsOf(bytes, step, { transport, isOurs });
      expect(faults, [where, ...shown].join('\n')).toEqual([]);
      const [first] = reply?.answer ?? [];
      if (first !== undefined) firsts.add(recordToText(first));
    }
    if (step.rotates === undefined || step.answer.kind === 'anything') continue;
    const all = step.answer.records.map(({ record }) => recordToText(record));
    expect([...firsts].sort(), `${where}: records that stood first`).toEqual(all.sort());
  }
}
