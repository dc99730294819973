/** The embedded cluster: every write to the store, with defaults, checks, allocation and controllers behind it. */
import { type AddressRange, addressRange } from './address-range.js';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
} from './api-error.js';
import type { Controller } from './controller.js';
import {
  copyObject,
  type JsonObject,
  objectAt,
  openObject,
  sameJson,
  textAt,
  textsAt,
} from './json.js';
import { validateMetadata, validateMetadataUpdate } from './metadata-rules.js';
import {
  isTerminating,
  nameOf,
  namespaceOf,
  type Surroundings,
  stamp,
  timestamp,
} from './object-identity.js';
import { rulesOf } from './object-rules.js';
import { ObjectStore } from './object-store.js';
import { type ResourceType, resourceOf } from './resource-type.js';
import { ServiceAllocator } from './service-allocator.js';
import { alignClusterIPs, dropTypeDependentFields, keepAllocated } from './service-defaults.js';

const NAMESPACE = resourceOf('Namespace');
const SERVICE = resourceOf('Service');
const POD = resourceOf('Pod');
/** The API server never deletes these (plugin NamespaceLifecycle). */
const LASTING_NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public'];

/** Sizes and ranges of the cluster. */
export interface ClusterOptions extends Surroundings {
  /** Changes of each kind over which a watch can resume. */
  readonly historySize: number;
  /** One or two CIDR ranges of different families; the first gives the default family. */
  readonly serviceRanges: readonly string[];
  readonly nodePorts: readonly [number, number];
}

export interface WriteOptions {
  /** Everything but the storing. */
  readonly dryRun?: boolean;
  /** Takes the `status` that the object brings along, which the real API drops. */
  readonly keepStatus?: boolean;
}

export interface DeleteOptions {
  readonly dryRun?: boolean;
  /** 0: at once. */
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Dependents lose their owner instead of going with it. */
  readonly orphan?: boolean;
}

/** Owns the store and runs the controllers after each write until nothing is left to do. */
export class Cluster {
  readonly store: ObjectStore;
  readonly surroundings: Surroundings;
  readonly #allocator: ServiceAllocator;
  readonly #controllers: Controller[] = [];
  #settling = false;

