/** Questions to blocks with the answers that are expected, put to svcdns and, where its binary is there, to CoreDNS. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { COREDNS_BIN, CorednsPeer } from './coredns-peer.js';
import { askingBytes, messageLines, serverBlock } from './server-block.js';
import { ZoneUpstream } from './zone-upstream.js';

/** One block with its questions. */
export interface PeerCase {
  readonly title: string;
  /** The lines of the block; `UPSTREAM` in it stands for the address of the name server behind it. */
  readonly body: string;
  /**
   * By question, `NAME [TYPE [CLASS]]`: the rcode with those of the flags aa, ra, tc, ad that are set, then
   * the records. Empty: no reply at all.
   */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  /** Why CoreDNS answers a question otherwise. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Why CoreDNS is not asked at all. */
  readonly skip?: string;
}

/** Registers the tests of the cases: on a data side of ours, and on CoreDNS. */
export function describePeerCases(cases: readonly PeerCase[], records: readonly string[]): void {
  let upstream: ZoneUpstream;
  const body = (text: string): string => text.replaceAll('UPSTREAM', upstream.address);

  beforeAll(async () => {
    upstream = await ZoneUpstream.open(records);
  });
  afterAll(() => upstream.close());

  describe('svcdns', () => {
    for (const { title, body: text, answers } of cases) {
      it(title, async () => {
        const ours = serverBlock(body(text));
        try {
          const client = { address: '127.0.0.1' };
          for (const [question, lines] of Object.entries(answers)) {
            expect(replyLines(await ours.ask(question, { client })), question).toEqual(lines);
          }
        } finally {
          await ours.close();
        }
      });
    }
  });

  describe.skipIf(COREDNS_BIN === '')('CoreDNS', () => {
    const asked = cases.filter(({ skip }) => skip === undefined);
    let peer: CorednsPeer;

    beforeAll(async () => {
      peer = await CorednsPeer.open(asked.map((each) => body(each.body)));
    });
    afterAll(() => peer.close());

    for (const [position, { title, answers, differs = {} }] of asked.entries()) {
      it(title, async () => {
        for (const [question, lines] of Object.entries(answers)) {
          const theirs = replyLines(await peer.ask(position, askingBytes(question))).map(fold);
          if (differs[question] === undefined) expect(theirs, question).toEqual(lines.map(fold));
          else expect(theirs, `${question} differs`).not.toEqual(lines.map(fold));
        }
      });
    }
  });
}

/** CoreDNS gives some names in lower case that we give as they were asked. */
function fold(line: string): string {
  return line.toLowerCase();
}

function replyLines(message: Message | undefined): readonly string[] {
  if (message === undefined) return [];
  const [rcode, ...records] = messageLines(message);
  const flags = [
    message.authoritative ? 'aa' : '',
    message.recursionAvailable ? 'ra' : '',
    message.truncated ? 'tc' : '',
    message.authenticData ? 'ad' : '',
  ].filter((flag) => flag !== '');
  return [[rcode, ...flags].join(' '), ...records];
}
