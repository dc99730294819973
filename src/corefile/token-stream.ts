/** The tokens of a Corefile in the order of reading, with imported files and snippets in their places. */
import { dirname, isAbsolute, join } from 'node:path';
import { type Place, SvcdnsError } from '../errors.js';
import { syntaxFault } from './faults.js';
import { nearestName } from './nearest-name.js';
import { lexCorefile, type Token } from './tokens.js';
import { type Environment, expandArguments, expandVariables } from './variables.js';

/** Access to files and environment, passed in so that reading a Corefile is a pure function of it. */
export interface CorefileSurroundings {
  /** Name of the Corefile, for places and as the base of relative imports. */
  readonly file: string;
  /** The text of a file; anything thrown means that it cannot be read. */
  readFile(path: string): string;
  /** Paths of the files (no folders) that match a pattern, sorted. */
  glob(pattern: string): readonly string[];
  readonly env: Environment;
}

/** CoreDNS's bound on imports, which is what ends a chain of snippets that doubles at each step. */
export const MAX_IMPORTS = 10_000;
/** A bound on what imports may multiply: tens of megabytes of Corefile. */
export const MAX_TOKENS = 1_000_000;
/** Imports within imports; real ones are two or three deep. */
export const MAX_IMPORT_DEPTH = 100;

/** One text that is being read. */
interface Source {
  /** What an import cycle is recognised by: a path or `(snippet)`. */
  readonly key: string;
  readonly tokens: readonly Token[];
  at: number;
}

/** A reader of tokens; imports are carried out by the parser's word, where a statement may stand. */
export interface TokenStream {
  /** The next token, undefined at the end. Variables are already expanded. */
  peek(): Token | undefined;
  next(): Token | undefined;
  /** Takes the rest of the line of an `import` that was just read, and puts what it names in front of what is left. */
  importHere(place: Place): void;
  /** @returns false when the name is taken */
  defineSnippet(name: string, tokens: readonly Token[]): boolean;
}

/** Opens a stream on a Corefile's text; faults are added to `faults`, nothing is thrown. */
export function openTokenStream(
  text: string,
  surroundings: CorefileSurroundings,
  faults: SvcdnsError[],
): TokenStream {
  const { env } = surroundings;
  const snippets = new Map<string, readonly Token[]>();
  const sources: Source[] = [];
  let imports = 0;
  let read = 0;
  let ahead: Token | undefined;

  const push = (key: string, tokens: readonly Token[]): void => {
    sources.push({ key, tokens, at: 0 });
  };
  const pushText = (content: string, file: string): void => {
    const lexed = lexCorefile(content, file);
    faults.push(...lexed.faults);
    push(file, lexed.tokens);
  };

  const peek = (): Token | undefined => {
    if (ahead !== undefined) return ahead;
    for (;;) {
      const source = sources.at(-1);
      if (source === undefined) return undefined;
      const token = source.tokens[source.at];
      if (token === undefined) {
        sources.pop();
        continue;
      }
      if (read >= MAX_TOKENS) {
        faults.push(tooLarge(token.place));
        sources.length = 0;
        return undefined;
      }
      read += 1;
      source.at += 1;
      ahead = { ...token, text: expandVariables(token.text, env) };
      return ahead;
    }
  };
  const next = (): Token | undefined => {
    const token = peek();
    ahead = undefined;
    return token;
  };

  /** An import's arguments; never looked for beyond its own text, so that a circle is still seen on the stack. */
  const restOfLine = (): readonly string[] => {
    const source = sources.at(-1);
    const words: string[] = [];
    for (;;) {
      const token = source?.tokens[source.at];
      if (source === undefined || token === undefined || token.startsLine || isBrace(token)) break;
      source.at += 1;
      words.push(expandVariables(token.text, env));
    }
    return words;
  };

  const importSnippet = (name: string, args: readonly string[], place: Place): void => {
    const body: Token[] = [];
    for (const token of snippets.get(name) ?? []) {
      const { text: expanded, missing } = expandArguments(token.text, args);
      if (missing !== undefined) {
        faults.push(lacksArgument(name, missing, place, token.place));
        return;
      }
      body.push(expanded === token.text ? token : { ...token, text: expanded });
    }
    push(`(${name})`, body);
  };

  const importFiles = (pattern: string, place: Place): void => {
    const path = isAbsolute(pattern) ? pattern : join(dirname(place.file), pattern);
    const isPattern = /[*?[\]]/.test(pattern);
    let files: readonly string[];
    try {
      files = isPattern ? surroundings.glob(path) : [path];
    } catch (error) {
      faults.push(unreadable(pattern, place, error));
      return;
    }
    // the last that is pushed is read first
    for (const file of [...files].reverse()) {
      if (sources.some((source) => source.key === file)) {
        faults.push(cycle(`file ${file}`, place));
        continue;
      }
      try {
        pushText(surroundings.readFile(file), file);
      } catch (error) {
        if (!isPattern && snippets.size > 0 && !/[/.]/.test(pattern)) {
          faults.push(unknownSnippet(pattern, place, snippets.keys()));
        } else {
          faults.push(unreadable(pattern, place, error));
        }
      }
    }
  };

  const importHere = (place: Place): void => {
    const [name, ...args] = restOfLine();
    if (name === undefined || name === '') {
      const mend = 'write import FILE, import PATTERN or import SNIPPET';
      faults.push(syntaxFault('import lacks the name of a file or snippet', place, mend));
      return;
    }
    imports += 1;
    if (imports > MAX_IMPORTS) {
      if (imports === MAX_IMPORTS + 1) faults.push(tooMany(place));
    } else if (sources.length > MAX_IMPORT_DEPTH) {
      faults.push(tooDeep(place));
    } else if (snippets.has(name)) {
      if (sources.some((source) => source.key === `(${name})`)) {
        faults.push(cycle(`snippet (${name})`, place));
      } else {
        importSnippet(name, args, place);
      }
    } else if (args.length > 0) {
      const mend = 'write one import a line; only a snippet, defined further up, takes arguments';
      faults.push(syntaxFault('import takes one file or pattern', place, mend));
    } else {
      importFiles(name, place);
    }
  };

  const defineSnippet = (name: string, tokens: readonly Token[]): boolean => {
    if (snippets.has(name)) return false;
    snippets.set(name, tokens);
    return true;
  };

  pushText(text, surroundings.file);
  return { peek, next, importHere, defineSnippet };
}

