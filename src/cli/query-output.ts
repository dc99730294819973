/** A reply as dig prints it. */

import { presentedName } from '../dns/presentation.js';
import { rcodeName } from '../dns/rcode.js';
import { rdataToText } from '../dns/rdata-text.js';
import type { Question, ResourceRecord } from '../dns/resource-record.js';
import { rrclassName } from '../dns/rrclass.js';
import { rrtypeName } from '../dns/rrtype.js';
import { EDNS_OPTION, type Opt, type OptOption } from '../wire/edns.js';
import type { Message } from '../wire/message.js';
import type { OutputPart } from './query-arguments.js';

/** What is known about an exchange besides its message. */
export interface ReplyFacts {
  readonly elapsedMs: number;
  /** `127.0.0.1#53`. */
  readonly server: string;
  readonly transport: 'udp' | 'tcp';
  readonly sizeBytes: number;
  readonly at: Date;
}

const OPCODES: readonly string[] = ['QUERY', 'IQUERY', 'STATUS', 'RESERVED3', 'NOTIFY', 'UPDATE'];

/** Names of extended errors that a cluster's DNS meets (RFC 8914 §4); others by their number. */
const EXTENDED_ERRORS: ReadonlyMap<number, string> = new Map([
  [0, 'Other'],
  [3, 'Stale Answer'],
  [4, 'Forged Answer'],
  [13, 'Cached Error'],
  [14, 'Not Ready'],
  [15, 'Blocked'],
  [16, 'Censored'],
  [17, 'Filtered'],
  [18, 'Prohibited'],
  [19, 'Stale NXDOMAIN Answer'],
  [20, 'Not Authoritative'],
  [21, 'Not Supported'],
  [22, 'No Reachable Authority'],
  [23, 'Network Error'],
  [24, 'Invalid Data'],
]);

/** The whole reply, its parts chosen by `show`, with a final line end. */
export function replyText(
  reply: Message,
  facts: ReplyFacts,
  show: ReadonlySet<OutputPart>,
): string {
  const lines: string[] = [];
  if (show.has('comments')) {
    lines.push(';; Got answer:', ...headerLines(reply), '');
    if (reply.edns !== undefined) lines.push(...optLines(reply.edns));
  }
  if (show.has('question') && reply.question.length > 0) {
    if (show.has('comments')) lines.push(';; QUESTION SECTION:');
    lines.push(...reply.question.map(questionLine), '');
  }
  for (const part of ['answer', 'authority', 'additional'] as const) {
    const records = reply[part];
    if (!show.has(part) || records.length === 0) continue;
    if (show.has('comments')) lines.push(`;; ${part.toUpperCase()} SECTION:`);
    lines.push(...records.map(recordLine));
    if (show.has('comments')) lines.push('');
  }
  if (show.has('stats')) lines.push(...statLines(facts));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Only the data of the answer, a line each: dig's +short. */
export function shortText(reply: Message): string {
  return reply.answer.map((record) => `${rdataToText(record.type, record.rdata)}\n`).join('');
}

function headerLines(reply: Message): string[] {
  const opcode = OPCODES[reply.opcode] ?? `RESERVED${reply.opcode}`;
  const flags = [
    [reply.response, 'qr'],
    [reply.authoritative, 'aa'],
    [reply.truncated, 'tc'],
    [reply.recursionDesired, 'rd'],
    [reply.recursionAvailable, 'ra'],
    [reply.authenticData, 'ad'],
    [reply.checkingDisabled, 'cd'],
  ]
    .filter(([isSet]) => isSet)
    .map(([, flag]) => ` ${flag}`);
  const counts = [
    `QUERY: ${reply.question.length}`,
    `ANSWER: ${reply.answer.length}`,
    `AUTHORITY: ${reply.authority.length}`,
    `ADDITIONAL: ${reply.additional.length + (reply.edns === undefined ? 0 : 1)}`,
  ];
  const lines = [
    `;; ->>HEADER<<- opcode: ${opcode}, status: ${rcodeName(reply.rcode)}, id: ${reply.id}`,
    `;; flags:${flags.join('')}; ${counts.join(', ')}`,
  ];
  if (reply.recursionDesired && !reply.recursionAvailable && !reply.authoritative) {
    lines.push(';; WARNING: recursion requested but not available');
  }
  return lines;
}

function optLines(opt: Opt): string[] {
  const flags = opt.dnssecOk ? ' do' : '';
  return [
    ';; OPT PSEUDOSECTION:',
    `; EDNS: version: ${opt.version}, flags:${flags}; udp: ${opt.udpSize}`,
    ...opt.options.map(optionLine),
  ];
}

function optionLine({ code, data }: OptOption): string {
  const bytes = Buffer.from(data);
  if (code === EDNS_OPTION.EDE && data.length >= 2) {
    const error = bytes.readUInt16BE(0);
    const text = bytes.subarray(2).toString('utf8').replace(/\0+$/, '');
    const name = EXTENDED_ERRORS.get(error);
    return `; EDE: ${error}${name === undefined ? '' : ` (${name})`}${text === '' ? '' : `: (${text})`}`;
  }
  if (code === EDNS_OPTION.COOKIE) return `; COOKIE: ${bytes.toString('hex')}`;
  if (code === EDNS_OPTION.NSID) {
    return `; NSID: ${bytes.toString('hex')} ("${bytes.toString('latin1').replace(/[^ -~]/g, '.')}")`;
  }
  return `; OPT=${code}: ${bytes.toString('hex')}`;
}

function questionLine({ qname, qtype, qclass }: Question): string {
  return `;${columns(presentedName(qname), '', rrclassName(qclass), rrtypeName(qtype), '')}`.trimEnd();
}

function recordLine({ owner, ttl, class: rrclass, type, rdata }: ResourceRecord): string {
  const text = rdataToText(type, rdata);
  return columns(presentedName(owner), String(ttl), rrclassName(rrclass), rrtypeName(type), text);
}

/** dig's columns: the owner in three tab stops, then one each. */
function columns(owner: string, ttl: string, rrclass: string, type: string, rdata: string): string {
  const tabs = '\t'.repeat(Math.max(1, 3 - Math.floor(owner.length / 8)));
  return `${owner}${tabs}${ttl}\t${rrclass}\t${type}\t${rdata}`;
}

function statLines(facts: ReplyFacts): string[] {
  const { server, transport, sizeBytes } = facts;
  return [
    `;; Query time: ${Math.round(facts.elapsedMs)} msec`,
    `;; SERVER: ${server}(${server.replace(/#\d+$/, '')}) (${transport.toUpperCase()})`,
    `;; WHEN: ${facts.at.toUTCString()}`,
    `;; MSG SIZE  rcvd: ${sizeBytes}`,
    '',
  ];
}
