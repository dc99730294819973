/** Tokens of a template to its tree: text, pipelines, and if ... else ... end. */
import { TEMPLATE_FUNCTIONS } from './template-functions.js';
import { TemplateFault, type TemplateToken, templateTokens } from './template-tokens.js';

/** A piece of a template. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: TemplateExpression }
  | {
      readonly kind: 'if';
      readonly condition: TemplateExpression;
      readonly then: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

/** What a pipeline is made of; piped values are already the last arguments of their functions. */
export type TemplateExpression =
  | { readonly kind: 'literal'; readonly value: string | bigint | boolean }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly arguments: readonly TemplateExpression[];
    };

/** Words of Go's templates that svcdns has not. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'range',
  'with',
  'define',
  'template',
  'block',
  'break',
  'continue',
  'nil',
]);

/**
 * @throws TemplateFault for what is no template, or more of one than svcdns takes
 */
export function parseTemplate(source: string): readonly TemplateNode[] {
  const parser = new TemplateParser(templateTokens(source));
  const nodes = parser.nodes();
  parser.expectEnd();
  return nodes;
}

class TemplateParser {
  readonly #tokens: readonly TemplateToken[];
  #at = 0;

  constructor(tokens: readonly TemplateToken[]) {
    this.#tokens = tokens;
  }

  /** Pieces up to the end, or up to an `else` or `end`, which is left for the caller. */
  nodes(): TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || this.#isWord(1, 'end') || this.#isWord(1, 'else')) return nodes;
      this.#at += 1;
      if (token.kind === 'text') nodes.push(token);
      else if (this.#isWord(0, 'if')) {
        this.#at += 1;
        nodes.push(this.#if());
      } else {
        nodes.push({ kind: 'value', value: this.#pipeline() });
        this.#take('close');
      }
    }
  }

  expectEnd(): void {
    if (this.#at < this.#tokens.length) throw new TemplateFault('end or else without if');
  }

  /** Behind the word `if`. */
  #if(): TemplateNode {
    const condition = this.#pipeline();
    this.#take('close');
    const then = this.nodes();
    let otherwise: TemplateNode[] = [];
    this.#take('open', 'if is not closed with end');
    if (this.#takeWord('else')) {
      if (this.#takeWord('if')) return { kind: 'if', condition, then, otherwise: [this.#if()] };
      this.#take('close');
      otherwise = this.nodes();
      this.#take('open', 'if is not closed with end');
    }
    if (!this.#takeWord('end')) throw new TemplateFault('if is not closed with end');
    this.#take('close');
    return { kind: 'if', condition, then, otherwise };
  }

  #pipeline(): TemplateExpression {
    let value = this.#command(undefined);
    while (this.#tokens[this.#at]?.kind === '|') {
      this.#at += 1;
      value = this.#command(value);
    }
    return value;
  }

  /** A function with its arguments, or a single operand; what is piped in becomes the last argument. */
  #command(piped: TemplateExpression | undefined): TemplateExpression {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text === 'true' || token.text === 'false') {
      const operand = this.#operand();
      if (piped !== undefined) throw new TemplateFault('a value is piped into what is no function');
      if (this.#isOperand()) throw new TemplateFault('a value is given arguments');
      return operand;
    }
    this.#at += 1;
    if (!TEMPLATE_FUNCTIONS.has(token.text)) throw unknownFunction(token.text);
    const given: TemplateExpression[] = [];
    while (this.#isOperand()) given.push(this.#operand());
    if (piped !== undefined) given.push(piped);
    return { kind: 'call', name: token.text, arguments: given };
  }

  #isOperand(): boolean {
    const kind = this.#tokens[this.#at]?.kind;
    return kind !== undefined && ['word', 'field', 'string', 'number', '('].includes(kind);
  }

  #operand(): TemplateExpression {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    switch (token?.kind) {
      case 'string':
      case 'number':
        return { kind: 'literal', value: token.value };
      case 'field':
        return { kind: 'field', names: token.names };
      case 'word':
        if (token.text === 'true' || token.text === 'false') {
          return { kind: 'literal', value: token.text === 'true' };
        }
        // a function without arguments
        if (!TEMPLATE_FUNCTIONS.has(token.text)) throw unknownFunction(token.text);
        return { kind: 'call', name: token.text, arguments: [] };
      case '(': {
        const inner = this.#pipeline();
        this.#take(')', 'a parenthesis is not closed');
        const behind = this.#tokens[this.#at];
        if (behind?.kind === 'field' && behind.glued) {
          throw new TemplateFault('a field behind a parenthesis is not supported');
        }
        return inner;
      }
      default:
        throw new TemplateFault('a value is missing');
    }
  }

  #isWord(ahead: number, text: string): boolean {
    const token = this.#tokens[this.#at + ahead];
    const opened = this.#tokens[this.#at + ahead - 1]?.kind === 'open';
    return opened && token?.kind === 'word' && token.text === text;
  }

  #takeWord(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #take(kind: TemplateToken['kind'], fault = 'an action holds too much'): void {
    if (this.#tokens[this.#at]?.kind !== kind) throw new TemplateFault(fault);
    this.#at += 1;
  }
}

function unknownFunction(name: string): TemplateFault {
  if (UNSUPPORTED.has(name)) return new TemplateFault(`"${name}" is not supported`);
  return new TemplateFault(`there is no function "${name}"`);
}
