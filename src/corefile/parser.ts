/** Tokens to server blocks: the grammar of CoreDNS's Corefile (Caddyfile v1), every fault gathered. */
import type { Place, SvcdnsError } from '../errors.js';
import { syntaxFault } from './faults.js';
import type { Directive, ServerBlock } from './plan.js';
import {
  type CorefileSurroundings,
  isBrace,
  openTokenStream,
  type TokenStream,
} from './token-stream.js';
import type { Token } from './tokens.js';

/** Braces within braces of one directive; CoreDNS's deepest option has two. */
const MAX_NESTING = 16;

/** What a Corefile says, and what is wrong with it. */
export interface ParsedCorefile {
  readonly blocks: readonly ServerBlock[];
  readonly faults: readonly SvcdnsError[];
}

/**
 * Reads a Corefile with its imports. Never throws and always ends; blocks are what could be made out
 * when there are faults.
 */
export function parseCorefile(text: string, surroundings: CorefileSurroundings): ParsedCorefile {
  const faults: SvcdnsError[] = [];
  const stream = openTokenStream(text, surroundings, faults);
  const parser: Parser = { stream, faults };
  const blocks: ServerBlock[] = [];
  for (;;) {
    const token = stream.peek();
    if (token === undefined) return { blocks, faults };
    if (opensImport(token)) {
      stream.next();
      stream.importHere(token.place);
    } else if (isText(token, '}')) {
      stream.next();
      faults.push(unexpectedClose(token.place));
    } else {
      const block = readBlock(parser, token);
      if (block !== undefined) blocks.push(block);
    }
  }
}

interface Parser {
  readonly stream: TokenStream;
  readonly faults: SvcdnsError[];
}

/** A server block, or undefined for a snippet and for one without keys. */
function readBlock(parser: Parser, first: Token): ServerBlock | undefined {
  const { stream, faults } = parser;
  const { keys, open } = readKeys(parser);
  const place = first.place;
  const snippet = keys.length === 1 ? /^\((.*)\)$/s.exec(keys[0] ?? '')?.[1] : undefined;
  if (snippet !== undefined) {
    readSnippet(parser, snippet, place, open);
    return undefined;
  }
  if (keys.length === 0) {
    const mend = 'write its zones before the brace, as .:53 {';
    faults.push(syntaxFault('a server block has no zone', place, mend));
  }
  // a single block at the end of the file may do without braces
  const directives = readDirectives(parser, { open, depth: 0 });
  if (open === undefined && isText(stream.peek(), '}')) {
    const token = stream.next();
    if (token !== undefined) faults.push(unexpectedClose(token.place));
  }
  return keys.length === 0 ? undefined : { keys, directives, place };
}

interface Keys {
  readonly keys: readonly string[];
  /** Where the brace was opened; undefined: there is none. */
  readonly open?: Place;
}

/** The keys up to the brace or the end of their line; a comma at a line's end goes on to the next line. */
function readKeys(parser: Parser): Keys {
  const { stream, faults } = parser;
  const keys: string[] = [];
  let comma: Place | undefined;
  for (let first = true; ; first = false) {
    const token = stream.peek();
    if (token === undefined) {
      if (comma !== undefined) faults.push(danglingComma(comma));
      return { keys };
    }
    if (isText(token, '{')) {
      if (comma !== undefined) faults.push(danglingComma(comma));
      stream.next();
      return { keys, open: token.place };
    }
    if (isText(token, '}')) return { keys };
    if (token.startsLine && !first && comma === undefined) return { keys };
    stream.next();
    if (comma !== undefined && opensImport(token)) {
      stream.importHere(token.place);
      continue;
    }
    const glued = !token.quoted && token.text.length > 1 && token.text.endsWith('{');
    const text = glued ? token.text.slice(0, -1) : token.text;
    keys.push(...text.split(',').filter((key) => key !== ''));
    comma = text.endsWith(',') ? token.place : undefined;
    if (glued) {
      faults.push(gluedBrace(token));
      return { keys, open: token.place };
    }
  }
}

/** Keeps a snippet's tokens as they are: its imports and arguments are looked at where it is used. */
function readSnippet(parser: Parser, name: string, place: Place, open: Place | undefined): void {
  const { stream, faults } = parser;
  if (open === undefined) {
    faults.push(syntaxFault(`snippet (${name}) has no braces`, place, `write (${name}) {`));
    return;
  }
  const tokens: Token[] = [];
  for (let depth = 1; ; ) {
    const token = stream.next();
    if (token === undefined) {
      faults.push(neverClosed(open));
      break;
    }
    if (isText(token, '{')) depth += 1;
    if (isText(token, '}')) depth -= 1;
    if (depth === 0) break;
    tokens.push(tokens.length === 0 ? { ...token, startsLine: true } : token);
  }
  if (name === '') {
    faults.push(syntaxFault('a snippet has no name', place, 'write (NAME) {'));
  } else if (!stream.defineSnippet(name, tokens)) {
    const mend = 'give one of them another name';
    faults.push(syntaxFault(`snippet (${name}) is defined twice`, place, mend));
  }
}

