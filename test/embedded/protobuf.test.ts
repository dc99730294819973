import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProtobuf } from '../../src/embedded/protobuf.js';
import { call, startApi } from './api-client.js';

const MAGIC = [0x6b, 0x38, 0x73, 0x00];

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
const bytes = (field: number, content: number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)]);
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];

function envelope(kind: string, raw: number[]): Buffer {
  const type = [...text(1, 'v1'), ...text(2, kind)];
  return Buffer.from([...MAGIC, ...bytes(1, type), ...bytes(2, raw)]);
}

const SERVICE = [
  ...bytes(1, [
    ...text(1, 'web'),
    ...text(5, ''),
    ...bytes(11, [...text(1, 'app'), ...text(2, 'w')]),
  ]),
  ...bytes(2, [
    ...bytes(1, [
      ...text(1, 'http'),
      ...text(2, 'TCP'),
      ...number(3, 8080),
      ...bytes(4, [...number(1, 1), ...number(2, 0), ...text(3, 'web')]),
      ...number(5, 0),
    ]),
    ...bytes(2, [...text(1, 'app'), ...text(2, 'w')]),
    ...text(3, 'None'),
    ...text(4, 'ClusterIP'),
  ]),
];

describe("kubectl's protobuf", () => {
  it('reads a Service and leaves out the zeroes of plain fields', () => {
    expect(parseProtobuf(envelope('Service', SERVICE))).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', labels: { app: 'w' } },
      spec: {
        ports: [{ name: 'http', protocol: 'TCP', port: 8080, targetPort: 'web' }],
        selector: { app: 'w' },
        clusterIP: 'None',
        type: 'ClusterIP',
      },
    });
  });

  it('is taken at the door as kubectl create sends it', async () => {
    const api = await startApi();
    const response = await fetch(`${api.url}/api/v1/namespaces/default/services`, {
      method: 'POST',
      headers: {
        'content-type': 'application/vnd.kubernetes.protobuf',
        accept: 'application/json',
      },
      body: envelope('Service', SERVICE),
    });
    expect(response.status).toBe(201);
    const { body } = await call(api, 'GET', '/api/v1/namespaces/default/services/web');
    expect(body).toMatchObject({ spec: { clusterIPs: ['None'] } });
  });

  it('refuses a kind that it does not know with 400 and answers', async () => {
    const api = await startApi();
    const { code, body } = await call(api, 'POST', '/api/v1/namespaces', {
      body: 'k8s',
      contentType: 'application/vnd.kubernetes.protobuf',
    });
    expect(code).toBe(400);
    expect(body).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  });

  it('never fails in another way than by RangeError or TypeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        for (const input of [
          random,
          Buffer.from([...MAGIC, ...random]),
          envelope('Service', [...random]),
        ]) {
          try {
            parseProtobuf(input);
          } catch (error) {
            expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
          }
        }
      }),
    );
  });
});
