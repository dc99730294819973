/** The building blocks of rdata: each kind of field between wire and presentation form. */
import { ipv4FromText, ipv4ToText, ipv6FromText, ipv6ToText } from './address.js';
import { base32HexFromText, base32HexToText } from './base32-hex.js';
import {
  characterString,
  octetsOfWord,
  presentedName,
  quotedText,
  recordFault,
} from './presentation.js';
import type { RdataReader } from './rdata-reader.js';
import { rrtypeCode, rrtypeName } from './rrtype.js';
import { secondsFromText } from './seconds.js';
import type { WordReader } from './word-reader.js';

/** One field of a record type's rdata. */
export interface RdataField {
  /** Text of the field at the cursor; undefined when it is malformed. */
  toText(rdata: RdataReader): string | undefined;
  /** Wire form of the next words. @throws SvcdnsError NAME_INVALID */
  fromText(words: WordReader): Uint8Array;
}

/** A domain name. */
export const nameField: RdataField = {
  toText: (rdata) => {
    const name = rdata.name();
    return name === undefined ? undefined : presentedName(name);
  },
  fromText: (words) => words.name('a name'),
};

/** An unsigned number of so many octets. */
export function numberField(what: string, octets: 1 | 2 | 4): RdataField {
  return {
    toText: (rdata) => rdata.number(octets)?.toString(),
    fromText: (words) => numberToWire(words.number(what, 256 ** octets - 1), octets),
  };
}

/** Seconds in four octets; the text may use units (`1h30m`). */
export function secondsField(what: string): RdataField {
  return {
    toText: (rdata) => rdata.number(4)?.toString(),
    fromText: (words) => {
      const { text } = words.next(what);
      const seconds = secondsFromText(text);
      if (seconds === undefined)
        throw recordFault(`${what} ${JSON.stringify(text)} is no duration`);
      return numberToWire(seconds, 4);
    },
  };
}

export const ipv4Field: RdataField = {
  toText: (rdata) => {
    const octets = rdata.take(4);
    return octets === undefined ? undefined : ipv4ToText(octets);
  },
  fromText: (words) => addressOctets(words, ipv4FromText, 'IPv4'),
};

export const ipv6Field: RdataField = {
  toText: (rdata) => {
    const octets = rdata.take(16);
    return octets === undefined ? undefined : ipv6ToText(octets);
  },
  fromText: (words) => addressOctets(words, ipv6FromText, 'IPv6'),
};

/** One character string, always quoted. */
export const stringField: RdataField = {
  toText: (rdata) => {
    const octets = rdata.characterString();
    return octets === undefined ? undefined : quotedText(octets);
  },
  fromText: (words) => characterString(octetsOfWord(words.next('a string').text)),
};

/** One or more character strings to the end (TXT). */
export const stringsField: RdataField = {
  toText: (rdata) => {
    const texts: string[] = [];
    do {
      const octets = rdata.characterString();
      if (octets === undefined) return undefined;
      texts.push(quotedText(octets));
    } while (rdata.left > 0);
    return texts.join(' ');
  },
  fromText: (words) => {
    const strings: Uint8Array[] = [];
    do strings.push(stringField.fromText(words));
    while (words.left > 0);
    return Buffer.concat(strings);
  },
};

/** The tag of a CAA record: a character string of letters and digits, never quoted (RFC 8659 §4.1). */
export const caaTagField: RdataField = {
  toText: (rdata) => {
    const tag = Buffer.from(rdata.characterString() ?? []).toString('latin1');
    return /^[0-9A-Za-z]+$/.test(tag) ? tag : undefined;
  },
  fromText: (words) => {
    const { text } = words.next('a tag');
    if (!/^[0-9A-Za-z]+$/.test(text)) {
      throw recordFault(`tag ${JSON.stringify(text)} is not made of letters and digits`);
    }
    return characterString(octetsOfWord(text));
  },
};

/** Octets to the end as one quoted string without a length octet (CAA's value). */
export const bareStringField: RdataField = {
  toText: (rdata) => quotedText(rdata.rest()),
  fromText: (words) => octetsOfWord(words.next('a value').text),
};

