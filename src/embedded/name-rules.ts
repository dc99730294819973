/** Rules for names and numbers, with the wording of k8s.io/apimachinery (util/validation). */
import ipaddr from 'ipaddr.js';

/** What is wrong with a value; empty: nothing. */
export type ValueRule = (value: string) => readonly string[];

interface Pattern {
  readonly regex: RegExp;
  readonly text: string;
  readonly says: string;
  readonly examples: readonly string[];
  readonly max: number;
  /** How the API server counts `max` in this rule's message. */
  readonly unit: 'bytes' | 'characters';
}

const DNS1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1123_SUBDOMAIN = `${DNS1123}(\\.${DNS1123})*`;
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

function pattern(text: string, max: number, says: string, examples: readonly string[]): Pattern {
  const unit = 'characters';
  return { regex: new RegExp(`^(?:${text})$`), text, says, examples, max, unit };
}

function inBytes(...rule: Parameters<typeof pattern>): Pattern {
  return { ...pattern(...rule), unit: 'bytes' };
}

const LABEL = pattern(
  DNS1123,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
);
const SUBDOMAIN = pattern(
  DNS1123_SUBDOMAIN,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
);
const LABEL_1035 = pattern(
  DNS1035,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
);
const LABEL_VALUE = inBytes(
  `(${QUALIFIED})?`,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
);
const NAME_PART = inBytes(
  QUALIFIED,
  63,
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
);
const CONFIG_KEY = pattern(
  '[-._a-zA-Z0-9]+',
  253,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
);

function check(rule: Pattern, value: string): string[] {
  const wrong: string[] = [];
  if (Buffer.byteLength(value) > rule.max) {
    wrong.push(`must be no more than ${rule.max} ${rule.unit}`);
  }
  if (!rule.regex.test(value)) {
    const examples = rule.examples.map((example) => `'${example}', `).join(' or ');
    wrong.push(`${rule.says} (e.g. ${examples}regex used for validation is '${rule.text}')`);
  }
  return wrong;
}

/** RFC 1123 label: namespaces, port names of services, hostnames. */
export const dnsLabel: ValueRule = (value) => check(LABEL, value);
/** RFC 1123 subdomain: names of pods, nodes, endpoints and most other kinds, external names. */
export const dnsSubdomain: ValueRule = (value) => check(SUBDOMAIN, value);
/** RFC 1035 label: names of services. */
export const dns1035Label: ValueRule = (value) => check(LABEL_1035, value);
export const labelValue: ValueRule = (value) => check(LABEL_VALUE, value);
export const configKey: ValueRule = (value) => check(CONFIG_KEY, value);

/** A label or annotation key: `[prefix/]name`. */
export const qualifiedName: ValueRule = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const [prefix, name] = parts.length === 2 ? [parts[0], parts[1] ?? ''] : [undefined, value];
  const wrong: string[] = [];
  if (prefix === '') wrong.push('prefix part must be non-empty');
  else if (prefix !== undefined) {
    wrong.push(...dnsSubdomain(prefix).map((text) => `prefix part ${text}`));
  }
  if (name === '') wrong.push('name part must be non-empty');
  else wrong.push(...check(NAME_PART, name));
  return wrong;
};

/** An IANA service name (RFC 6335 §5.1): names of container ports and of a named targetPort. */
export const portName: ValueRule = (value) => {
  const wrong: string[] = [];
  if (value.length > 15) wrong.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value)) {
    wrong.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) wrong.push('must contain at least one letter (a-z)');
  if (value.includes('--')) wrong.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) {
    wrong.push('must not begin or end with a hyphen');
  }
  return wrong;
};

/** A port number, 1..65535. */
export function portNumber(value: number): readonly string[] {
  const sound = Number.isInteger(value) && value >= 1 && value <= 65_535;
  return sound ? [] : ['must be between 1 and 65535, inclusive'];
}

/** The canonical form of an address, undefined when the text is none. */
export function canonicalAddress(text: string): string | undefined {
  const family = addressFamily(text);
  if (family === undefined) return undefined;
  return family === 'IPv4' ? text : ipaddr.IPv6.parse(text).toRFC5952String();
}

/** The family of an address in strict notation; undefined when the text is none. */
export function addressFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text) && ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return 'IPv4';
  }
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)
    ? 'IPv6'
    : undefined;
}

/** What keeps an address from being an endpoint or an external IP. */
export const endpointAddress: ValueRule = (text) => {
  if (addressFamily(text) === undefined) {
    return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  }
  const address = ipaddr.parse(text);
  const range = address.range();
  if (range === 'unspecified') return [`may not be unspecified (${text})`];
  if (range === 'loopback') {
    return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  }
  if (range === 'linkLocal') {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  }
  const linkLocalMulticast = text.startsWith('224.0.0.') || /^ff02:/i.test(text);
  return linkLocalMulticast
    ? ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']
    : [];
};
