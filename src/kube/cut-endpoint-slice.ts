/** A discovery.k8s.io/v1 EndpointSlice cut down to addresses, conditions, hostnames and ports. */
import { cutAddresses } from './cut-address.js';
import type { CutContext } from './cut-context.js';
import { type CutMeta, isDnsLabel, isDnsSubdomain, timeOf } from './cut-meta.js';
import { cutEndpointPorts } from './cut-port.js';
import { asArray, asObject, type JsonObject, objectAt, textAt } from './json-value.js';
import type { Endpoint, KubeEndpointSlice } from './objects.js';

const SERVICE_LABEL = 'kubernetes.io/service-name';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
/** The API's own limit (discovery.k8s.io/v1, EndpointSlice.endpoints). */
const MAX_ENDPOINTS = 1000;

/** The slice; undefined, with the reason dropped, when it belongs to no service or holds no IP addresses. */
export function cutEndpointSlice(
  meta: CutMeta,
  context: CutContext,
): KubeEndpointSlice | undefined {
  const serviceName = textAt(objectAt(meta.metadata, 'labels'), SERVICE_LABEL);
  if (!isDnsLabel(serviceName)) {
    context.drop(`it has no label ${SERVICE_LABEL} with a service's name`);
    return undefined;
  }
  const addressType = meta.object['addressType'];
  if (addressType !== 'IPv4' && addressType !== 'IPv6') {
    context.drop('addressType is neither IPv4 nor IPv6');
    return undefined;
  }
  return {
    kind: 'EndpointSlice',
    namespace: meta.namespace,
    name: meta.name,
    resourceVersion: meta.resourceVersion,
    serviceName: context.interner.text(serviceName),
    addressType,
    endpoints: cutEndpoints(meta.object['endpoints'], addressType === 'IPv4' ? 4 : 6, context),
    ports: cutEndpointPorts(meta.object['ports'], context),
    changeTriggeredAt: timeOf(textAt(objectAt(meta.metadata, 'annotations'), TRIGGER_TIME)),
  };
}

function cutEndpoints(values: unknown, family: 4 | 6, context: CutContext): readonly Endpoint[] {
  const out: Endpoint[] = [];
  for (const value of asArray(values)) {
    if (out.length >= MAX_ENDPOINTS) {
      context.drop(`it has more than ${MAX_ENDPOINTS} endpoints`);
      break;
    }
    const endpoint = asObject(value) ?? {};
    const addresses = cutAddresses(endpoint['addresses'], 'endpoints.addresses', context, family);
    if (addresses.length > 0) out.push(cutEndpoint(endpoint, addresses, context));
  }
  return out.slice();
}

function cutEndpoint(
  endpoint: JsonObject,
  addresses: readonly string[],
  context: CutContext,
): Endpoint {
  const conditions = objectAt(endpoint, 'conditions');
  const ready = conditions['ready'] !== false;
  return {
    addresses,
    hostname: cutHostname(endpoint, context),
    ready,
    // serving came later than ready; without it a ready endpoint serves (KEP-1672)
    serving: typeof conditions['serving'] === 'boolean' ? conditions['serving'] : ready,
    terminating: conditions['terminating'] === true,
    podName: cutPodName(endpoint),
    nodeName: context.interner.text(textAt(endpoint, 'nodeName')),
    zone: context.interner.text(textAt(endpoint, 'zone')),
  };
}

function cutHostname(endpoint: JsonObject, context: CutContext): string {
  const hostname = textAt(endpoint, 'hostname');
  if (hostname === '' || isDnsLabel(hostname)) return hostname;
  context.drop('endpoints.hostname is not a DNS label');
  return '';
}

function cutPodName(endpoint: JsonObject): string {
  const target = objectAt(endpoint, 'targetRef');
  const name = textAt(target, 'name');
  return target['kind'] === 'Pod' && isDnsSubdomain(name) ? name : '';
}
