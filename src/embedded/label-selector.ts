/** Label selectors in the API's own syntax: `a=b,c!=d,e in (f,g),h,!i` (k8s.io/apimachinery labels). */
import { badRequest } from './api-error.js';
import { type JsonObject, objectsAt, textAt, textMapAt, textsAt } from './json.js';

type Labels = Readonly<Record<string, string>>;

/** One condition; `values` is empty for `exists` and `absent`. */
interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  readonly values: readonly string[];
}

export type LabelSelector = readonly Requirement[];

const KEY = `[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const VALUE = `[-A-Za-z0-9_.]*`;
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`);
const EQUALITY = new RegExp(String.raw`^(${KEY})\s*(=|==|!=)\s*(${VALUE})$`);
const EXISTENCE = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

/** Parses a `labelSelector` parameter; throws ApiError 400 on a broken one. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return [];
  return splitOutsideParentheses(text).map((part) => parseRequirement(part.trim()));
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): Requirement {
  const set = SET.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return { key, operator: operator === 'in' ? 'in' : 'notin', values };
  }
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return { key, operator: operator === '!=' ? 'notin' : 'in', values: [value] };
  }
  const existence = EXISTENCE.exec(text);
  if (existence !== null) {
    const [, not, key = ''] = existence;
    return { key, operator: not === '!' ? 'absent' : 'exists', values: [] };
  }
  throw badRequest(`unable to parse requirement: found '${text}', expected: a label condition`);
}

/** Whether labels fulfil every condition. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'exists') return value !== undefined;
    if (operator === 'absent') return value === undefined;
    // A label that is absent is "not in" every set.
    const listed = value !== undefined && values.includes(value);
    return operator === 'in' ? listed : !listed;
  });
}

/** Whether labels hold every pair of a Service's selector; an empty selector selects nothing. */
export function matchesPairs(pairs: Labels, labels: Labels): boolean {
  const wanted = Object.entries(pairs);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** A workload's `{matchLabels, matchExpressions}`. */
export function parseObjectSelector(selector: JsonObject): LabelSelector {
  const pairs = Object.entries(textMapAt(selector, 'matchLabels'));
  const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: 'absent' } as const;
  return [
    ...pairs.map(([key, value]): Requirement => ({ key, operator: 'in', values: [value] })),
    ...objectsAt(selector, 'matchExpressions').map((expression): Requirement => {
      const name = textAt(expression, 'operator');
      const operator = Object.entries(operators).find(([known]) => known === name)?.[1] ?? 'exists';
      return { key: textAt(expression, 'key'), operator, values: textsAt(expression, 'values') };
    }),
  ];
}

/** The selector as text: `a=b,c in (d,e)`. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key;
      if (operator === 'absent') return `!${key}`;
      if (values.length === 1) return `${key}${operator === 'in' ? '=' : '!='}${values[0]}`;
      return `${key} ${operator} (${values.join(',')})`;
    })
    .join(',');
}
