/** What the rdata of each known record type is made of, in order of the wire. */
import {
  bareStringField,
  base64Field,
  caaTagField,
  hashField,
  hexField,
  ipv4Field,
  ipv6Field,
  nameField,
  numberField,
  type RdataField,
  saltField,
  secondsField,
  stringField,
  stringsField,
  timeField,
  typeField,
} from './rdata-field.js';
import { RRTYPE, type RRType } from './rrtype.js';
import { svcParamsField } from './svc-params.js';
import { typeBitmapField } from './type-bitmap.js';

const SERVICE_BINDING = [numberField('priority', 2), nameField, svcParamsField];

const LAYOUTS: ReadonlyMap<RRType, readonly RdataField[]> = new Map([
  [RRTYPE.A, [ipv4Field]],
  [RRTYPE.AAAA, [ipv6Field]],
  [RRTYPE.NS, [nameField]],
  [RRTYPE.CNAME, [nameField]],
  [RRTYPE.PTR, [nameField]],
  [RRTYPE.DNAME, [nameField]],
  [RRTYPE.MX, [numberField('preference', 2), nameField]],
  [RRTYPE.TXT, [stringsField]],
  [RRTYPE.SPF, [stringsField]],
  [
    RRTYPE.SOA,
    [
      nameField,
      nameField,
      numberField('serial', 4),
      secondsField('refresh'),
      secondsField('retry'),
      secondsField('expire'),
      secondsField('minimum'),
    ],
  ],
  [
    RRTYPE.SRV,
    [numberField('priority', 2), numberField('weight', 2), numberField('port', 2), nameField],
  ],
  [RRTYPE.CAA, [numberField('flags', 1), caaTagField, bareStringField]],
  [RRTYPE.HINFO, [stringField, stringField]],
  [
    RRTYPE.NAPTR,
    [
      numberField('order', 2),
      numberField('preference', 2),
      stringField,
      stringField,
      stringField,
      nameField,
    ],
  ],
  [
    RRTYPE.DS,
    [
      numberField('key tag', 2),
      numberField('algorithm', 1),
      numberField('digest type', 1),
      hexField,
    ],
  ],
  [
    RRTYPE.DNSKEY,
    [numberField('flags', 2), numberField('protocol', 1), numberField('algorithm', 1), base64Field],
  ],
  [
    RRTYPE.TLSA,
    [
      numberField('usage', 1),
      numberField('selector', 1),
      numberField('matching type', 1),
      hexField,
    ],
  ],
  [RRTYPE.SVCB, SERVICE_BINDING],
  [RRTYPE.HTTPS, SERVICE_BINDING],
  [
    RRTYPE.RRSIG,
    [
      typeField,
      numberField('algorithm', 1),
      numberField('labels', 1),
      secondsField('original ttl'),
      timeField,
      timeField,
      numberField('key tag', 2),
      nameField,
      base64Field,
    ],
  ],
  [RRTYPE.NSEC, [nameField, typeBitmapField]],
  [
    RRTYPE.NSEC3,
    [
      numberField('hash algorithm', 1),
      numberField('flags', 1),
      numberField('iterations', 2),
      saltField,
      hashField,
      typeBitmapField,
    ],
  ],
]);

/** The fields of a type's rdata; undefined for a type that is only known as octets (RFC 3597). */
export function rdataLayout(type: RRType): readonly RdataField[] | undefined {
  return LAYOUTS.get(type);
}
