/** The functions of templates: Go's predefined ones, as far as records have a use for them, and `parseInt`. */

/** What expressions work on. */
export type TemplateValue = string | bigint | boolean | readonly string[] | TemplateMap;

/** Named values; a name that is not there is the empty text. */
export interface TemplateMap {
  readonly values: ReadonlyMap<string, TemplateValue>;
}

/** Why a template has no result for a query; counted, and answered SERVFAIL. */
export class TemplateFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateFailure';
  }
}

type TemplateFunction = (values: readonly TemplateValue[]) => TemplateValue;

/** By name; each throws {@link TemplateFailure} for arguments that it cannot take. */
export const TEMPLATE_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ['index', indexed],
  ['parseInt', parsedInteger],
  ['print', printed],
  ['printf', formatted],
  ['len', lengthOf],
  ['eq', isEqual],
  ['ne', (values: readonly TemplateValue[]): TemplateValue => isEqual(values) !== true],
  ['not', ([value]: readonly TemplateValue[]): TemplateValue => !isTrue(value)],
  ['and', firstOf(false)],
  ['or', firstOf(true)],
]);

/** Whether a value counts as true: what is empty or 0 does not. */
export function isTrue(value: TemplateValue | undefined): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'boolean') return value;
  return value !== undefined;
}

/** The text that a value stands for. */
export function textOf(value: TemplateValue): string {
  if (typeof value === 'object') throw new TemplateFailure('a list or map is no text');
  return String(value);
}

function indexed([collection, ...keys]: readonly TemplateValue[]): TemplateValue {
  let value = collection;
  for (const key of keys) {
    if (Array.isArray(value) && typeof key === 'bigint') value = value[Number(key)];
    else if (isMap(value) && typeof key === 'string') value = value.values.get(key) ?? '';
    else throw new TemplateFailure('index takes a list and a number, or a map and a name');
    if (value === undefined) throw new TemplateFailure(`index ${textOf(key)} is out of range`);
  }
  if (value === undefined) throw new TemplateFailure('index lacks its arguments');
  return value;
}

function isMap(value: TemplateValue | undefined): value is TemplateMap {
  return typeof value === 'object' && 'values' in value && value.values instanceof Map;
}

/** `parseInt TEXT BASE BITS`: an unsigned number (Go strconv.ParseUint). */
function parsedInteger([text, base, bits]: readonly TemplateValue[]): TemplateValue {
  if (typeof text !== 'string' || typeof base !== 'bigint' || typeof bits !== 'bigint') {
    throw new TemplateFailure('parseInt takes a text, a base and a number of bits');
  }
  if (base < 2n || base > 36n)
    throw new TemplateFailure(`parseInt: base ${base} is not from 2 to 36`);
  if (text === '') throw new TemplateFailure('parseInt: the text is empty');
  let value = 0n;
  for (const char of text.toLowerCase()) {
    const digit = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(char);
    if (digit < 0 || BigInt(digit) >= base) {
      throw new TemplateFailure(`parseInt: "${text}" is no number of base ${base}`);
    }
    value = value * base + BigInt(digit);
  }
  const limit = 1n << (bits === 0n ? 64n : bits);
  if (value >= limit) throw new TemplateFailure(`parseInt: "${text}" has more than ${bits} bits`);
  return value;
}

/** Blanks stand between values of which neither is text (Go fmt.Sprint). */
function printed(values: readonly TemplateValue[]): TemplateValue {
  return values
    .map((value, i) => {
      const previous = values[i - 1];
      const apart =
        previous !== undefined && typeof previous !== 'string' && typeof value !== 'string';
      return (apart ? ' ' : '') + textOf(value);
    })
    .join('');
}

/** `%s %v %q %d %x %X %o %b %%` with a width and leading zeros (Go fmt.Sprintf). */
function formatted([format, ...values]: readonly TemplateValue[]): TemplateValue {
  if (typeof format !== 'string') throw new TemplateFailure('printf lacks its format');
  let next = 0;
  return format.replace(/%(-|0)?(\d+)?(.)/g, (_, flag?: string, width?: string, verb?: string) => {
    if (verb === '%') return '%';
    const value = values[next];
    next += 1;
    if (value === undefined) throw new TemplateFailure('printf has more verbs than values');
    const text = formattedValue(verb ?? '', value);
    const size = Number(width ?? 0);
    if (flag === '-') return text.padEnd(size);
    return text.padStart(size, flag === '0' ? '0' : ' ');
  });
}

const RADIX: Readonly<Record<string, number>> = { d: 10, x: 16, X: 16, o: 8, b: 2 };

function formattedValue(verb: string, value: TemplateValue): string {
  if (verb === 's' || verb === 'v') return textOf(value);
  if (verb === 'q') return JSON.stringify(textOf(value));
  const radix = RADIX[verb];
  if (radix === undefined || (typeof value !== 'bigint' && verb === 'd')) {
    throw new TemplateFailure(`printf: %${verb} does not fit its value`);
  }
  const text =
    typeof value === 'bigint' ? value.toString(radix) : Buffer.from(textOf(value)).toString('hex');
  return verb === 'X' ? text.toUpperCase() : text;
}

function lengthOf([value]: readonly TemplateValue[]): TemplateValue {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (Array.isArray(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.values.size);
  throw new TemplateFailure('len takes a text, a list or a map');
}

/** Whether the first equals any of the others. */
function isEqual([first, ...others]: readonly TemplateValue[]): TemplateValue {
  if (first === undefined || others.length === 0) throw new TemplateFailure('eq takes two values');
  return others.some((other) => {
    if (typeof other !== typeof first || typeof first === 'object') {
      throw new TemplateFailure('values of two kinds are compared');
    }
    return other === first;
  });
}

/** `and` and `or` give the value that decides, or the last. */
function firstOf(wanted: boolean): TemplateFunction {
  return (values) => {
    const value = values.find((candidate) => isTrue(candidate) === wanted) ?? values.at(-1);
    if (value === undefined) throw new TemplateFailure('and, or: there are no values');
    return value;
  };
}
