/** Reads the Kubernetes protobuf envelope into an object, for the kinds of {@link PROTOBUF_KINDS}. */
import type { Json, JsonObject } from './json.js';
import {
  PROTOBUF_KINDS,
  PROTOBUF_MESSAGES,
  type ProtobufField,
  type ProtobufMessage,
} from './protobuf-messages.js';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';
/** `k8s` and a zero octet stand before the envelope (apimachinery serializer/protobuf). */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
const ENVELOPE_TYPE = 1;
const ENVELOPE_RAW = 2;

interface WireField {
  readonly number: number;
  /** A varint, or the octets of a length-delimited field. */
  readonly value: bigint | Uint8Array;
}

/** @throws RangeError on broken bytes, TypeError on a kind that is not known */
export function parseProtobuf(bytes: Uint8Array): JsonObject {
  if (!MAGIC.every((octet, index) => bytes[index] === octet)) {
    throw new RangeError('the protobuf prefix is missing');
  }
  const envelope = readFields(bytes.subarray(MAGIC.length));
  const type = readFields(octetsOf(envelope, ENVELOPE_TYPE));
  const apiVersion = textOf(octetsOf(type, 1));
  const kind = textOf(octetsOf(type, 2));
  const message = PROTOBUF_MESSAGES[PROTOBUF_KINDS[`${apiVersion} ${kind}`] ?? ''];
  if (message === undefined) throw new TypeError(`no protobuf form of ${apiVersion} ${kind}`);
  return { apiVersion, kind, ...readMessage(message, octetsOf(envelope, ENVELOPE_RAW)) };
}

function readMessage(message: ProtobufMessage, bytes: Uint8Array): JsonObject {
  const object: JsonObject = {};
  for (const { number, value } of readFields(bytes)) {
    const field = message[number];
    if (field !== undefined) putField(object, field, value);
  }
  return object;
}

function putField(object: JsonObject, field: ProtobufField, value: bigint | Uint8Array): void {
  const { name } = field;
  if (field.type === 'number' || field.type === 'flag') {
    const number = typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
    // Go writes the zero of every plain field; only a pointer's zero means something.
    if (number !== 0 || field.zero === true) {
      object[name] = field.type === 'flag' ? number !== 0 : number;
    }
    return;
  }
  if (typeof value === 'bigint') return;
  const list = object[name];
  switch (field.type) {
    case 'text': {
      const text = textOf(value);
      if (text !== '') object[name] = text;
      break;
    }
    case 'texts':
      object[name] = [...(Array.isArray(list) ? list : []), textOf(value)];
      break;
    case 'textMap': {
      const entry = readFields(value);
      const before = object[name];
      const pairs = typeof before === 'object' && !Array.isArray(before) ? before : {};
      object[name] = { ...pairs, [textOf(octetsOf(entry, 1))]: textOf(octetsOf(entry, 2)) };
      break;
    }
    case 'intOrString':
      object[name] = readIntOrString(value);
      break;
    case 'message':
      object[name] = readMessage(PROTOBUF_MESSAGES[field.message] ?? {}, value);
      break;
    case 'messages': {
      const entry = readMessage(PROTOBUF_MESSAGES[field.message] ?? {}, value);
      object[name] = [...(Array.isArray(list) ? list : []), entry];
      break;
    }
  }
}

/** util/intstr: type 0 is the number of field 2, type 1 the text of field 3. */
function readIntOrString(bytes: Uint8Array): Json {
  const fields = readFields(bytes);
  const numberOf = (wanted: number): number => {
    const value = fields.find(({ number }) => number === wanted)?.value;
    return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
  };
  return numberOf(1) === 1 ? textOf(octetsOf(fields, 3)) : numberOf(2);
}

function octetsOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.find((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function readFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = bytes[offset];
      if (octet === undefined) break;
      offset += 1;
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new RangeError('a varint has no end');
  };
  const octets = (length: number): Uint8Array => {
    if (offset + length > bytes.length) throw new RangeError('a field is longer than its message');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) fields.push({ number, value: varint() });
    else if (wireType === 1) octets(8);
    else if (wireType === 2) fields.push({ number, value: octets(Number(varint())) });
    else if (wireType === 5) octets(4);
    else throw new RangeError(`wire type ${wireType} is not known`);
  }
  return fields;
}
