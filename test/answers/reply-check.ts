/** What is wrong with a reply, in words, compared with what its step expects. */
import { decodeWithDns2 } from '../../src/dns/codec.js';
import { rcodeName } from '../../src/dns/rcode.js';
import { recordToText } from '../../src/dns/record-text.js';
import type { ResourceRecord } from '../../src/dns/resource-record.js';
import { RRTYPE } from '../../src/dns/rrtype.js';
import { DEFAULT_UDP_LIMIT, MIN_UDP_LIMIT } from '../../src/wire/header.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import type { AnswerStep, ExpectedRecord, ExpectedSection, Transport } from './case-file.js';

const ID = 0x5eed;
const SECTIONS = ['answer', 'authority', 'additional'] as const;

/** The query of a step. */
export function queryOf(step: AnswerStep): Uint8Array {
  return encodeMessage(
    message({
      id: ID,
      recursionDesired: step.recursionDesired,
      question: [step.question],
      ...(step.edns === undefined ? {} : { edns: { ...step.edns, options: [] } }),
    }),
  );
}

/** A reply as lines of text: what is shown when it is not as it should be. */
export function replyLines(reply: Message): string[] {
  const flags = [
    ['aa', reply.authoritative],
    ['tc', reply.truncated],
    ['ra', reply.recursionAvailable],
    ['ad', reply.authenticData],
  ].flatMap(([flag, isSet]) => (isSet ? [flag] : []));
  return [
    `status: ${[rcodeName(reply.rcode), ...flags].join(' ')}`,
    ...SECTIONS.flatMap((name) => [
      `${name}:`,
      ...reply[name].map((record) => `  ${recordToText(record)}`),
    ]),
  ];
}

/** Everything that is not as expected; empty when all is well. */
export function faultsOf(
  bytes: Uint8Array,
  step: AnswerStep,
  path: { readonly transport: Transport; readonly isOurs: boolean },
): string[] {
  const reply = decodeMessage(bytes);
  if (reply === undefined) return ['our decoder refuses the reply'];
  return [
    ...envelopeFaults(reply, step),
    ...sizeFaults(bytes, step, path),
    ...statusFaults(reply, step),
    ...SECTIONS.flatMap((name) => sectionFaults(name, reply[name], step[name])),
    ...secondOpinion(bytes, reply),
  ];
}

/** What holds for every reply. */
function envelopeFaults(reply: Message, step: AnswerStep): string[] {
  const faults: string[] = [];
  const [question] = reply.question;
  if (reply.id !== ID) faults.push('the id is another');
  if (!reply.response) faults.push('QR is clear');
  if (reply.opcode !== 0) faults.push(`opcode ${reply.opcode}`);
  if (reply.recursionDesired !== step.recursionDesired) faults.push('RD is not as asked');
  if (
    reply.question.length !== 1 ||
    question?.qname !== step.question.qname ||
    question.qtype !== step.question.qtype ||
    question.qclass !== step.question.qclass
  ) {
    faults.push(`the question is ${JSON.stringify(reply.question)}`);
  }
  if ((reply.edns === undefined) !== (step.edns === undefined)) {
    faults.push(reply.edns === undefined ? 'OPT is missing' : 'OPT was not asked for');
  } else if (reply.edns !== undefined && reply.edns.dnssecOk !== (step.edns?.dnssecOk ?? false)) {
    // BADVERS answers nothing of the query (RFC 6891 §6.1.3)
    if (step.edns?.version === 0) faults.push('DO is not as asked');
  }
  return faults;
}

function sizeFaults(
  bytes: Uint8Array,
  step: AnswerStep,
  path: { readonly transport: Transport; readonly isOurs: boolean },
): string[] {
  if (path.transport === 'tcp') return [];
  const asker = Math.max(MIN_UDP_LIMIT, step.edns?.udpSize ?? 0);
  const limit = path.isOurs ? Math.min(asker, DEFAULT_UDP_LIMIT) : asker;
  return bytes.length > limit ? [`${bytes.length} octets over UDP, more than ${limit}`] : [];
}

function statusFaults(reply: Message, step: AnswerStep): string[] {
  const flags = (
    [
      ['aa', reply.authoritative],
      ['tc', reply.truncated],
      ['ra', reply.recursionAvailable],
      ['ad', reply.authenticData],
    ] as const
  )
    .filter(([flag, isSet]) => isSet !== step.flags.has(flag) && !step.flags.has(`${flag}?`))
    .map(([flag, isSet]) => `${flag} is ${isSet ? 'set' : 'clear'}`);
  return reply.rcode === step.rcode ? flags : [`rcode is ${rcodeName(reply.rcode)}`, ...flags];
}

function sectionFaults(
  name: string,
  records: readonly ResourceRecord[],
  expected: ExpectedSection,
): string[] {
  if (expected.kind === 'anything') return [];
  const faults: string[] = [];
  const left = [...records];
  for (const one of expected.records) {
    const at = left.findIndex((record) => isSame(record, one));
    if (at >= 0) left.splice(at, 1);
    else if (expected.kind !== 'some') faults.push(`${name} lacks ${recordToText(one.record)}`);
  }
  if (expected.kind !== 'contains') {
    for (const record of left) faults.push(`${name} has beyond that ${recordToText(record)}`);
  }
  if (expected.kind === 'some' && records.length === 0) faults.push(`${name} is empty`);
  const [first] = expected.records;
  const [stands] = records;
  if (first?.record.type === RRTYPE.CNAME && stands !== undefined && !isSame(stands, first)) {
    faults.push(`${name} does not begin with the alias that was asked for`);
  }
  return faults;
}

/** Owner names are compared with their letter case. */
function isSame(record: ResourceRecord, { record: expected, anyData }: ExpectedRecord): boolean {
  if (anyData) {
    const { owner, ttl, type } = record;
    return owner === expected.owner && ttl === expected.ttl && type === expected.type;
  }
  return recordToText(withoutSerial(record)) === recordToText(withoutSerial(expected));
}

/** A SOA with serial 0: it counts changes, which no case can know. */
function withoutSerial(record: ResourceRecord): ResourceRecord {
  if (record.type !== RRTYPE.SOA || record.rdata.length < 20) return record;
  const rdata = Uint8Array.from(record.rdata);
  rdata.fill(0, rdata.length - 20, rdata.length - 16);
  return { ...record, rdata };
}

/** dns2 has to read the same, wherever it can carry the message at all. */
function secondOpinion(bytes: Uint8Array, reply: Message): string[] {
  const theirs = decodeWithDns2(bytes);
  if (theirs === undefined) {
    const isCarriable =
      bytes.length <= 4096 &&
      !replyLines(reply).some((line) => /\\\.|\\\d{3}/.test(line)) &&
      !reply.question.some(({ qname }) => qname.includes('\\.'));
    return isCarriable ? ['dns2 refuses the reply'] : [];
  }
  const faults = SECTIONS.filter(
    (name) =>
      theirs[name].map(recordToText).join('\n') !== reply[name].map(recordToText).join('\n'),
  ).map((name) => `dns2 reads another ${name} section`);
  if (theirs.rcode !== reply.rcode) faults.push(`dns2 reads rcode ${theirs.rcode}`);
  return faults;
}