interface Level {
  /** The brace that opened this level; undefined: the level goes on to the end of the file. */
  readonly open: Place | undefined;
  readonly depth: number;
}

/** Lines up to the closing brace of the level, which is taken, or to the end of the file. */
function readDirectives(parser: Parser, level: Level): Directive[] {
  const { stream, faults } = parser;
  const directives: Directive[] = [];
  let closedAt: Place | undefined;
  for (;;) {
    const token = stream.peek();
    if (token === undefined) {
      if (level.open !== undefined) faults.push(neverClosed(level.open));
      return directives;
    }
    if (isText(token, '}')) {
      if (level.open !== undefined) stream.next();
      return directives;
    }
    if (closedAt !== undefined && !token.startsLine) {
      faults.push(textAfterBrace(token));
    }
    closedAt = undefined;
    stream.next();
    if (!token.quoted && token.text === 'import') {
      stream.importHere(token.place);
    } else if (isText(token, '{')) {
      faults.push(braceWithoutName(token.place));
      skipBlock(parser, token.place);
    } else {
      const directive = readDirective(parser, token, level.depth);
      directives.push(directive);
      if (directive.hasBody) closedAt = directive.place;
    }
  }
}

/** A line: the name that was just taken, its arguments, and its body if a brace follows. */
function readDirective(parser: Parser, first: Token, depth: number): Directive {
  const { stream, faults } = parser;
  const args: string[] = [];
  const glued = !first.quoted && first.text.length > 1 && first.text.endsWith('{');
  const name = glued ? first.text.slice(0, -1) : first.text;
  let open: Place | undefined;
  if (glued) {
    faults.push(gluedBrace(first));
    open = first.place;
  }
  while (open === undefined) {
    const token = stream.peek();
    // a brace on a line of its own can only belong to what stands before it
    if (token !== undefined && isText(token, '{')) {
      stream.next();
      open = token.place;
    } else if (token === undefined || token.startsLine || isBrace(token)) {
      return { name, args, place: first.place, body: [], hasBody: false };
    } else {
      stream.next();
      args.push(token.text);
    }
  }
  if (depth >= MAX_NESTING) {
    const message = `braces are nested deeper than ${MAX_NESTING}`;
    faults.push(syntaxFault(message, open, 'close some of them'));
    skipBlock(parser, open);
    return { name, args, place: first.place, body: [], hasBody: true };
  }
  const body = readDirectives(parser, { open, depth: depth + 1 });
  return { name, args, place: first.place, body, hasBody: true };
}

/** Passes over a block whose opening brace was taken. */
function skipBlock(parser: Parser, open: Place): void {
  for (let depth = 1; depth > 0; ) {
    const token = parser.stream.next();
    if (token === undefined) {
      parser.faults.push(neverClosed(open));
      return;
    }
    if (isText(token, '{')) depth += 1;
    if (isText(token, '}')) depth -= 1;
  }
}

function opensImport(token: Token): boolean {
  return token.startsLine && !token.quoted && token.text === 'import';
}

function isText(token: Token | undefined, brace: '{' | '}'): boolean {
  return token !== undefined && !token.quoted && token.text === brace;
}

function unexpectedClose(place: Place): SvcdnsError {
  const mend = 'remove it, or open the block that it should close';
  return syntaxFault('a brace is closed that was never opened', place, mend);
}

function neverClosed(place: Place): SvcdnsError {
  return syntaxFault('the brace opened here is never closed', place, 'add a line with }');
}

function danglingComma(place: Place): SvcdnsError {
  return syntaxFault('no zone follows the comma', place, 'remove the comma, or add a zone');
}

function gluedBrace(token: Token): SvcdnsError {
  const name = token.text.slice(0, -1);
  const message = `there is no blank before the brace of "${token.text}"`;
  return syntaxFault(message, token.place, `write ${name} {`);
}

function braceWithoutName(place: Place): SvcdnsError {
  const mend = 'write the name of the directive before it';
  return syntaxFault('a brace is opened without a directive', place, mend);
}

function textAfterBrace(token: Token): SvcdnsError {
  return syntaxFault(
    `"${token.text}" stands behind a closing brace`,
    token.place,
    'start a new line',
  );
}
