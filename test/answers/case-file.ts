/**
 * Reads the shared cases: questions and the expected replies as record text (format: test/answers/README.md).
 */

import { nameFromWire, nameToWire } from '../../src/dns/name.js';
import { rcodeCode } from '../../src/dns/rcode.js';
import { recordFromText } from '../../src/dns/record-text.js';
import type { Question, ResourceRecord } from '../../src/dns/resource-record.js';
import { RRCLASS, rrclassCode } from '../../src/dns/rrclass.js';
import { RRTYPE, rrtypeCode } from '../../src/dns/rrtype.js';

/** One file of cases that share a Corefile and fixtures. */
export interface CaseFile {
  readonly file: string;
  /** Name of a file in corefiles/. */
  readonly corefile: string;
  /** Which API serves the fixtures: the embedded one, or one that takes everything and never changes. */
  readonly api: 'embedded' | 'static';
  /** Names of files in fixtures/, in the order in which they are applied. */
  readonly fixtures: readonly string[];
  /** Why CoreDNS is not even started; undefined: it runs what its cases do not skip. */
  readonly skipOnCoredns: string | undefined;
  readonly cases: readonly AnswerCase[];
}

/** A behaviour: its title, and one or more questions that show it. */
export interface AnswerCase {
  /** Begins with the numbers of the rules that it shows, where they have one. */
  readonly title: string;
  readonly line: number;
  /** Why CoreDNS is not asked; undefined: it has to agree. */
  readonly skipOnCoredns: string | undefined;
  readonly steps: readonly AnswerStep[];
}

export type Transport = 'udp' | 'tcp';

/** A question and the reply that is expected. */
export interface AnswerStep {
  readonly line: number;
  readonly question: Question;
  readonly recursionDesired: boolean;
  /** Absent: no OPT record is sent. */
  readonly edns?: {
    readonly udpSize: number;
    readonly version: number;
    readonly dnssecOk: boolean;
  };
  /** Transports on which it holds. */
  readonly transports: readonly Transport[];
  readonly rcode: number;
  readonly flags: ReadonlySet<string>;
  readonly answer: ExpectedSection;
  readonly authority: ExpectedSection;
  readonly additional: ExpectedSection;
  /** How often it is asked in a row; each record of the answer has to stand first at least once. */
  readonly rotates: number | undefined;
}

/** What a section has to hold; the order of records is free, but a CNAME stands first. */
export type ExpectedSection =
  | { readonly kind: 'exactly'; readonly records: readonly ExpectedRecord[] }
  /** These and perhaps others. */
  | { readonly kind: 'contains'; readonly records: readonly ExpectedRecord[] }
  /** At least one and no others than these: what a truncated reply carries. */
  | { readonly kind: 'some'; readonly records: readonly ExpectedRecord[] }
  | { readonly kind: 'anything' };

/** A record whose data may be left open (`*`); the serial of an SOA always is. */
export interface ExpectedRecord {
  readonly record: ResourceRecord;
  readonly anyData: boolean;
}

/** Values of the SOA that `soa ZONE` stands for: those of the kubernetes directive with its default ttl. */
const SOA_TAIL = '0 7200 1800 86400 5';
const RANGE = /\[(\d+)-(\d+)\]/;
const SECTIONS = ['answer', 'authority', 'additional'] as const;
type SectionName = (typeof SECTIONS)[number];

/** Reads a case file; every fault is thrown with its file and line. */
export function parseCaseFile(file: string, text: string): CaseFile {
  return new CaseFileParser(file, text).parse();
}

/** What the lines of one step have said so far. */
interface StepDraft extends Omit<AnswerStep, SectionName | 'rcode'> {
  rcode: number | undefined;
  sections: Record<SectionName, ExpectedSection>;
}

