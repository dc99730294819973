/** What a request's path means: a resource, one of its objects, a subresource. */
import { type ResourceType, resourceOfPath } from './resource-type.js';

/** A path below `/api/v1` or `/apis/GROUP/VERSION`. */
export interface RequestTarget {
  readonly type: ResourceType;
  /** Undefined: all namespaces, or a kind without namespaces. */
  readonly namespace: string | undefined;
  /** Undefined: the collection. */
  readonly name: string | undefined;
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** Reads a path; undefined when it leads to no resource. */
export function parseTarget(path: string): RequestTarget | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group = '', version = ''] = core ? ['', parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(core ? 2 : 3).map(decodePart);
  if (rest.length === 0 || rest.includes(undefined)) return undefined;
  return parseResource(
    group,
    version,
    rest.filter((part) => part !== undefined),
  );
}

function parseResource(
  group: string,
  version: string,
  rest: readonly string[],
): RequestTarget | undefined {
  // `namespaces/NS/status` is of the Namespace itself, `namespaces/NS/services` is inside it.
  const [first, second, third] = rest;
  const inside =
    first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  const [plural = '', name, subresource = '', ...more] = inside ? rest.slice(2) : rest;
  const type = resourceOfPath(group, version, plural);
  if (type === undefined || more.length > 0) return undefined;
  // A namespaced object cannot be reached without its namespace.
  if (type.namespaced && !inside && name !== undefined) return undefined;
  if (inside && !type.namespaced) return undefined;
  return { type, namespace: inside ? second : undefined, name, subresource };
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
