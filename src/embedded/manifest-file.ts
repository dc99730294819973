/** One manifest file: YAML or JSON, several documents, each object with the line where it begins. */
import { LineCounter, parseAllDocuments } from 'yaml';
import { type Place, SvcdnsError } from '../errors.js';
import { isObject, type JsonObject, objectsAt, textAt, toJson } from './json.js';

/** An object of a manifest file. */
export interface ManifestObject {
  readonly object: JsonObject;
  readonly place: Place;
}

/**
 * Reads the documents of a file; empty ones are skipped, a List is taken apart.
 *
 * @throws SvcdnsError MANIFEST_INVALID with the line of the first fault
 */
export function parseManifest(text: string, file: string): readonly ManifestObject[] {
  const lines = new LineCounter();
  const objects: ManifestObject[] = [];
  const documents = parseAllDocuments(text, { lineCounter: lines });
  // The parser gives an empty-stream marker instead of a list for a file without documents.
  if (!Array.isArray(documents)) return objects;
  for (const document of documents) {
    const [fault] = document.errors;
    if (fault !== undefined) {
      const place = { file, line: lines.linePos(fault.pos[0]).line };
      throw broken(place, firstLine(fault.message), fault);
    }
    if (document.contents === null) continue;
    const place = { file, line: lines.linePos(document.contents.range[0]).line };
    objects.push(...unpack(readDocument(document.toJS(), place), place));
  }
  return objects;
}

function readDocument(value: unknown, place: Place): JsonObject | undefined {
  if (value === null) return undefined;
  try {
    const json = toJson(value);
    if (isObject(json)) return json;
  } catch (cause) {
    throw broken(place, 'the document holds something that is not JSON', cause);
  }
  throw broken(place, 'the document is not an object');
}

function unpack(object: JsonObject | undefined, place: Place): ManifestObject[] {
  if (object === undefined) return [];
  if (textAt(object, 'kind') === 'List') {
    return objectsAt(object, 'items').flatMap((item) => unpack(item, place));
  }
  for (const field of ['apiVersion', 'kind']) {
    if (textAt(object, field) === '') {
      throw broken(place, `the object has no ${field}`);
    }
  }
  const named =
    textAt(object, 'metadata', 'name') !== '' || textAt(object, 'metadata', 'generateName') !== '';
  if (!named) throw broken(place, `the ${textAt(object, 'kind')} has no metadata.name`);
  return [{ object, place }];
}

function broken(place: Place, message: string, cause?: unknown): SvcdnsError {
  return new SvcdnsError('MANIFEST_INVALID', message, {
    where: place,
    mend: 'the objects of this file stay as they were until it is mended',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The parser's message without the excerpt below it. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}
