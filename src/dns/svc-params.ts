/** The parameters of SVCB and HTTPS records (RFC 9460 §2.1, §7, appendix A). */
import { ipv4FromText, ipv4ToText, ipv6FromText, ipv6ToText } from './address.js';
import { characterString, escapedOctets, octetsOfWord, recordFault } from './presentation.js';
import { base64FromText, numberToWire, type RdataField } from './rdata-field.js';

/** How one parameter's value is written; undefined from `toText` says that it is malformed. */
interface ParamFormat {
  readonly toText: (value: Uint8Array) => string | undefined;
  /** `text` still has its escapes. */
  readonly fromText: (text: string, name: string) => Uint8Array;
}

/** Registered names by key number (IANA SvcParamKeys). */
const NAMES: readonly string[] = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
];
const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;

/** Octets as they are: what dohpath and unknown keys hold. */
const opaque: ParamFormat = {
  toText: (value) => (value.length === 0 ? '' : `"${escapedOctets(value)}"`),
  fromText: (text) => octetsOfWord(text),
};

const nothing: ParamFormat = {
  toText: (value) => (value.length === 0 ? '' : undefined),
  fromText: (text, name) => {
    if (text !== '') throw recordFault(`parameter ${name} takes no value`);
    return new Uint8Array(0);
  },
};

const mandatory: ParamFormat = {
  toText: (value) => {
    if (value.length === 0 || value.length % 2 !== 0) return undefined;
    const keys: number[] = [];
    for (let i = 0; i < value.length; i += 2) {
      const key = ((value[i] ?? 0) << 8) | (value[i + 1] ?? 0);
      if (key <= (keys.at(-1) ?? MANDATORY)) return undefined;
      keys.push(key);
    }
    return keys.map(nameOf).join(',');
  },
  fromText: (text) => {
    const keys = text.split(',').map(keyOf);
    if (keys.includes(MANDATORY) || new Set(keys).size !== keys.length) {
      throw recordFault('parameter mandatory names itself or a key twice');
    }
    return Buffer.concat(keys.sort((a, b) => a - b).map((key) => numberToWire(key, 2)));
  },
};

const alpn: ParamFormat = {
  toText: (value) => {
    const items: string[] = [];
    for (let at = 0; at < value.length; ) {
      const length = value[at] ?? 0;
      if (length === 0 || at + 1 + length > value.length) return undefined;
      const item = Buffer.from(value.subarray(at + 1, at + 1 + length)).toString('latin1');
      items.push(item.replace(/[\\,]/g, '\\$&'));
      at += 1 + length;
    }
    if (items.length === 0) return undefined;
    return `"${escapedOctets(Buffer.from(items.join(','), 'latin1'))}"`;
  },
  // escaped twice: as a string of the zone file, then commas and backslashes inside of the list (appendix A.1)
  fromText: (text) => {
    const list = Buffer.from(octetsOfWord(text)).toString('latin1');
    const items = list.match(/(?:\\[\\,]|[^\\,])+/g) ?? [];
    if (items.join(',') !== list || items.length === 0) {
      throw recordFault('parameter alpn is no list of protocol names');
    }
    const wire = items.map((item) =>
      characterString(Buffer.from(item.replace(/\\([\\,])/g, '$1'), 'latin1')),
    );
    return Buffer.concat(wire);
  },
};

const port: ParamFormat = {
  toText: (value) =>
    value.length === 2 ? String(((value[0] ?? 0) << 8) | (value[1] ?? 0)) : undefined,
  fromText: (text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 0xffff) {
      throw recordFault(`port ${JSON.stringify(text)} is not a number from 0 to 65535`);
    }
    return numberToWire(Number(text), 2);
  },
};

const ech: ParamFormat = {
  toText: (value) => (value.length === 0 ? undefined : Buffer.from(value).toString('base64')),
  fromText: (text) => base64FromText(text),
};

