/** The answering part of the template directive: records made of the question by the first stanza that matches. */
import type { Handler, Next } from '../../chain/handler.js';
import type { Query } from '../../chain/query.js';
import { withQuestion } from '../../chain/query-parser.js';
import { type Reply, recordsReply } from '../../chain/reply.js';
import { replyRecords } from '../../chain/reply-records.js';
import { isInZone, nameFromWire } from '../../dns/name.js';
import { RCODE } from '../../dns/rcode.js';
import { recordToText } from '../../dns/record-text.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { rrclassName } from '../../dns/rrclass.js';
import { RRTYPE, rrtypeName } from '../../dns/rrtype.js';
import type { DataEnvironment } from '../plugin.js';
import { TEMPLATE_METRICS } from './metrics.js';
import type { TemplateOptions, TemplateStanza } from './options.js';
import { type RecordTemplate, recordTemplate } from './record-template.js';
import { templateData } from './template-data.js';
import type { TemplateMap } from './template-functions.js';

const ANY = 255;
const ANYTHING = { source: '.*', flags: '' };

type Section = 'answer' | 'authority' | 'additional';

/** The longest of the zones that the name lies in. */
function zoneOf(name: string, zones: readonly string[]): string | undefined {
  let longest: string | undefined;
  for (const zone of zones) {
    if (isInZone(name, zone) && zone.length > (longest?.length ?? 0)) longest = zone;
  }
  return longest;
}

export class TemplateHandler implements Handler {
  readonly name = 'template';
  readonly #stanzas: readonly ReadyStanza[];

  constructor(options: TemplateOptions, environment: DataEnvironment) {
    this.#stanzas = options.stanzas.map((stanza) => new ReadyStanza(stanza, environment));
  }

  async handle(query: Query, next: Next): Promise<Reply> {
    for (const stanza of this.#stanzas) {
      const reply = await stanza.replyTo(query);
      if (reply !== undefined) return reply;
    }
    return next(query);
  }
}

/** One stanza with its patterns and templates compiled. */
class ReadyStanza {
  readonly #stanza: TemplateStanza;
  readonly #environment: DataEnvironment;
  readonly #patterns: readonly RegExp[];
  readonly #templates: Readonly<
    Record<Section, readonly { readonly source: string; readonly make: RecordTemplate }[]>
  >;

  constructor(stanza: TemplateStanza, environment: DataEnvironment) {
    this.#stanza = stanza;
    this.#environment = environment;
    const patterns = stanza.matches.length === 0 ? [ANYTHING] : stanza.matches;
    this.#patterns = patterns.map(({ source, flags }) => new RegExp(source, flags));
    const compiled = (sources: readonly string[]): { source: string; make: RecordTemplate }[] =>
      sources.map((source) => ({ source, make: recordTemplate(source) }));
    this.#templates = {
      answer: compiled(stanza.answer),
      authority: compiled(stanza.authority),
      additional: compiled(stanza.additional),
    };
  }

  /** Undefined when the query is not for this stanza, or goes on for want of a match. */
  async replyTo(query: Query): Promise<Reply | undefined> {
    const { zones, qclass, qtype, fallthrough } = this.#stanza;
    const zone = zoneOf(query.key, zones);
    if (zone === undefined || !isFor(qclass, query.qclass) || !isFor(qtype, query.qtype)) {
      return undefined;
    }
    for (const pattern of this.#patterns) {
      const match = pattern.exec(query.key);
      if (match === null) continue;
      this.#count(TEMPLATE_METRICS.matches, query, zone);
      query.trace?.step('template', 'match', { ...this.#stanza.place });
      return this.#reply(query, zone, templateData(query, zone, match));
    }
    if (fallthrough.some((through) => isInZone(query.key, through))) return undefined;
    return recordsReply(RCODE.SERVFAIL, { extendedError: NO_MATCH });
  }

  async #reply(query: Query, zone: string, data: TemplateMap): Promise<Reply> {
    const { rcode, extendedError } = this.#stanza;
    const error = extendedError === undefined ? {} : { extendedError };
    // a failure has no records, whatever the stanza says
    if (rcode === RCODE.SERVFAIL) return recordsReply(rcode, error);
    const sections: Record<Section, ResourceRecord[]> = {
      answer: [],
      authority: [],
      additional: [],
    };
    for (const section of ['answer', 'authority', 'additional'] as const) {
      for (const { source, make } of this.#templates[section]) {
        const made = make(data);
        if (made === undefined) continue;
        if ('failed' in made) return this.#failure(query, zone, section, source, made);
        sections[section].push(made);
      }
    }
    const target = await this.#followed(query, sections.answer);
    return recordsReply(rcode, {
      authoritative: true,
      truncated: target?.truncated ?? false,
      ...sections,
      answer: withoutRepeats([...sections.answer, ...(target?.answer ?? [])]),
      ...error,
    });
  }

  /** What the server itself answers for the target of an alias that was made. */
  async #followed(
    query: Query,
    answer: readonly ResourceRecord[],
  ): Promise<{ answer: readonly ResourceRecord[]; truncated: boolean } | undefined> {
    if (query.qtype !== RRTYPE.A && query.qtype !== RRTYPE.AAAA) return undefined;
    const alias = answer.find((record) => record.type === RRTYPE.CNAME);
    const target = alias && nameFromWire(alias.rdata, 0)?.name;
    if (target === undefined) return undefined;
    const reply = await this.#environment.resolve(withQuestion(query, { qname: target }));
    return replyRecords(reply, target);
  }

  #failure(
    query: Query,
    zone: string,
    section: Section,
    template: string,
    { failed, reason }: { failed: 'template' | 'record'; reason: string },
  ): Reply {
    const { templateFailures, recordFailures } = TEMPLATE_METRICS;
    const metric = failed === 'template' ? templateFailures : recordFailures;
    this.#count(metric, query, zone, { section, template });
    return recordsReply(RCODE.SERVFAIL, {
      extendedError: { code: 0, text: `template: ${section}: ${reason}` },
    });
  }

  #count(
    metric: string,
    query: Query,
    zone: string,
    more?: Readonly<Record<string, string>>,
  ): void {
    this.#environment.count(metric, {
      server: query.client.server,
      zone,
      view: '',
      class: rrclassName(this.#stanza.qclass),
      type: rrtypeName(this.#stanza.qtype),
      ...more,
    });
  }
}

/** An alias that leads back to itself comes once. */
function withoutRepeats(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...new Map(records.map((record) => [recordToText(record), record])).values()];
}

const NO_MATCH = { code: 0, text: 'no template matches, and no fallthrough hands the name on' };

/** ANY on either side means all. */
function isFor(own: number, asked: number): boolean {
  return own === ANY || asked === ANY || own === asked;
}
