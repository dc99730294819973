/** What templates may ask about a query, and running one over it. */
import type { Query } from '../../chain/query.js';
import { rrclassName } from '../../dns/rrclass.js';
import { rrtypeName } from '../../dns/rrtype.js';
import {
  isTrue,
  TEMPLATE_FUNCTIONS,
  TemplateFailure,
  type TemplateMap,
  type TemplateValue,
  textOf,
} from './template-functions.js';
import type { TemplateExpression, TemplateNode } from './template-parser.js';
import { TemplateFault } from './template-tokens.js';

/** Fields of the root, and of what lies in them. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Zone', []],
  ['Name', []],
  ['Class', []],
  ['Type', []],
  ['Match', []],
  ['Remote', []],
  ['Question', ['Name', 'Qtype', 'Qclass']],
]);

/** The data of one query. */
export function templateData(query: Query, zone: string, match: RegExpExecArray): TemplateMap {
  const groups = Object.entries(match.groups ?? {});
  return mapOf({
    Zone: zone,
    Name: query.key,
    Class: rrclassName(query.qclass),
    Type: rrtypeName(query.qtype),
    Match: [...match].map((text) => text ?? ''),
    Group: mapOf(Object.fromEntries(groups.map(([name, text]) => [name, text ?? '']))),
    Question: mapOf({
      Name: query.qname,
      Qtype: BigInt(query.qtype),
      Qclass: BigInt(query.qclass),
    }),
    Remote: query.client.address,
  });
}

/**
 * Looks at every field before there is a query.
 * @param groups names of the groups that any pattern has
 * @throws TemplateFault for one that svcdns does not have
 */
export function checkFields(nodes: readonly TemplateNode[], groups: ReadonlySet<string>): void {
  for (const expression of expressionsOf(nodes)) {
    if (expression.kind === 'call') continue;
    if (expression.kind === 'field') checkField(expression.names, groups);
  }
}

function checkField(names: readonly string[], groups: ReadonlySet<string>): void {
  const text = `.${names.join('.')}`;
  const [first = '', second] = names;
  if (first === 'Group') {
    if (names.length > 2) throw new TemplateFault(`"${text}" is not supported`);
    if (second === undefined || groups.has(second)) return;
    throw new TemplateFault(`no match has a group "${second}"`);
  }
  const inner = FIELDS.get(first);
  const known = inner !== undefined && (second === undefined || inner.includes(second));
  if (!known || names.length > 2) throw new TemplateFault(`"${text}" is not supported`);
}

function* expressionsOf(nodes: readonly TemplateNode[]): Generator<TemplateExpression> {
  for (const node of nodes) {
    if (node.kind === 'value') yield* withParts(node.value);
    if (node.kind !== 'if') continue;
    yield* withParts(node.condition);
    yield* expressionsOf(node.then);
    yield* expressionsOf(node.otherwise);
  }
}

function* withParts(expression: TemplateExpression): Generator<TemplateExpression> {
  yield expression;
  if (expression.kind !== 'call') return;
  for (const part of expression.arguments) yield* withParts(part);
}

/**
 * The text that a template makes of the data.
 * @throws TemplateFailure when it makes none
 */
export function runTemplate(nodes: readonly TemplateNode[], data: TemplateMap): string {
  let text = '';
  for (const node of nodes) {
    if (node.kind === 'text') text += node.text;
    else if (node.kind === 'value') text += textOf(resultOf(node.value, data));
    else {
      const branch = isTrue(resultOf(node.condition, data)) ? node.then : node.otherwise;
      text += runTemplate(branch, data);
    }
  }
  return text;
}

function resultOf(expression: TemplateExpression, data: TemplateMap): TemplateValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'field':
      return fieldOf(expression.names, data);
    case 'call': {
      const run = TEMPLATE_FUNCTIONS.get(expression.name);
      if (run === undefined) throw new TemplateFailure(`there is no function ${expression.name}`);
      return run(expression.arguments.map((part) => resultOf(part, data)));
    }
  }
}

function fieldOf(names: readonly string[], data: TemplateMap): TemplateValue {
  let value: TemplateValue = data;
  for (const name of names) {
    if (typeof value !== 'object' || !('values' in value) || !(value.values instanceof Map)) {
      throw new TemplateFailure(`.${names.join('.')} has no fields`);
    }
    const inner: TemplateValue = value.values.get(name) ?? '';
    value = inner;
  }
  return value;
}

function mapOf(values: Readonly<Record<string, TemplateValue>>): TemplateMap {
  return { values: new Map(Object.entries(values)) };
}
