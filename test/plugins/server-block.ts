/** Whole Corefiles under test: bytes in, bytes out, through every directive of the block in its place. */
import type { Client } from '../../src/chain/query.js';
import { planText } from '../../src/corefile/loader.js';
import type { Plan } from '../../src/corefile/plan.js';
import { type BlockZones, createDataSide } from '../../src/data-side.js';
import { recordToText } from '../../src/dns/record-text.js';
import { rrclassCode } from '../../src/dns/rrclass.js';
import { rrtypeCode } from '../../src/dns/rrtype.js';
import { listenerSpecs } from '../../src/listener-spec.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import type { Opt } from '../../src/wire/edns.js';
import { decodeMessage, type Message } from '../../src/wire/message.js';
import { queryBytes, UDP_CLIENT } from '../chain/queries.js';

export interface BlockSettings {
  /** Folder of the Corefile. */
  readonly directory?: string;
  readonly logger?: Logger;
  readonly random?: () => number;
  readonly now?: () => number;
  /** Tables of the blocks' kubernetes directives. */
  readonly zones?: readonly BlockZones[];
}

/** What a client asks besides name, type and class. */
export interface Asking {
  readonly client?: Partial<Client>;
  readonly edns?: Partial<Opt>;
  readonly recursionDesired?: boolean;
  readonly checkingDisabled?: boolean;
}

export interface BlockUnderTest {
  readonly plan: Plan;
  /** Metrics counted so far: name and labels to count. */
  readonly counts: ReadonlyMap<string, number>;
  /** Asks `NAME [TYPE [CLASS]]`; undefined when nothing is sent back. */
  ask(question: string, asking?: Asking): Promise<Message | undefined>;
  /** The same as lines: the rcode, then records as text, other sections than the answer named in front. */
  lines(question: string, asking?: Asking): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A server with one block for all names, these lines in it. */
export function serverBlock(body: string, settings: BlockSettings = {}): BlockUnderTest {
  return serverOf(`. {\n${body}\n}`, settings);
}

/** A server with the blocks of a whole Corefile, all on one port. */
export function serverOf(corefile: string, settings: BlockSettings = {}): BlockUnderTest {
  const { directory = '/', logger = silentLogger } = settings;
  const load = { env: {}, registry: PLUGIN_REGISTRY, cwd: directory };
  const { plan, faults } = planText(corefile, 'Corefile', load);
  if (plan === undefined) throw new Error(faults.map((fault) => fault.line).join('\n'));
  const [listener] = listenerSpecs(plan, () => []);
  if (listener === undefined) throw new Error('the Corefile has no block');
  const counts = new Map<string, number>();
  const dataSide = createDataSide({
    plan,
    registry: PLUGIN_REGISTRY,
    zones: settings.zones ?? [],
    reader: 0,
    logger,
    now: settings.now ?? (() => performance.now()),
    wallClock: () => Date.now(),
    random: settings.random ?? (() => Math.random()),
    count(metric, labels = {}, by = 1) {
      const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const key = [metric, ...words].join(' ');
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
    observe() {},
  });
  // handlers are built with the first answers
  dataSide.answererFor(listener, 'udp');
  const ask = async (question: string, asking: Asking = {}): Promise<Message | undefined> => {
    const client = { ...UDP_CLIENT, ...asking.client };
    const bytes = askingBytes(question, asking);
    const reply = await dataSide.answererFor(listener, client.transport).resolve(bytes, client);
    if (reply === undefined) return undefined;
    const decoded = decodeMessage(reply);
    if (decoded === undefined) throw new Error('the server sent what is no message');
    return decoded;
  };
  return {
    plan,
    counts,
    ask,
    lines: async (question, asking) => messageLines(await ask(question, asking)),
    close: () => dataSide.close(),
  };
}

/** `NAME [TYPE [CLASS]]` as a message. */
export function askingBytes(question: string, asking: Asking = {}): Uint8Array {
  const [name = '', type = 'A', rrclass = 'IN'] = question.split(' ');
  return queryBytes({
    qname: name.endsWith('.') ? name : `${name}.`,
    qtype: rrtypeCode(type) ?? 0,
    qclass: rrclassCode(rrclass) ?? 1,
    recursionDesired: asking.recursionDesired ?? true,
    checkingDisabled: asking.checkingDisabled ?? false,
    ...(asking.edns === undefined ? {} : { edns: asking.edns }),
  });
}

/** A message as lines, for comparison at a glance. */
export function messageLines(message: Message | undefined): readonly string[] {
  if (message === undefined) return ['no reply'];
  const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
  return [
    rcodes[message.rcode] ?? String(message.rcode),
    ...message.answer.map(recordToText),
    ...message.authority.map((record) => `authority ${recordToText(record)}`),
    ...message.additional.map((record) => `additional ${recordToText(record)}`),
  ];
}

/** The faults of one directive in a block, `LINE: message (mend)`; the directive starts on line 2. */
export function faultsOf(directive: string, directory = '/'): readonly string[] {
  const load = { env: {}, registry: PLUGIN_REGISTRY, cwd: directory };
  const { faults } = planText(`. {\n${directive}\n}`, 'Corefile', load);
  return (faults ?? []).map((fault) => fault.line.replace('Corefile:', ''));
}
