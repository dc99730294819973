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
  /** Endpoints of one headless service more, too many for a datagram; 0: it is not there. */
  readonly bigEndpoints: number;
}

/** 5,501 services, 25,500 endpoints. */
export const USUAL_SIZE: SeedSize = {
  headless: 500,
  headlessEndpoints: 20,
  clusterIP: 5_000,
  clusterIPEndpoints: 3,
  bigEndpoints: 500,
};

/** 551 services, 3,050 endpoints: for a look in between. */
export const QUICK_SIZE: SeedSize = {
  headless: 50,
  headlessEndpoints: 20,
  clusterIP: 500,
  clusterIPEndpoints: 3,
  bigEndpoints: 500,
};

/** 10,000 services, 150,000 endpoints. */
export const LARGE_SIZE: SeedSize = {
  headless: 1_000,
  headlessEndpoints: 51,
  clusterIP: 9_000,
  clusterIPEndpoints: 11,
  bigEndpoints: 0,
};

export const NAMESPACES = 50;
export const BIG_SERVICE = 'big';
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
  const big = {
    namespace: namespaceName(0),
    name: BIG_SERVICE,
    clusterIP: undefined,
    endpoints: take(size.bigEndpoints),
  };
  return [...headless, ...plain, ...(size.bigEndpoints > 0 ? [big] : [])];
}

export function namespaceName(index: number): string {
  return `team-${index % NAMESPACES}`;
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
