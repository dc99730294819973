/** The HTTP endpoints of probes, over real HTTP. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openHealthEndpoint } from '../../src/observe/health-endpoint.js';
import { openHttpEndpoint } from '../../src/observe/http-endpoint.js';
import { type Logger, silentLogger } from '../../src/observe/logger.js';
import { openReadyEndpoint } from '../../src/observe/ready-endpoint.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const endpoint of open.splice(0)) await endpoint.close();
});
const kept = <T extends { close(): Promise<void> }>(endpoint: T): T => {
  open.push(endpoint);
  return endpoint;
};

const LOCAL = { address: '127.0.0.1', port: 0, logger: silentLogger };

async function fetchPath(
  port: number,
  path: string,
  method = 'GET',
): Promise<{ status: number | undefined; body: string; headers: NodeJS.Dict<string | string[]> }> {
  const sent = request({ host: '127.0.0.1', port, path, method, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const { statusCode: status, headers } = response;
  return { status, body: Buffer.concat(chunks).toString(), headers };
}

describe('/health', () => {
  it('is 200 OK, also while the server goes on for a while before its end', async () => {
    const { port, lameduck } = kept(await openHealthEndpoint({ ...LOCAL, lameduckMs: 60_000 }));
    expect(await fetchPath(port, '/health')).toMatchObject({ status: 200, body: 'OK' });
    const abort = new AbortController();
    const over = lameduck(abort.signal);
    expect(await fetchPath(port, '/health?verbose')).toMatchObject({ status: 200, body: 'OK' });
    abort.abort();
    await over;
  });

  it('waits out exactly the time of lameduck, and none without', async () => {
    await kept(await openHealthEndpoint({ ...LOCAL, lameduckMs: 0 })).lameduck();
    const start = performance.now();
    await kept(await openHealthEndpoint({ ...LOCAL, lameduckMs: 40 })).lameduck();
    expect(performance.now() - start).toBeGreaterThanOrEqual(39);
  });
});

describe('/ready', () => {
  it('is 503 with what is missing, then 200 OK, then 503 when the server goes away', async () => {
    let missing = ['kubernetes: services', 'kubernetes: endpoint slices'];
    const endpoint = await openReadyEndpoint({
      ...LOCAL,
      readiness: () => missing,
      monitor: 'until-ready',
    });
    const { port } = kept(endpoint);
    expect(await fetchPath(port, '/ready')).toMatchObject({
      status: 503,
      body: 'kubernetes: services\nkubernetes: endpoint slices\n',
    });
    missing = [];
    expect(await fetchPath(port, '/ready')).toMatchObject({ status: 200, body: 'OK' });
    missing = ['kubernetes: services'];
    expect(await fetchPath(port, '/ready')).toMatchObject({ status: 200 });
    endpoint.shutdown();
    expect(await fetchPath(port, '/ready')).toMatchObject({
      status: 503,
      body: 'shutting down\n',
    });
  });

  it('is asked again and again where that is wanted', async () => {
    let missing: string[] = [];
    const { port } = kept(
      await openReadyEndpoint({ ...LOCAL, readiness: () => missing, monitor: 'continuously' }),
    );
    expect(await fetchPath(port, '/ready')).toMatchObject({ status: 200 });
    missing = ['kubernetes: services'];
    expect(await fetchPath(port, '/ready')).toMatchObject({ status: 503 });
  });
});

describe('an HTTP endpoint', () => {
  const routes = {
    '/ok': () => ({ status: 200, body: 'fine', contentType: 'text/x-test' }),
    '/broken': () => Promise.reject(new Error('broken')),
  };

  it('answers GET and HEAD of its paths and nothing else', async () => {
    const { port } = kept(await openHttpEndpoint({ ...LOCAL, name: 'test', routes }));
    expect(await fetchPath(port, '/ok')).toMatchObject({ status: 200, body: 'fine' });
    const head = await fetchPath(port, '/ok', 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers).toMatchObject({ 'content-type': 'text/x-test', 'content-length': '4' });
    expect(await fetchPath(port, '/')).toMatchObject({ status: 404 });
    expect(await fetchPath(port, '/toString')).toMatchObject({ status: 404 });
    expect(await fetchPath(port, '/ok', 'POST')).toMatchObject({ status: 405 });
  });

  it('answers 500 and logs when a route fails', async () => {
    const errors: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (_, text) => errors.push(text),
      child: () => logger,
    };
    const { port } = kept(await openHttpEndpoint({ ...LOCAL, logger, name: 'test', routes }));
    expect(await fetchPath(port, '/broken')).toMatchObject({ status: 500 });
    expect(errors).toEqual(['a request could not be answered']);
  });

  it('survives what is no HTTP, and headers without end', async () => {
    const { port } = kept(await openHttpEndpoint({ ...LOCAL, name: 'test', routes }));
    for (const text of [
      '\u0000\u0001\u0002\r\n\r\n',
      `GET /ok HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.end(text);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await fetchPath(port, '/ok')).toMatchObject({ status: 200 });
  });

  it('closes although a client keeps its connection', async () => {
    const endpoint = await openHttpEndpoint({ ...LOCAL, name: 'test', routes });
    const socket = connect(endpoint.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await endpoint.close();
    await gone;
  });

  it('says that its port is in use', async () => {
    const { port } = kept(await openHttpEndpoint({ ...LOCAL, name: 'test', routes }));
    await expect(openHttpEndpoint({ ...LOCAL, port, name: 'test', routes })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      where: `127.0.0.1:${port}`,
    });
  });
});