/** Whether a token is `{` or `}` and not in quotes. */
export function isBrace(token: Token): boolean {
  return !token.quoted && (token.text === '{' || token.text === '}');
}

function tooDeep(place: Place): SvcdnsError {
  const message = `imports are nested deeper than ${MAX_IMPORT_DEPTH}`;
  return syntaxFault(message, place, 'import fewer levels');
}

function tooLarge(place: Place): SvcdnsError {
  const message = `with its imports the Corefile has more than ${MAX_TOKENS} words`;
  return syntaxFault(message, place, 'look for snippets that import each other many times');
}

function tooMany(place: Place): SvcdnsError {
  const message = `there are more than ${MAX_IMPORTS} imports`;
  return syntaxFault(message, place, 'look for snippets that import each other many times');
}

function cycle(what: string, place: Place): SvcdnsError {
  return syntaxFault(`${what} imports itself`, place, 'remove one import of the circle');
}

function lacksArgument(name: string, index: number, place: Place, used: Place): SvcdnsError {
  return syntaxFault(
    `snippet (${name}) asks for argument ${index} (line ${used.line}), which is not given`,
    place,
    `write import ${name} with at least ${index + 1} argument${index === 0 ? '' : 's'}`,
  );
}

function unknownSnippet(name: string, place: Place, known: Iterable<string>): SvcdnsError {
  const names = [...known];
  const near = nearestName(name, names);
  return syntaxFault(
    `there is neither a snippet (${name}) above nor a file ${name}`,
    place,
    near === undefined ? `snippets above: ${names.join(', ')}` : `did you mean ${near}?`,
  );
}

function unreadable(pattern: string, place: Place, cause: unknown): SvcdnsError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const message =
    code === 'ENOENT'
      ? `file to import not found: ${pattern}`
      : `file to import cannot be read: ${pattern}`;
  return new SvcdnsError('COREFILE_SYNTAX', message, {
    where: place,
    mend: 'name an existing file, relative to the file that imports it, or a snippet defined above',
    cause,
  });
}
