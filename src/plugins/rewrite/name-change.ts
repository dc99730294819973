/** Matching and changing names by the rules of the directive. */
import { canonicalName } from '../../dns/name.js';
import type { NameChange, NameMatch } from './options.js';

/** Whether a canonical name is meant. */
export type NameTest = (name: string) => boolean;

/** The changed name, perhaps not a valid one; undefined when the name is not meant. Takes canonical names. */
export type NameReplacer = (name: string) => string | undefined;

/** Makes the test; a pattern is compiled once. */
export function nameTest(match: NameMatch): NameTest {
  if (match.kind === 'regex') {
    const pattern = new RegExp(match.pattern.source, match.pattern.flags);
    return (name) => pattern.test(name);
  }
  const { kind, from } = match;
  switch (kind) {
    case 'exact':
      return (name) => name === from;
    case 'prefix':
      return (name) => name.startsWith(from);
    case 'suffix':
      return (name) => name.endsWith(from);
    case 'substring':
      return (name) => name.includes(from);
  }
}

/** Makes the replacer; a pattern is compiled once. */
export function nameReplacer(change: NameChange): NameReplacer {
  const { to } = change;
  if (change.kind === 'regex') {
    const pattern = new RegExp(change.pattern.source, change.pattern.flags);
    return (name) => {
      const match = pattern.exec(name);
      return match === null ? undefined : withOneDot(withGroups(to, match));
    };
  }
  const { kind, from } = change;
  const isMeant = nameTest(change);
  return (name) => (isMeant(name) ? withOneDot(replaced(name, kind, from, to)) : undefined);
}

/** The changes of a suffix the other way round. */
export function reversedSuffix(from: string, to: string): NameReplacer {
  return nameReplacer({ kind: 'suffix', from: to, to: from });
}

/** One name back to another, and no other name. */
export function renaming(from: string, to: string): NameReplacer {
  return (name) => (name === from ? to : undefined);
}

function replaced(
  name: string,
  kind: 'exact' | 'prefix' | 'suffix' | 'substring',
  from: string,
  to: string,
): string {
  switch (kind) {
    case 'exact':
      return to;
    case 'prefix':
      return to + name.slice(from.length);
    case 'suffix':
      return name.slice(0, name.length - from.length) + to;
    case 'substring':
      return name.replaceAll(from, () => to);
  }
}

/** Puts the groups of a match in; a group that took no part is empty, a number without a group stays. */
function withGroups(to: string, match: RegExpExecArray): string {
  return to.replace(/\{(\d+)\}/g, (text, digits: string) => {
    const index = Number(digits);
    return index < match.length ? (match[index] ?? '') : text;
  });
}

/** A group may or may not have taken the final dot. */
function withOneDot(name: string): string {
  return canonicalName(name.replace(/(?<!\\)\.+$/, '.'));
}