class CaseFileParser {
  readonly #file: string;
  readonly #lines: readonly string[];
  #at = 0;
  #corefile = 'default';
  #api: CaseFile['api'] = 'embedded';
  #skip: string | undefined;
  #fixtures: string[] = ['cluster.yaml'];
  readonly #cases: {
    title: string;
    line: number;
    skip: string | undefined;
    steps: AnswerStep[];
  }[] = [];
  #step: StepDraft | undefined;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#lines = text.split('\n');
  }

  parse(): CaseFile {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = (this.#lines[this.#at] ?? '').trimEnd();
      if (line === '' || line.startsWith(';')) continue;
      if (line.startsWith('# ')) this.#openCase(line.slice(2));
      else this.#keyLine(line);
    }
    this.#closeStep();
    for (const { steps, title } of this.#cases) {
      if (steps.length === 0) throw this.#fault(`case "${title}" asks nothing`);
    }
    return {
      file: this.#file,
      corefile: this.#corefile,
      api: this.#api,
      skipOnCoredns: this.#skip,
      fixtures: this.#fixtures,
      cases: this.#cases.map(({ skip, ...rest }) => ({
        ...rest,
        skipOnCoredns: skip ?? this.#skip,
      })),
    };
  }

  #openCase(title: string): void {
    this.#closeStep();
    this.#cases.push({ title, line: this.#at + 1, skip: undefined, steps: [] });
  }

  #keyLine(line: string): void {
    const [, key = '', value = ''] = /^([a-z]+):\s*(.*)$/.exec(line) ?? [];
    const section = SECTIONS.find((name) => name === key);
    const open = this.#cases.at(-1);
    if (open === undefined) this.#headLine(key, value);
    else if (key === 'query') this.#openStep(value);
    else if (key === 'coredns') open.skip = this.#skipReason(value);
    else if (key === 'status') this.#status(value);
    else if (key === 'rotates') this.#stepNow().rotates = Number(value);
    else if (section !== undefined) this.#stepNow().sections[section] = this.#section(value);
    else throw this.#fault(`"${line}" is no line of a case`);
  }

  #headLine(key: string, value: string): void {
    if (key === 'corefile') this.#corefile = value;
    else if (key === 'fixtures') this.#fixtures = value.split(' ');
    else if (key === 'coredns') this.#skip = this.#skipReason(value);
    else if (key === 'api' && value === 'static') this.#api = value;
    else throw this.#fault(`"${key}" is no line of a file's head`);
  }

  #skipReason(value: string): string {
    const reason = /^skip (.+)$/.exec(value)?.[1];
    if (reason === undefined) throw this.#fault('coredns: has to be followed by "skip REASON"');
    return reason;
  }

  #stepNow(): StepDraft & { rotates: number | undefined } {
    if (this.#step === undefined) throw this.#fault('a query: line has to stand before');
    return this.#step;
  }

  /** `NAME TYPE [CLASS] [+tcp] [+udp] [+norec] [+edns=SIZE] [+version=N] [+do]` */
  #openStep(value: string): void {
    this.#closeStep();
    const [name = '', typeText = '', ...rest] = value.split(' ');
    const qtype = rrtypeCode(typeText);
    if (qtype === undefined) throw this.#fault(`"${typeText}" is no type`);
    const options = new Map<string, string>();
    let qclass: number = RRCLASS.IN;
    for (const word of rest) {
      const [, option = '', argument = ''] = /^\+([a-z]+)(?:=(\d+))?$/.exec(word) ?? [];
      if (option !== '') options.set(option, argument);
      else qclass = rrclassCode(word) ?? this.#throwFault(`"${word}" is no class or option`);
    }
    const hasOpt = options.has('edns') || options.has('do') || options.has('version');
    const edns = {
      udpSize: Number(options.get('edns') ?? 1232),
      version: Number(options.get('version') ?? 0),
      dnssecOk: options.has('do'),
    };
    const only = (['udp', 'tcp'] as const).filter((transport) => options.has(transport));
    this.#step = {
      line: this.#at + 1,
      question: { qname: nameFromWire(nameToWire(name), 0)?.name ?? name, qtype, qclass },
      recursionDesired: !options.has('norec'),
      ...(hasOpt ? { edns } : {}),
      transports: only.length > 0 ? only : ['udp', 'tcp'],
      flags: new Set(),
      rotates: undefined,
      rcode: undefined,
      sections: { answer: NOTHING, authority: NOTHING, additional: NOTHING },
    };
  }

  #closeStep(): void {
    const step = this.#step;
    this.#step = undefined;
    if (step === undefined) return;
    const { rcode, sections, ...rest } = step;
    if (rcode === undefined) throw this.#fault('a step has no status: line');
    this.#cases.at(-1)?.steps.push({ ...rest, ...sections, rcode });
  }

  /** `RCODE [aa] [tc] [ra] [ad]`; `ra?` says that it may be either. */
  #status(value: string): void {
    const [rcodeText = '', ...flags] = value.split(' ');
    const rcode = rcodeCode(rcodeText);
    if (rcode === undefined) throw this.#fault(`"${rcodeText}" is no rcode`);
    const unknown = flags.find((flag) => !['aa', 'tc', 'ra', 'ra?', 'ad'].includes(flag));
    if (unknown !== undefined) throw this.#fault(`"${unknown}" is no flag`);
    const step = this.#stepNow();
    step.rcode = rcode;
    this.#step = { ...step, flags: new Set(flags) };
  }

  /** What stands behind the key, and the indented record lines below it. */
  #section(value: string): ExpectedSection {
    if (value === 'anything') return { kind: 'anything' };
    const soa = /^soa (\S+)$/.exec(value)?.[1];
    if (soa !== undefined) return { kind: 'exactly', records: [soaOf(soa)] };
    const records: ExpectedRecord[] = [];
    for (;;) {
      const next = this.#lines[this.#at + 1];
      if (next === undefined || !next.startsWith('  ')) break;
      this.#at += 1;
      records.push(...this.#records(next.trim()));
    }
    if (value === '(none)' && records.length === 0) return NOTHING;
    if (records.length === 0) throw this.#fault('a section needs records, or says (none)');
    if (value === '') return { kind: 'exactly', records };
    if (value === 'contains') return { kind: 'contains', records };
    if (value === 'some') return { kind: 'some', records };
    throw this.#fault(`"${value}" is no way to compare a section`);
  }

  /** One record line; `[1-20]` in it stands for twenty, and several such ranges go up together. */
  #records(line: string): ExpectedRecord[] {
    const [, from, to] = RANGE.exec(line) ?? [];
    if (from === undefined || to === undefined) return [this.#record(line)];
    const count = Number(to) - Number(from) + 1;
    const ranges = new RegExp(RANGE, 'g');
    return Array.from({ length: count }, (_, i) =>
      this.#record(line.replace(ranges, (_range, start: string) => String(Number(start) + i))),
    );
  }

  #record(line: string): ExpectedRecord {
    try {
      const anyData = / \*$/.test(line);
      return {
        record: recordFromText(anyData ? line.replace(/\*$/, placeholder(line)) : line),
        anyData,
      };
    } catch (cause) {
      throw this.#fault(`"${line}": ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  #throwFault(what: string): never {
    throw this.#fault(what);
  }

  #fault(what: string): Error {
    return new Error(`${this.#file}:${this.#at + 1}: ${what}`);
  }
}

const NOTHING: ExpectedSection = { kind: 'exactly', records: [] };

/** Data that fits the type of a line whose data is left open. */
function placeholder(line: string): string {
  const type = rrtypeCode(line.split(' ')[3] ?? '');
  if (type === RRTYPE.A) return '0.0.0.0';
  if (type === RRTYPE.AAAA) return '::';
  if (type === RRTYPE.SRV) return '0 0 0 .';
  if (type === RRTYPE.SOA) return '. . 0 0 0 0 0';
  return '.';
}

function soaOf(zone: string): ExpectedRecord {
  const line = `${zone} 5 IN SOA ns.dns.${zone} hostmaster.${zone} ${SOA_TAIL}`;
  return { record: recordFromText(line), anyData: false };
}