  constructor(options: ClusterOptions) {
    this.store = new ObjectStore(options.historySize);
    this.surroundings = options;
    const serviceRanges: readonly AddressRange[] = options.serviceRanges.map(addressRange);
    this.#allocator = new ServiceAllocator(this.store, {
      serviceRanges,
      nodePorts: options.nodePorts,
    });
  }

  /** Adds a controller; it sees every change from now on. */
  add(controller: Controller): void {
    this.#controllers.push(controller);
    this.store.onChange((event) => controller.observe(event));
  }

  close(): void {
    for (const controller of this.#controllers) controller.close?.();
  }

  get(type: ResourceType, namespace: string, name: string): JsonObject {
    const object = this.store.get(type, namespace, name);
    if (object === undefined) throw notFound(type, name);
    return object;
  }

  /** Creates an object from what a client sent; throws ApiError. */
  create(
    type: ResourceType,
    namespace: string,
    sent: JsonObject,
    options: WriteOptions = {},
  ): JsonObject {
    const object = copyObject(sent);
    if (type.namespaced) this.#checkNamespace(type, namespace, object);
    if (textAt(object, 'metadata', 'resourceVersion') !== '') {
      throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
    }
    const rules = rulesOf(type);
    stamp(object, type, this.surroundings);
    const status = rules.initialStatus();
    if (status === undefined) delete object['status'];
    else if (options.keepStatus !== true || object['status'] === undefined)
      object['status'] = status;
    rules.applyDefaults(object);
    if (rules.countsGenerations) openObject(object, 'metadata')['generation'] = 1;
    if (type === SERVICE) {
      alignClusterIPs(object, undefined);
      this.#allocator.allocate(object);
    }
    const faults = [...validateMetadata(type, object), ...rules.validate(object)];
    const name = nameOf(object);
    if (faults.length > 0) throw invalid(type, name, faults);
    if (this.store.get(type, namespace, name) !== undefined) throw alreadyExists(type, name);
    return options.dryRun === true || type.dropped ? object : this.save(type, object);
  }

  /** Replaces an object (PUT) or, for a status write, its `status`; throws ApiError. */
  update(
    type: ResourceType,
    namespace: string,
    name: string,
    sent: JsonObject,
    options: WriteOptions & { readonly subresource?: 'status' } = {},
  ): JsonObject {
    const before = this.store.get(type, namespace, name);
    if (before === undefined) {
      if (rulesOf(type).createsOnUpdate && options.subresource === undefined) {
        return this.create(type, namespace, sent, options);
      }
      throw notFound(type, name);
    }
    checkPreconditions(type, before, textAt(sent, 'metadata', 'resourceVersion'), uidOf(sent));
    const object = this.#merged(type, before, sent, options);
    if (type.namespaced) setNamespace(object, namespace);
    const rules = rulesOf(type);
    rules.applyDefaults(object);
    if (type === SERVICE && options.subresource === undefined) {
      keepAllocated(object, before);
      alignClusterIPs(object, before);
      dropTypeDependentFields(object, before);
      this.#allocator.allocate(object, before);
    }
    const faults = [...validateMetadataUpdate(object, before), ...rules.validate(object, before)];
    if (faults.length > 0) throw invalid(type, name, faults);
    if (sameJson(object, before)) return before;
    if (rules.countsGenerations && !sameJson(contentOf(object), contentOf(before))) {
      const meta = openObject(object, 'metadata');
      meta['generation'] = Number(objectAt(before, 'metadata')['generation'] ?? 0) + 1;
    }
    return options.dryRun === true ? object : this.#saveUpdate(type, object);
  }

  /** What an update may write: everything but identity and status, or the status alone. */
  #merged(
    type: ResourceType,
    before: JsonObject,
    sent: JsonObject,
    options: WriteOptions & { readonly subresource?: 'status' },
  ): JsonObject {
    const copy = copyObject(sent);
    const base = options.subresource === 'status' ? copyObject(before) : copy;
    const meta = openObject(base, 'metadata');
    for (const field of ['uid', 'creationTimestamp', 'generation', 'resourceVersion']) {
      const value = objectAt(before, 'metadata')[field];
      if (value === undefined) delete meta[field];
      else meta[field] = value;
    }
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds']) {
      const value = objectAt(before, 'metadata')[field];
      if (value !== undefined) meta[field] = value;
    }
    delete meta['managedFields'];
    base['kind'] = type.kind;
    base['apiVersion'] = before['apiVersion'] ?? '';
    const keepsOld =
      options.subresource === undefined &&
      (options.keepStatus !== true || copy['status'] === undefined);
    const status = keepsOld ? before['status'] : copy['status'];
    if (status === undefined) delete base['status'];
    else base['status'] = structuredClone(status);
    return base;
  }

  #saveUpdate(type: ResourceType, object: JsonObject): JsonObject {
    if (isTerminating(object) && type !== POD && type !== NAMESPACE) {
      const finalizers = textsAt(object, 'metadata', 'finalizers');
      if (finalizers.length === 0) {
        this.store.put(type, object);
        this.drop(type, namespaceOf(object), nameOf(object));
        return object;
      }
    }
    return this.save(type, object);
  }

  /**
   * Deletes an object. Namespaces and pods go through a terminating state.
   *
   * @returns the object as it is now, or as it was last, and whether it is gone
   */
  delete(
    type: ResourceType,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): { readonly object: JsonObject; readonly gone: boolean } {
    const before = this.get(type, namespace, name);
    checkPreconditions(type, before, options.resourceVersion ?? '', options.uid ?? '');
    if (type === NAMESPACE && LASTING_NAMESPACES.includes(name)) {
      throw forbidden(type, name, 'this namespace may not be deleted');
    }
    if (options.dryRun === true) return { object: before, gone: true };
    if (options.orphan === true) this.#orphanDependents(before);
    const waits =
      type === NAMESPACE ||
      (type === POD && options.gracePeriodSeconds !== 0) ||
      textsAt(before, 'metadata', 'finalizers').length > 0;
    if (!waits) return { object: this.drop(type, namespace, name) ?? before, gone: true };
    if (isTerminating(before)) return { object: before, gone: false };
    const object = copyObject(before);
    const seconds = options.gracePeriodSeconds ?? graceOf(type, before);
    const meta = openObject(object, 'metadata');
    meta['deletionTimestamp'] = timestamp(this.surroundings.now() + seconds * 1000);
    meta['deletionGracePeriodSeconds'] = seconds;
    if (type === NAMESPACE) {
      delete meta['deletionGracePeriodSeconds'];
      openObject(object, 'status')['phase'] = 'Terminating';
    }
    return { object: this.save(type, object), gone: false };
  }

  /** Stores an object that is sound already; stamps a new one; controllers write by this too. */
  save(type: ResourceType, object: JsonObject): JsonObject {
    if (textAt(object, 'metadata', 'uid') === '') stamp(object, type, this.surroundings);
    const stored = this.store.put(type, object);
    this.settle();
    return stored;
  }

  /** Takes an object out of the store. */
  drop(type: ResourceType, namespace: string, name: string): JsonObject | undefined {
    const removed = this.store.remove(type, namespace, name);
    this.settle();
    return removed;
  }

  /** Runs the controllers until none has work: after it, the cluster is at rest. */
  settle(): void {
    // A controller's own write comes here too; the outermost call does the work.
    if (this.#settling) return;
    this.#settling = true;
    try {
      let busy = true;
      while (busy) {
        busy = false;
        for (const controller of this.#controllers) busy = controller.work() || busy;
      }
    } finally {
      this.#settling = false;
    }
  }

  #checkNamespace(type: ResourceType, namespace: string, object: JsonObject): void {
    setNamespace(object, namespace);
    const home = this.get(NAMESPACE, '', namespace);
    if (isTerminating(home)) {
      throw forbidden(
        type,
        nameOf(object),
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
    }
  }

  #orphanDependents(owner: JsonObject): void {
    for (const controller of this.#controllers) controller.orphan?.(owner);
  }
}

function uidOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'uid');
}

function checkPreconditions(
  type: ResourceType,
  before: JsonObject,
  resourceVersion: string,
  uid: string,
): void {
  const name = nameOf(before);
  if (uid !== '' && uid !== uidOf(before)) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${uidOf(before)}`;
    throw conflict(type, name, why);
  }
  if (resourceVersion !== '' && resourceVersion !== textAt(before, 'metadata', 'resourceVersion')) {
    const why =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(type, name, why);
  }
}

/** The request's namespace, where the object names none or the same one. */
function setNamespace(object: JsonObject, namespace: string): void {
  const own = textAt(object, 'metadata', 'namespace');
  if (own !== '' && own !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  openObject(object, 'metadata')['namespace'] = namespace;
}

/** Everything but metadata and status. */
function contentOf(object: JsonObject): JsonObject {
  const { metadata: _metadata, status: _status, ...content } = object;
  return content;
}

function graceOf(type: ResourceType, object: JsonObject): number {
  const seconds = objectAt(object, 'spec')['terminationGracePeriodSeconds'];
  return type === POD && typeof seconds === 'number' ? seconds : 0;
}
