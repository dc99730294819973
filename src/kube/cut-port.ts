/** Ports of Services and EndpointSlices: names, numbers and protocols within their bounds. */
import type { CutContext } from './cut-context.js';
import { integerIn, isDnsLabel } from './cut-meta.js';
import { asArray, asObject, type JsonObject } from './json-value.js';
import type { EndpointPort, Protocol, ServicePort } from './objects.js';

/**
 * An EndpointSlice has at most 100 ports by the API; a Service has no limit of its own. A name with a
 * thousand SRV records can't be answered in one message any more.
 */
const MAX_PORTS = 1000;

/** spec.ports of a Service. */
export function cutServicePorts(values: unknown, context: CutContext): readonly ServicePort[] {
  return context.interner.servicePorts(
    cutPorts(values, 'spec.ports', context, (port, base) => ({
      ...base,
      nodePort: integerIn(port['nodePort'], 1, 65_535) ?? 0,
    })),
  );
}

/** ports of an EndpointSlice; an entry without a number means "all ports" and has no record of its own. */
export function cutEndpointPorts(values: unknown, context: CutContext): readonly EndpointPort[] {
  return context.interner.endpointPorts(cutPorts(values, 'ports', context, (_port, base) => base));
}

function cutPorts<T>(
  values: unknown,
  field: string,
  context: CutContext,
  finish: (port: JsonObject, base: EndpointPort) => T,
): readonly T[] {
  const out: T[] = [];
  for (const value of asArray(values)) {
    const port = asObject(value);
    if (port === undefined) {
      context.drop(`${field} holds something that is no port`);
      continue;
    }
    if (port['port'] === undefined || port['port'] === null) continue;
    const base = cutPort(port, field, context);
    if (base === undefined) continue;
    if (out.length >= MAX_PORTS) {
      context.drop(`${field} has more than ${MAX_PORTS} ports`);
      break;
    }
    out.push(finish(port, base));
  }
  return out;
}

function cutPort(port: JsonObject, field: string, context: CutContext): EndpointPort | undefined {
  const number = integerIn(port['port'], 1, 65_535);
  if (number === undefined) {
    context.drop(`${field} holds a port outside of 1 to 65535`);
    return undefined;
  }
  const protocol = protocolOf(port['protocol']);
  if (protocol === undefined) {
    context.drop(`${field} holds a protocol other than TCP, UDP and SCTP`);
    return undefined;
  }
  const name = port['name'] ?? '';
  if (typeof name !== 'string' || (name !== '' && !isDnsLabel(name))) {
    context.drop(`${field} holds a port whose name is no DNS label`);
    return undefined;
  }
  return { name, port: number, protocol };
}

function protocolOf(value: unknown): Protocol | undefined {
  if (value === undefined || value === null || value === '') return 'TCP';
  return value === 'TCP' || value === 'UDP' || value === 'SCTP' ? value : undefined;
}
