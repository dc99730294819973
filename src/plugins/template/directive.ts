/** The template directive: `template CLASS TYPE [ZONES...] { ... }` (CoreDNS plugin/template). */
import { directiveFault } from '../../corefile/faults.js';
import { patternArgument } from '../../corefile/go-pattern.js';
import {
  integerArgument,
  type OptionReaders,
  oneArgument,
  readOptions,
  someArguments,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { RCODE, rcodeCode } from '../../dns/rcode.js';
import { rrclassCode } from '../../dns/rrclass.js';
import { rrtypeCode } from '../../dns/rrtype.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { TemplateHandler } from './handler.js';
import type { TemplateOptions, TemplateStanza } from './options.js';
import { checkFields } from './template-data.js';
import { parseTemplate } from './template-parser.js';
import { TemplateFault } from './template-tokens.js';

/** The highest code that an extended error has room for (RFC 8914 §2). */
const MAX_EDE_CODE = 0xffff;
const FORM = 'write template CLASS TYPE [ZONES...], as template IN A example.org';

/** May stand more than once; the first stanza that matches answers. */
export const templatePlugin: Plugin<TemplateOptions> = {
  name: 'template',
  repeatable: true,
  parse(directives: readonly Directive[], context: ParseContext): TemplateOptions {
    return { stanzas: directives.map((directive) => stanzaOf(directive, context)) };
  },
  handler(options: TemplateOptions, environment: DataEnvironment) {
    return new TemplateHandler(options, environment);
  },
};

type Draft = { -readonly [K in keyof TemplateStanza]: TemplateStanza[K] };

function stanzaOf(directive: Directive, context: ParseContext): TemplateStanza {
  const [classText, typeText, ...zones] = directive.args;
  if (classText === undefined || typeText === undefined) {
    throw directiveFault('template lacks its class or type', directive.place, FORM);
  }
  const qclass = rrclassCode(classText);
  if (qclass === undefined) {
    throw directiveFault(`template: there is no class "${classText}"`, directive.place, FORM);
  }
  const qtype = rrtypeCode(typeText);
  if (qtype === undefined) {
    throw directiveFault(`template: there is no type "${typeText}"`, directive.place, FORM);
  }
  const draft: Draft = {
    qclass,
    qtype,
    zones: zonesOfArguments(zones, context.zones, directive.place),
    matches: [],
    answer: [],
    authority: [],
    additional: [],
    rcode: RCODE.NOERROR,
    fallthrough: [],
    place: directive.place,
  };
  // patterns first: the records may name the groups of a match below them
  const isMatch = (line: Directive): boolean => line.name === 'match';
  const readers = readersOf(draft);
  for (const line of directive.body.filter(isMatch)) readers['match']?.(line);
  readOptions(directive, { ...readers, match: () => {} });
  return draft;
}

/** One entry an option. */
function readersOf(draft: Draft): OptionReaders {
  return {
    match: (line) => {
      const patterns = someArguments(line, 'pattern').map((text) => patternArgument(line, text));
      draft.matches = [...draft.matches, ...patterns];
    },
    answer: (line) => {
      draft.answer = [...draft.answer, ...recordsOf(line, draft)];
    },
    additional: (line) => {
      draft.additional = [...draft.additional, ...recordsOf(line, draft)];
    },
    authority: (line) => {
      draft.authority = [...draft.authority, ...recordsOf(line, draft)];
    },
    rcode: (line) => {
      const text = oneArgument(line, 'code');
      const rcode = rcodeCode(text);
      if (rcode === undefined) {
        const mend = 'write NOERROR, NXDOMAIN, REFUSED, SERVFAIL ...';
        throw directiveFault(`rcode: "${text}" is no reply code`, line.place, mend);
      }
      draft.rcode = rcode;
    },
    ederror: (line) => {
      const [code = '', ...reason] = someArguments(line, 'code');
      const value = integerArgument(line, code, { min: 0, max: MAX_EDE_CODE });
      draft.extendedError = { code: value, text: reason.join(' ') };
    },
    fallthrough: (line) => {
      draft.fallthrough = zonesOfArguments(line.args, ['.'], line.place);
    },
    // as in CoreDNS: aliases are always looked up by the server itself
    upstream: () => {},
    var: refused,
    expr: refused,
  };
}

function refused(line: Directive): void {
  const mend = 'use match, and actions in the records';
  throw directiveFault(`template: svcdns has no option ${line.name}`, line.place, mend);
}

/** Each argument is a template of one record. */
function recordsOf(line: Directive, { matches }: Draft): readonly string[] {
  const groups = new Set(matches.flatMap(({ source }) => groupNames(source)));
  const records = someArguments(line, 'record');
  for (const text of records) {
    try {
      checkFields(parseTemplate(text), groups);
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      throw directiveFault(`template: ${line.name}: ${error.message}`, line.place, MEND);
    }
  }
  return records;
}

const MEND =
  'there are .Zone, .Name, .Class, .Type, .Match, .Group.NAME, .Question.Name, .Remote, ' +
  'index, parseInt, print, printf, len, eq, ne, and, or, not, if, else, end';

function groupNames(source: string): string[] {
  return [...source.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map((match) => match[1] ?? '');
}
