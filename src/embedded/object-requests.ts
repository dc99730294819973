/** Requests for one object or for a collection, turned into operations of the cluster. */
import { ApiError, badRequest, methodNotAllowed, noSuchPath } from './api-error.js';
import type { Cluster, DeleteOptions } from './cluster.js';
import { type JsonObject, textAt } from './json.js';
import { isSelected, type ListOptions } from './list-options.js';
import { type DecodedObject, decodeObject, parseFieldValidation } from './object-decoding.js';
import { nameOf, namespaceOf } from './object-identity.js';
import { parsePatch } from './object-patch.js';
import { parseSentObject } from './request-body.js';
import type { RequestTarget } from './request-target.js';
import { apiVersionOf, type ResourceType } from './resource-type.js';
import { toScale, withScale } from './scale.js';

/** A request with its body read. */
export interface ObjectRequest {
  readonly method: string;
  readonly target: RequestTarget;
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** What to answer; `isStatus` marks an object that is not of the target's kind (Status, Scale). */
export interface ObjectReply {
  readonly code: number;
  readonly object: JsonObject;
  readonly isStatus?: boolean;
  /** What the client is to be warned of. */
  readonly warnings?: readonly string[];
}

/** Retries of a patch are not needed: nothing comes between reading and writing. */
export function handleObjectRequest(cluster: Cluster, request: ObjectRequest): ObjectReply {
  const { method, target } = request;
  if (target.name === undefined) {
    if (method === 'POST') return create(cluster, request);
    throw methodNotAllowed();
  }
  if (target.subresource === 'scale') return handleScale(cluster, request, target.name);
  switch (method) {
    case 'GET':
      return read(cluster, request, target.name);
    case 'PUT':
      return replace(cluster, request, target.name);
    case 'PATCH':
      return patch(cluster, request, target.name);
    case 'DELETE':
      return remove(cluster, request, target.name);
    default:
      throw methodNotAllowed();
  }
}

function read(cluster: Cluster, { target }: ObjectRequest, name: string): ObjectReply {
  checkSubresource(target);
  return { code: 200, object: cluster.get(target.type, target.namespace ?? '', name) };
}

function create(cluster: Cluster, request: ObjectRequest): ObjectReply {
  const { target, query } = request;
  const sent = parseSentObject(request.body, request.contentType);
  checkKind(target.type, sent);
  const namespace = target.namespace ?? '';
  if (target.type.namespaced && namespace === '') throw methodNotAllowed();
  // The demo provider's address, as the seed document shows it, may come with the manifest.
  const keepStatus = target.type.kind === 'Service';
  const options = { dryRun: isDryRun(query), keepStatus };
  const { object, unknown } = decode(request, sent);
  return {
    code: 201,
    object: cluster.create(target.type, namespace, object, options),
    warnings: unknown,
  };
}

function replace(cluster: Cluster, request: ObjectRequest, name: string): ObjectReply {
  const sent = parseSentObject(request.body, request.contentType);
  checkKind(request.target.type, sent);
  return update(cluster, request, name, sent);
}

function patch(cluster: Cluster, request: ObjectRequest, name: string): ObjectReply {
  const { target, query } = request;
  const change = parsePatch(request.body.toString(), request.contentType);
  const namespace = target.namespace ?? '';
  const dryRun = isDryRun(query);
  const present = cluster.store.get(target.type, namespace, name);
  if (present === undefined && change.creates && target.subresource === '') {
    const sent = change.apply({}, target.type.kind);
    checkKind(target.type, sent);
    const { object } = decode(request, sent);
    return { code: 201, object: cluster.create(target.type, namespace, object, { dryRun }) };
  }
  const before = cluster.get(target.type, namespace, name);
  const sent = change.apply(before, target.type.kind);
  return update(cluster, request, name, sent);
}

function update(
  cluster: Cluster,
  request: ObjectRequest,
  name: string,
  sent: JsonObject,
): ObjectReply {
  const { target, query } = request;
  checkSubresource(target);
  if (nameOf(sent) !== name) {
    const message = `the name of the object (${nameOf(sent)}) does not match the name on the URL (${name})`;
    throw badRequest(message);
  }
  const namespace = target.namespace ?? '';
  const existed = cluster.store.get(target.type, namespace, name) !== undefined;
  const decoded = decode(request, sent);
  const object = cluster.update(target.type, namespace, name, decoded.object, {
    dryRun: isDryRun(query),
    ...(target.subresource === 'status' ? { subresource: 'status' } : {}),
  });
  return { code: existed ? 200 : 201, object, warnings: decoded.unknown };
}

function remove(cluster: Cluster, request: ObjectRequest, name: string): ObjectReply {
  const { target } = request;
  const result = cluster.delete(target.type, target.namespace ?? '', name, deleteOptions(request));
  // Kinds whose registry hands the deleted object back; the others get a Status.
  const handsBack = ['Namespace', 'Pod', 'Service', 'ServiceAccount'].includes(target.type.kind);
  if (handsBack || !result.gone) return { code: 200, object: result.object };
  return { code: 200, object: successOf(target.type, result.object), isStatus: true };
}

/** DELETE of a collection: what the selectors choose, as a list of the deleted. */
export function deleteCollection(
  cluster: Cluster,
  request: ObjectRequest,
  options: ListOptions,
): readonly JsonObject[] {
  const { type, namespace } = request.target;
  const chosen = cluster.store
    .list(type, namespace)
    .filter((object) => isSelected(options, object));
  const { uid: _uid, resourceVersion: _version, ...how } = deleteOptions(request);
  for (const object of chosen) {
    if (cluster.store.get(type, namespaceOf(object), nameOf(object)) === undefined) continue;
    cluster.delete(type, namespaceOf(object), nameOf(object), how);
  }
  return chosen;
}

function deleteOptions(request: ObjectRequest): DeleteOptions {
  const sent = request.body.length === 0 ? {} : parseSentObject(request.body, request.contentType);
  const grace = sent['gracePeriodSeconds'] ?? request.query.get('gracePeriodSeconds');
  const propagation =
    textAt(sent, 'propagationPolicy') || request.query.get('propagationPolicy') || '';
  const dryRunSent = Array.isArray(sent['dryRun']) && sent['dryRun'].includes('All');
  return {
    dryRun: dryRunSent || isDryRun(request.query),
    orphan: propagation === 'Orphan' || sent['orphanDependents'] === true,
    uid: textAt(sent, 'preconditions', 'uid'),
    resourceVersion: textAt(sent, 'preconditions', 'resourceVersion'),
    ...(grace === null || grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
  };
}

function handleScale(cluster: Cluster, request: ObjectRequest, name: string): ObjectReply {
  const { target, method, query } = request;
  checkSubresource(target);
  const namespace = target.namespace ?? '';
  const before = cluster.get(target.type, namespace, name);
  if (method === 'GET') return { code: 200, object: toScale(before), isStatus: true };
  if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed();
  const scale =
    method === 'PUT'
      ? parseSentObject(request.body, request.contentType)
      : parsePatch(request.body.toString(), request.contentType).apply(toScale(before), 'Scale');
  const sent = withScale(before, scale);
  const object = cluster.update(target.type, namespace, name, sent, { dryRun: isDryRun(query) });
  return { code: 200, object: toScale(object), isStatus: true };
}

function decode({ target, query }: ObjectRequest, sent: JsonObject): DecodedObject {
  return decodeObject(target.type, sent, parseFieldValidation(query.get('fieldValidation')));
}

function checkSubresource({ type, subresource }: RequestTarget): void {
  if (subresource === '') return;
  if (!type.subresources.some((known) => known === subresource)) throw noSuchPath();
}

function checkKind(type: ResourceType, sent: JsonObject): void {
  const apiVersion = textAt(sent, 'apiVersion') || apiVersionOf(type);
  const kind = textAt(sent, 'kind') || type.kind;
  if (kind !== type.kind || apiVersion !== apiVersionOf(type)) {
    throw badRequest(
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${type.kind}: the URL asks for a ${type.kind} in version ${JSON.stringify(apiVersionOf(type))}`,
    );
  }
}

function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun');
  if (values.some((value) => value !== 'All')) {
    throw new ApiError(
      422,
      'Invalid',
      `"" is invalid: dryRun: Unsupported value: "${values.join()}": supported values: "All"`,
    );
  }
  return values.length > 0;
}

function successOf(type: ResourceType, object: JsonObject): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: nameOf(object),
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
      uid: textAt(object, 'metadata', 'uid'),
    },
  };
}
