/** A v1 Service cut down to what DNS, explain and the environment variables need. */
import { isName } from '../dns/name.js';
import { cutAddresses } from './cut-address.js';
import type { CutContext } from './cut-context.js';
import { type CutMeta, timeOf } from './cut-meta.js';
import { cutServicePorts } from './cut-port.js';
import { canonicalIp } from './ip-text.js';
import { asArray, asObject, type JsonObject, objectAt, textAt } from './json-value.js';
import type { KubeService } from './objects.js';

const ANNOTATION_PREFIX = 'svcdns.io/';
const MAX_ANNOTATIONS = 32;
/** A policy fits into a line; the API lets annotations grow to 256 KiB. */
const MAX_ANNOTATION_LENGTH = 4096;
const MAX_INGRESS = 100;

type Ingress = KubeService['ingress'];

export function cutService(meta: CutMeta, context: CutContext): KubeService {
  const spec = objectAt(meta.object, 'spec');
  const type = serviceType(spec, context);
  const external = type === 'ExternalName';
  const headless = !external && isHeadless(spec);
  const annotations = cutAnnotations(meta.metadata, context);
  return {
    kind: 'Service',
    namespace: meta.namespace,
    name: meta.name,
    resourceVersion: meta.resourceVersion,
    type,
    headless,
    clusterIPs: external || headless ? [] : cutClusterIPs(spec, context),
    externalName: external ? cutExternalName(spec, context) : '',
    ports: cutServicePorts(spec['ports'], context),
    externalIPs: cutAddresses(spec['externalIPs'], 'spec.externalIPs', context),
    ingress: cutIngress(meta.object, context),
    createdAt: timeOf(textAt(meta.metadata, 'creationTimestamp')),
    publishNotReadyAddresses: spec['publishNotReadyAddresses'] === true,
    ...(spec['externalTrafficPolicy'] === 'Local' ? { localTraffic: true } : {}),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function serviceType(spec: JsonObject, context: CutContext): KubeService['type'] {
  const type: unknown = spec['type'] ?? 'ClusterIP';
  switch (type) {
    case 'ClusterIP':
    case 'NodePort':
    case 'LoadBalancer':
    case 'ExternalName':
      return type;
    default:
      context.drop('spec.type is none that is known; it is read as ClusterIP');
      return 'ClusterIP';
  }
}

function isHeadless(spec: JsonObject): boolean {
  return spec['clusterIP'] === 'None' || asArray(spec['clusterIPs'])[0] === 'None';
}

function cutClusterIPs(spec: JsonObject, context: CutContext): readonly string[] {
  const list = asArray(spec['clusterIPs']);
  const first = textAt(spec, 'clusterIP');
  // clusterIPs came with dual stack; before that, and in hand-made objects, there is only clusterIP
  const values = list.length > 0 ? list : first === '' ? [] : [first];
  return cutAddresses(values, 'spec.clusterIPs', context);
}

/** The name as it stands; letter case and a final dot are the reader's matter. */
function cutExternalName(spec: JsonObject, context: CutContext): string {
  const name = textAt(spec, 'externalName');
  if (/^[\x21-\x5b\x5d-\x7e]+$/.test(name) && isName(name)) return name;
  context.drop('spec.externalName is not a domain name');
  return '';
}

function cutIngress(object: JsonObject, context: CutContext): Ingress {
  const status = objectAt(objectAt(object, 'status'), 'loadBalancer');
  const out: { ip: string; hostname: string }[] = [];
  for (const value of asArray(status['ingress']).slice(0, MAX_INGRESS)) {
    const entry = asObject(value) ?? {};
    const given = textAt(entry, 'ip');
    const ip = given === '' ? '' : (canonicalIp(given)?.text ?? '');
    const hostname = textAt(entry, 'hostname');
    const valid = hostname === '' || (/^[\x21-\x5b\x5d-\x7e]+$/.test(hostname) && isName(hostname));
    if (ip === '' && given !== '') context.drop('status.loadBalancer holds no IP address');
    if (!valid) context.drop('status.loadBalancer holds a hostname that is no domain name');
    if (ip !== '' || (valid && hostname !== '')) out.push({ ip, hostname: valid ? hostname : '' });
  }
  return out;
}

function cutAnnotations(
  metadata: JsonObject,
  context: CutContext,
): Readonly<Record<string, string>> | undefined {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(objectAt(metadata, 'annotations'))) {
    if (!key.startsWith(ANNOTATION_PREFIX)) continue;
    if (typeof value !== 'string' || value.length > MAX_ANNOTATION_LENGTH) {
      context.drop(`an annotation under ${ANNOTATION_PREFIX} is no text of up to 4096 characters`);
    } else if (kept.length >= MAX_ANNOTATIONS) {
      context.drop(`there are more than ${MAX_ANNOTATIONS} annotations under ${ANNOTATION_PREFIX}`);
      break;
    } else kept.push([key, value]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
