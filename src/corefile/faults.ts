/** Several faults at once: a Corefile is read to its end, so that one run of `check` names them all. */
import { type Place, SvcdnsError } from '../errors.js';

/** What a plugin's `parse` may throw instead of a single SvcdnsError when it found more than one fault. */
export class CorefileFaults extends Error {
  readonly faults: readonly SvcdnsError[];

  constructor(faults: readonly SvcdnsError[]) {
    super(faults.map((fault) => fault.line).join('\n'));
    this.name = 'CorefileFaults';
    this.faults = faults;
  }
}

/** Runs `task`; what the operator can mend is added to `faults`, anything else is thrown on. */
export function gatherFaults(faults: SvcdnsError[], task: () => void): void {
  try {
    task();
  } catch (error) {
    if (error instanceof SvcdnsError) faults.push(error);
    else if (error instanceof CorefileFaults) faults.push(...error.faults);
    else throw error;
  }
}

/** Throws what was gathered: nothing, the one, or a {@link CorefileFaults}. */
export function throwFaults(faults: readonly SvcdnsError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw faults.length === 1 ? first : new CorefileFaults(faults);
}

/** A fault of the grammar. */
export function syntaxFault(message: string, place: Place, mend: string): SvcdnsError {
  return new SvcdnsError('COREFILE_SYNTAX', message, { where: place, mend });
}

/** A fault of a directive or of one of its options. */
export function directiveFault(message: string, place: Place, mend?: string): SvcdnsError {
  return new SvcdnsError('COREFILE_DIRECTIVE', message, {
    where: place,
    ...(mend === undefined ? {} : { mend }),
  });
}
