/** The cluster that is measured: which services there are, with which addresses. Pure and the same in every run. */

/** A service of the seed. */
export interface SeedService {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: headless. */
  readonly clusterIP: string | undefined;
  /** IPv4 addresses of its endpoints, all ready. */
  readonly endpoints: readonly string[];
}

/** How many of each kind; a service has one port, `http`. */
export interface SeedSize {
  readonly headless: number;
  readonly headlessEndpoints: number;
  readonly clusterIP: number;
  readonly clusterIPEndpoints: number;
  /** Endpoints of further headless services, {@link bigService}: too many for a datagram. */
  readonly bigEndpoints: readonly number[];
}

/** 5,502 services, 25,800 endpoints. */
export const USUAL_SIZE: SeedSize = {
  headless: 500,
  headlessEndpoints: 20,
  clusterIP: 5_000,
  clusterIPEndpoints: 3,
  bigEndpoints: [500, 300],
};

/** A tenth of that: for a look in between. */
export const QUICK_SIZE: SeedSize = {
  headless: 50,
  headlessEndpoints: 20,
  clusterIP: 500,
  clusterIPEndpoints: 3,
  bigEndpoints: [500, 300],
};

/** 10,000 services, 150,000 endpoints. */
export const LARGE_SIZE: SeedSize = {
  headless: 1_000,
  headlessEndpoints: 51,
  clusterIP: 9_000,
  clusterIPEndpoints: 11,
  bigEndpoints: [],
};

export const NAMESPACES = 50;
export const PORT = 8080;

/** All services of a size, headless ones first. */
export function seedServices(size: SeedSize): readonly SeedService[] {
  const endpoints = endpointAddresses();
  const take = (count: number): string[] => Array.from({ length: count }, endpoints);
  const headless = Array.from({ length: size.headless }, (_, i) => ({
    ...seedName('headless', i),
    clusterIP: undefined,
    endpoints: take(size.headlessEndpoints),
  }));
  const plain = Array.from({ length: size.clusterIP }, (_, i) => ({
    ...seedName('service', i),
    clusterIP: clusterAddress(i),
    endpoints: take(size.clusterIPEndpoints),
  }));
  const big = size.bigEndpoints.map((count) => ({ ...bigService(count), endpoints: take(count) }));
  return [...headless, ...plain, ...big];
}

export function namespaceName(index: number): string {
  return `team-${index % NAMESPACES}`;
}

/** The headless service with so many endpoints. */
export function bigService(endpoints: number): Omit<SeedService, 'endpoints'> {
  return { namespace: namespaceName(0), name: `big-${endpoints}`, clusterIP: undefined };
}

/** How many endpoints there are in all. */
export function countEndpoints(services: readonly SeedService[]): number {
  return services.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
}

function seedName(word: string, index: number): { namespace: string; name: string } {
  return { namespace: namespaceName(index), name: `${word}-${index}` };
}

/** In the upper part of the control plane's 10.0.0.0/16, clear of what it gives out by itself. */
function clusterAddress(index: number): string {
  return `10.0.${64 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** Pod addresses from 10.128.0.1 on, without those that end in 0 or 255. */
function endpointAddresses(): () => string {
  let index = 0;
  return () => {
    const [block, host] = [Math.floor(index / 250), 1 + (index % 250)];
    index += 1;
    return `10.${128 + (block >> 8)}.${block & 255}.${host}`;
  };
}