/** Octets to the end in hexadecimal, at least one. */
export const hexField: RdataField = {
  toText: (rdata) =>
    rdata.left === 0 ? undefined : Buffer.from(rdata.rest()).toString('hex').toUpperCase(),
  fromText: (words) => hexFromText(words.joined()),
};

/** Octets to the end in Base64, at least one. */
export const base64Field: RdataField = {
  toText: (rdata) => (rdata.left === 0 ? undefined : Buffer.from(rdata.rest()).toString('base64')),
  fromText: (words) => {
    const octets = base64FromText(words.joined());
    if (octets.length === 0) throw recordFault('Base64 text is missing');
    return octets;
  },
};

/** A record type by its mnemonic (RRSIG's type covered). */
export const typeField: RdataField = {
  toText: (rdata) => {
    const type = rdata.number(2);
    return type === undefined ? undefined : rrtypeName(type);
  },
  fromText: (words) => {
    const { text } = words.next('a type');
    const type = rrtypeCode(text);
    if (type === undefined) throw recordFault(`${JSON.stringify(text)} is no record type`);
    return numberToWire(type, 2);
  },
};

/** A point in time as `YYYYMMDDHHmmSS` in UTC, or as seconds since 1970 (RFC 4034 §3.2). */
export const timeField: RdataField = {
  toText: (rdata) => {
    const seconds = rdata.number(4);
    if (seconds === undefined) return undefined;
    return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  },
  fromText: (words) => {
    const { text } = words.next('a time');
    const at = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
    const seconds =
      at === null
        ? Number(/^\d{1,10}$/.test(text) ? text : Number.NaN)
        : Date.parse(`${at[1]}-${at[2]}-${at[3]}T${at[4]}:${at[5]}:${at[6]}Z`) / 1000;
    if (!(seconds >= 0 && seconds <= 0xffff_ffff)) {
      throw recordFault(`time ${JSON.stringify(text)} is not of the form YYYYMMDDHHmmSS`);
    }
    return numberToWire(seconds, 4);
  },
};

/** NSEC3's salt: hexadecimal with its length in front, `-` when empty (RFC 5155 §3.3). */
export const saltField: RdataField = {
  toText: (rdata) => {
    const salt = rdata.characterString();
    if (salt === undefined) return undefined;
    return salt.length === 0 ? '-' : Buffer.from(salt).toString('hex').toUpperCase();
  },
  fromText: (words) => {
    const { text } = words.next('a salt');
    return characterString(text === '-' ? new Uint8Array(0) : hexFromText(text));
  },
};

/** NSEC3's next hashed owner: Base32 hex without padding, its length in front (RFC 5155 §3.3). */
export const hashField: RdataField = {
  toText: (rdata) => {
    const hash = rdata.characterString();
    return hash === undefined || hash.length === 0 ? undefined : base32HexToText(hash);
  },
  fromText: (words) => {
    const { text } = words.next('a hash');
    const hash = base32HexFromText(text);
    if (hash === undefined) throw recordFault(`${JSON.stringify(text)} is no Base32 hex text`);
    return characterString(hash);
  },
};

/** A number in network order. */
export function numberToWire(value: number, octets: 1 | 2 | 4): Uint8Array {
  const wire = new Uint8Array(octets);
  for (let i = 0; i < octets; i++) wire[octets - 1 - i] = Math.floor(value / 256 ** i) % 256;
  return wire;
}

/** @throws SvcdnsError NAME_INVALID for an odd number of digits, none, or another character */
export function hexFromText(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) {
    throw recordFault(`${JSON.stringify(text)} is no hexadecimal text of whole octets`);
  }
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** @throws SvcdnsError NAME_INVALID for text that no encoder writes */
export function base64FromText(text: string): Uint8Array {
  const octets = Buffer.from(text, 'base64');
  if (octets.toString('base64') !== text) {
    throw recordFault(`${JSON.stringify(text)} is no Base64 text`);
  }
  return Uint8Array.from(octets);
}

function addressOctets(
  words: WordReader,
  parse: (text: string) => Uint8Array | undefined,
  family: string,
): Uint8Array {
  const { text } = words.next(`an ${family} address`);
  const octets = parse(text);
  if (octets === undefined) throw recordFault(`${JSON.stringify(text)} is no ${family} address`);
  return octets;
}
