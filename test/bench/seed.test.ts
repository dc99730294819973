/** The benchmark's cluster: the same services whichever way a server is told of them. */
import { describe, expect, it } from 'vitest';
import { serviceObject, sliceObjects } from '../../bench/kube-objects.js';
import { countEndpoints, LARGE_SIZE, seedServices, USUAL_SIZE } from '../../bench/seed.js';
import { questionsOf, WORKLOADS } from '../../bench/workloads.js';
import { clusterZone, reverseZone } from '../../bench/zone-file.js';

const SMALL = { ...USUAL_SIZE, headless: 50, clusterIP: 100, bigEndpoints: [250] };

describe('the seed', () => {
  it('has the sizes that the aims are about', () => {
    const usual = seedServices(USUAL_SIZE);
    expect(usual).toHaveLength(5_502);
    expect(countEndpoints(usual)).toBe(25_800);
    const large = seedServices(LARGE_SIZE);
    expect(large).toHaveLength(10_000);
    expect(countEndpoints(large)).toBe(150_000);
  });

  it('gives no address twice', () => {
    const services = seedServices(LARGE_SIZE);
    const addresses = services.flatMap(({ clusterIP, endpoints }) =>
      clusterIP === undefined ? endpoints : [clusterIP, ...endpoints],
    );
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('splits endpoints into slices of 100', () => {
    const big = seedServices(SMALL).at(-1);
    if (big === undefined) throw new Error('no service');
    const sizes = sliceObjects(big).map(
      (slice) => JSON.stringify(slice).match(/"addresses"/g)?.length,
    );
    expect(sizes).toEqual([100, 100, 50]);
    expect(serviceObject(big)).toMatchObject({ spec: { clusterIP: 'None' } });
  });

  it('asks every workload only for names of its own zones or of the world outside', () => {
    const services = seedServices(SMALL);
    for (const workload of WORKLOADS) {
      const lines = questionsOf(workload, services).trimEnd().split('\n');
      expect(new Set(lines.map((line) => line.split(' ').length))).toEqual(new Set([2]));
    }
  });

  it('stands in the zone files with every name that is asked for', () => {
    const services = seedServices(SMALL);
    const zone = new Set(
      clusterZone(services)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    );
    const reverse = new Set(
      reverseZone(services)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    );
    for (const workload of WORKLOADS.filter(({ id }) => ['hit', 'ptr'].includes(id))) {
      for (const line of questionsOf(workload, services).trimEnd().split('\n')) {
        const [name = ''] = line.split(' ');
        const known =
          zone.has(name.replace('.cluster.local', '')) ||
          reverse.has(name.replace('.10.in-addr.arpa', ''));
        expect(known, line).toBe(true);
      }
    }
  });
});
