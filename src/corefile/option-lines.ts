/** Reading a directive's arguments and option lines: what every plugin's `parse` is made of. */
import type { SvcdnsError } from '../errors.js';
import { directiveFault, gatherFaults, throwFaults } from './faults.js';
import { nearestName } from './nearest-name.js';
import type { Directive } from './plan.js';

/** One entry an option: its name, and what to do with its line. */
export type OptionReaders = Readonly<Record<string, (line: Directive) => void>>;

/**
 * Calls the reader of each option line in the order of the file; as in CoreDNS a later line wins.
 * Every fault is gathered before the first is thrown.
 * @throws SvcdnsError COREFILE_DIRECTIVE, or CorefileFaults with several
 */
export function readOptions(directive: Directive, readers: OptionReaders): void {
  const known = new Map(Object.entries(readers));
  const faults: SvcdnsError[] = [];
  for (const line of directive.body) {
    gatherFaults(faults, () => {
      const reader = known.get(line.name);
      if (reader === undefined) throw unknownOption(directive.name, line, [...known.keys()]);
      if (line.hasBody)
        throw directiveFault(
          `${line.name} takes no block of its own`,
          line.place,
          'remove its braces',
        );
      reader(line);
    });
  }
  throwFaults(faults);
}

function unknownOption(owner: string, line: Directive, known: readonly string[]): SvcdnsError {
  if (known.length === 0) {
    return directiveFault(
      `${owner} has no options, found "${line.name}"`,
      line.place,
      'remove the line',
    );
  }
  const near = nearestName(line.name, known);
  const guess = near === undefined ? '' : `did you mean ${near}? `;
  return directiveFault(
    `${owner} has no option "${line.name}"`,
    line.place,
    `${guess}known: ${known.join(', ')}`,
  );
}

/** @throws SvcdnsError COREFILE_DIRECTIVE when the directive has arguments */
export function noArguments(directive: Directive): void {
  const [first] = directive.args;
  if (first !== undefined) {
    throw directiveFault(
      `${directive.name} takes no argument, found "${first}"`,
      directive.place,
      'remove it',
    );
  }
}

/** @throws SvcdnsError COREFILE_DIRECTIVE when the directive has option lines or braces with something in them */
export function noOptions(directive: Directive): void {
  readOptions(directive, {});
}

/**
 * At most one argument.
 * @throws SvcdnsError COREFILE_DIRECTIVE when there are more
 */
export function optionalArgument(directive: Directive, what: string): string | undefined {
  const [first, second] = directive.args;
  if (second === undefined) return first;
  throw directiveFault(
    `${directive.name} takes one ${what}, found ${directive.args.length}`,
    directive.place,
    `write ${directive.name} ${what.toUpperCase()}`,
  );
}

/**
 * Exactly one argument.
 * @throws SvcdnsError COREFILE_DIRECTIVE when there is none or more
 */
export function oneArgument(directive: Directive, what: string): string {
  const argument = optionalArgument(directive, what);
  if (argument !== undefined) return argument;
  throw directiveFault(
    `${directive.name} lacks its ${what}`,
    directive.place,
    `write ${directive.name} ${what.toUpperCase()}`,
  );
}

/**
 * One argument or more.
 * @throws SvcdnsError COREFILE_DIRECTIVE when there is none
 */
export function someArguments(directive: Directive, what: string): readonly string[] {
  if (directive.args.length > 0) return directive.args;
  throw directiveFault(
    `${directive.name} lacks its ${what}`,
    directive.place,
    `write ${directive.name} ${what.toUpperCase()}...`,
  );
}

/**
 * Exactly one argument out of a set.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function oneOf<T extends string>(directive: Directive, choices: readonly T[]): T {
  const argument = optionalArgument(directive, 'value');
  const choice = choices.find((candidate) => candidate === argument);
  if (choice !== undefined) return choice;
  throw directiveFault(
    argument === undefined
      ? `${directive.name} lacks its value`
      : `${directive.name} has no value "${argument}"`,
    directive.place,
    `one of: ${choices.join(', ')}`,
  );
}

/**
 * An argument as a whole number from `min` to `max`.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function integerArgument(
  directive: Directive,
  text: string,
  range: { readonly min: number; readonly max: number },
): number {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw directiveFault(
    `${directive.name}: "${text}" is no whole number from ${range.min} to ${range.max}`,
    directive.place,
    'write such a number',
  );
}