function hints(
  size: 4 | 16,
  write: (value: Uint8Array, at: number) => string,
  read: (text: string) => Uint8Array | undefined,
): ParamFormat {
  return {
    toText: (value) => {
      if (value.length === 0 || value.length % size !== 0) return undefined;
      const texts: string[] = [];
      for (let at = 0; at < value.length; at += size) texts.push(write(value, at));
      return texts.join(',');
    },
    fromText: (text, name) => {
      const all = text.split(',').map((one) => {
        const address = read(one);
        if (address === undefined) throw recordFault(`${JSON.stringify(one)} is no ${name}`);
        return address;
      });
      return Buffer.concat(all);
    },
  };
}

/** Formats by key number, in the order of NAMES. */
const FORMATS: readonly ParamFormat[] = [
  mandatory,
  alpn,
  nothing,
  port,
  hints(4, ipv4ToText, ipv4FromText),
  ech,
  hints(16, ipv6ToText, ipv6FromText),
  opaque,
  nothing,
];

/** All parameters to the end of the rdata. */
export const svcParamsField: RdataField = {
  toText: (rdata) => {
    const texts: string[] = [];
    const keys: number[] = [];
    let required: number[] = [];
    while (rdata.left > 0) {
      const key = rdata.number(2);
      const length = rdata.number(2);
      const value = length === undefined ? undefined : rdata.take(length);
      if (key === undefined || value === undefined || key <= (keys.at(-1) ?? -1)) return undefined;
      const text = (FORMATS[key] ?? opaque).toText(value);
      if (text === undefined) return undefined;
      keys.push(key);
      if (key === MANDATORY) required = text.split(',').map(keyOf);
      texts.push(text === '' ? nameOf(key) : `${nameOf(key)}=${text}`);
    }
    return isConsistent(keys, required) ? texts.join(' ') : undefined;
  },
  fromText: (words) => {
    const params = new Map<number, Uint8Array>();
    let required: number[] = [];
    while (words.left > 0) {
      const { text } = words.next('a parameter');
      const cut = text.indexOf('=');
      const name = (cut < 0 ? text : text.slice(0, cut)).toLowerCase();
      const value = cut < 0 ? '' : text.slice(cut + 1);
      const key = keyOf(name);
      if (params.has(key)) throw recordFault(`parameter ${name} is given twice`);
      // `key3` is port's generic spelling: its value is octets (RFC 9460 §2.1)
      const format = NAMES.includes(name) ? FORMATS[key] : undefined;
      const wire = (format ?? opaque).fromText(value, name);
      const checked = (FORMATS[key] ?? opaque).toText(wire);
      if (checked === undefined) throw recordFault(`the value of parameter ${name} is malformed`);
      params.set(key, wire);
      if (key === MANDATORY) required = checked.split(',').map(keyOf);
    }
    const keys = [...params.keys()].sort((a, b) => a - b);
    if (!isConsistent(keys, required)) {
      throw recordFault('the parameters lack one that mandatory or no-default-alpn needs');
    }
    const wire = keys.map((key) => {
      const value = params.get(key) ?? new Uint8Array(0);
      return Buffer.concat([numberToWire(key, 2), numberToWire(value.length, 2), value]);
    });
    return Buffer.concat(wire);
  },
};

/** RFC 9460 §8 and §7.1.1: what is mandatory is there, and no-default-alpn needs alpn. */
function isConsistent(keys: readonly number[], required: readonly number[]): boolean {
  if (keys.includes(NO_DEFAULT_ALPN) && !keys.includes(ALPN)) return false;
  return required.every((key) => keys.includes(key));
}

function nameOf(key: number): string {
  return NAMES[key] ?? `key${key}`;
}

function keyOf(name: string): number {
  const registered = NAMES.indexOf(name.toLowerCase());
  if (registered >= 0) return registered;
  // 65535 is reserved as "invalid key" (RFC 9460 §14.3.2)
  const generic = /^key(0|[1-9]\d{0,4})$/i.exec(name);
  if (generic === null || Number(generic[1]) >= 0xffff) {
    throw recordFault(`${JSON.stringify(name)} is no parameter of a service binding`);
  }
  return Number(generic[1]);
}
