/** The seed as zone files, for a server that knows nothing of Kubernetes. */
import { PORT, type SeedService } from './seed.js';

/** The name of an endpoint without a host name of its own: its address with dashes. */
export function dashed(address: string): string {
  return address.replaceAll('.', '-');
}

/** Names outside of the cluster: `host-0.example.com` and on, documentation addresses (RFC 5737). */
export const OUTSIDE_NAMES = 100;

/** The cluster's names, as the kubernetes directive answers them. */
export function clusterZone(services: readonly SeedService[]): string {
  const lines = head('cluster.local.');
  for (const { namespace, name, clusterIP, endpoints } of services) {
    const owner = `${name}.${namespace}.svc`;
    const port = `_http._tcp.${owner}`;
    if (clusterIP === undefined) {
      for (const address of endpoints) {
        const endpoint = `${dashed(address)}.${owner}`;
        lines.push(`${owner} A ${address}`, `${endpoint} A ${address}`);
        lines.push(`${port} SRV 0 ${Math.floor(100 / endpoints.length)} ${PORT} ${endpoint}`);
      }
    } else {
      lines.push(`${owner} A ${clusterIP}`, `${port} SRV 0 100 ${PORT} ${owner}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The reverse names of cluster IPs and of endpoints of headless services. */
export function reverseZone(services: readonly SeedService[]): string {
  const lines = head('10.in-addr.arpa.');
  for (const { namespace, name, clusterIP, endpoints } of services) {
    const owner = `${name}.${namespace}.svc.cluster.local.`;
    if (clusterIP !== undefined) lines.push(`${reversed(clusterIP)} PTR ${owner}`);
    else {
      for (const address of endpoints) {
        lines.push(`${reversed(address)} PTR ${dashed(address)}.${owner}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The world outside. */
export function outsideZone(): string {
  const lines = head('example.com.');
  for (let i = 0; i < OUTSIDE_NAMES; i++) lines.push(`host-${i} A 192.0.2.${1 + i}`);
  return `${lines.join('\n')}\n`;
}

/** A root zone that delegates nothing, so that the upstream says NXDOMAIN to all other names. */
export function rootZone(): string {
  return `${head('.').join('\n')}\n`;
}

/** The owner relative to `10.in-addr.arpa.`. */
function reversed(address: string): string {
  return address.split('.').slice(1).reverse().join('.');
}

function head(origin: string): string[] {
  return [
    `$ORIGIN ${origin}`,
    '$TTL 30',
    '@ SOA ns.dns hostmaster 1 7200 1800 86400 30',
    '@ NS ns.dns',
    'ns.dns A 192.0.2.53',
  ];
}
