/** The words behind a rewrite rule for names that say how the names of the reply are turned back. */
import { directiveFault } from '../../corefile/faults.js';
import { patternArgument } from '../../corefile/go-pattern.js';
import { canonicalName } from '../../dns/name.js';
import type { Place, SvcdnsError } from '../../errors.js';
import type { AnswerChange } from './options.js';

/** What the words ask for. */
export interface AnswerWords {
  readonly auto: boolean;
  readonly rules: readonly AnswerChange[];
}

/**
 * `answer (auto | name FROM TO | value FROM TO)`, any number of them; `answer` may be left out from the
 * second on.
 * @throws SvcdnsError COREFILE_DIRECTIVE
 */
export function answersOf(words: readonly string[], place: Place): AnswerWords {
  const rules: AnswerChange[] = [];
  let auto = false;
  let at = 0;
  while (at < words.length) {
    if (words[at] === 'answer') at += 1;
    else if (at === 0) throw answerFault(`"${words[0]}" is not expected here`, place);
    const part = words[at];
    if (part === 'auto') {
      auto = true;
      at += 1;
    } else if (part === 'name' && isAutoName(words, at)) {
      auto = true;
      at += 2;
    } else if (part === 'name' || part === 'value') {
      const [from, to] = words.slice(at + 1, at + 3);
      if (from === undefined || to === undefined) {
        throw answerFault(`answer ${part} lacks its pattern or name`, place);
      }
      rules.push({ part, change: regexChange(from, to, place) });
      at += 3;
    } else {
      const what = part === undefined ? 'answer lacks its part' : `"${part}" is not expected here`;
      throw answerFault(what, place);
    }
  }
  if (auto && rules.some(({ part }) => part === 'name')) {
    throw answerFault('answer auto and answer name exclude each other', place);
  }
  return { auto, rules };
}

/** `answer name auto`, as an example of CoreDNS's manual has it, is no pattern `auto`. */
function isAutoName(words: readonly string[], at: number): boolean {
  return words[at + 1] === 'auto' && (words.length === at + 2 || words[at + 2] === 'answer');
}

function regexChange(from: string, to: string, place: Place): AnswerChange['change'] {
  const directive = { name: 'rewrite', args: [], body: [], hasBody: false, place };
  return { kind: 'regex', pattern: patternArgument(directive, from), to: canonicalName(to) };
}

function answerFault(what: string, place: Place): SvcdnsError {
  const mend = 'write answer auto, answer name FROM TO or answer value FROM TO';
  return directiveFault(`rewrite name: ${what}`, place, mend);
}
