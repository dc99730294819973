/** DNS over HTTPS, over real sockets. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { Agent, type RequestOptions, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/listen/answerer.js';
import { type HttpsOptions, listenHttps } from '../../src/listen/https.js';
import { encodeMessage, message } from '../../src/wire/message.js';
import { hasPrograms } from '../programs.js';
import { type Pair, SecretVolume, selfSigned } from './certificates.js';
import { EchoAnswerer } from './echo-answerer.js';
import { logLines } from './log-lines.js';
import { ScriptedAnswerer } from './scripted-answerer.js';

const run = promisify(execFile);

let pair: Pair;
let other: Pair;
beforeAll(async () => {
  [pair, other] = await Promise.all([selfSigned('one.test'), selfSigned('two.test')]);
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

interface Served {
  readonly listener: Listener;
  readonly port: number;
  readonly volume: SecretVolume;
}

async function listen(options: Partial<HttpsOptions> = {}): Promise<Served> {
  const volume = await SecretVolume.with(pair);
  open.push(volume);
  const listener = await listenHttps({
    server: 'https://:443',
    address: '127.0.0.1',
    port: 0,
    answerer: new ScriptedAnswerer(),
    logger: logLines(),
    tls: { files: volume.files, clientAuth: 'nocert' },
    certificateIntervalMs: 5,
    ...options,
  });
  open.push({ close: () => listener.close(0) });
  return { listener, port: listener.port, volume };
}

function session(port: number): ClientHttp2Session {
  const client = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  client.on('error', () => {});
  open.push({ close: () => client.destroy() });
  return client;
}

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function responseOf(stream: ClientHttp2Stream): Promise<Response> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  if (!stream.readableEnded) await once(stream, 'end');
  const body = Buffer.concat(chunks).toString('latin1');
  return { status: Number(headers[':status']), headers, body };
}

/** The media type is sent unless the headers say otherwise. */
function post(
  client: ClientHttp2Session,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
) {
  const stream = client.request({
    ':method': 'POST',
    ':path': '/dns-query',
    'content-type': 'application/dns-message',
    ...headers,
  });
  stream.on('error', () => {});
  stream.end(body);
  return responseOf(stream);
}

function get(client: ClientHttp2Session, path: string, method = 'GET'): Promise<Response> {
  return responseOf(client.request({ ':method': method, ':path': path }));
}

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

/** HTTP/1.1. */
async function plain(port: number, options: RequestOptions, body = ''): Promise<Response> {
  const sent = request({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  sent.end(body);
  const [reply] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('latin1');
  return { status: reply.statusCode, headers: reply.headers, body: text };
}

async function rawSocket(port: number, alpn: string): Promise<TLSSocket> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: [alpn],
  });
  socket.on('error', () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, 'secureConnect');
  return socket;
}

const closed = (socket: { once(event: 'close', done: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => socket.once('close', resolve));

describe('listenHttps', () => {
  it.skipIf(!hasPrograms('kdig', 'dig', 'curl'))('answers kdig, dig and curl', async () => {
    const { port } = await listen({ answerer: new EchoAnswerer() });
    const common = ['@127.0.0.1', '-p', String(port), 'example.org', 'A'];
    for (const [program, more] of [
      ['kdig', ['+https']],
      ['kdig', ['+https-get']],
      ['dig', ['+https']],
      ['dig', ['+https-get']],
    ] as const) {
      const { stdout } = await run(program, [...common, ...more]);
      expect([program, stdout]).toEqual([program, expect.stringContaining('status: NOERROR')]);
    }
    const url = `https://127.0.0.1:${port}/dns-query?dns=${encoded('f')}`;
    for (const version of ['--http1.1', '--http2']) {
      const { stdout } = await run('curl', ['-sk', version, url]);
      expect(stdout).toBe('F');
    }
  });

  it('answers GET and POST over HTTP/2, also by way of the chain, and says who asked', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen({ answerer });
    const client = session(port);
    expect(await post(client, 'fast')).toMatchObject({ status: 200, body: 'Fast' });
    const padded = `${encoded('f1')}=`;
    for (const text of [encoded('f1'), padded]) {
      const reply = await get(client, `/dns-query?ct&dns=${text}`);
      expect(reply).toMatchObject({
        status: 200,
        body: 'F1',
        headers: { 'content-type': 'application/dns-message', 'content-length': '2' },
      });
    }
    const slow = post(client, 'slow');
    await answerer.until(({ asked }) => asked.length === 1);
    expect(await post(client, 'fast')).toMatchObject({ body: 'Fast' });
    answerer.asked[0]?.reply(Buffer.from('done'));
    expect(await slow).toMatchObject({ status: 200, body: 'done' });
    expect(answerer.asked[0]?.client).toMatchObject({
      address: '127.0.0.1',
      transport: 'https',
      server: 'https://:443',
    });
  });

  it('answers HTTP/1.1 on one connection', async () => {
    const { port } = await listen();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    open.push({ close: () => agent.destroy() });
    const asked = await plain(port, { agent, path: `/dns-query?dns=${encoded('f1')}` });
    expect(asked).toMatchObject({ status: 200, body: 'F1' });
    const headers = { 'content-type': 'application/dns-message' };
    const sent = await plain(port, { agent, method: 'POST', path: '/dns-query', headers }, 'f2');
    expect(sent).toMatchObject({ status: 200, body: 'F2' });
    const missing = await plain(port, { agent, path: '/' });
    expect(missing.status).toBe(404);
  });

  it('says by status what is wrong with a request', async () => {
    const { port } = await listen();
    const client = session(port);
    const path = '/dns-query';
    expect((await get(client, '/other')).status).toBe(404);
    expect((await get(client, '/dns-query/')).status).toBe(404);
    for (const wrong of ['', '?dns=', '?dns=a', '?dns=*', '?dns=a+b', '?dns=Zg&dns=Zg', '?x=Zg']) {
      expect([wrong, (await get(client, path + wrong)).status]).toEqual([wrong, 400]);
    }
    const method = await get(client, `${path}?dns=Zg`, 'DELETE');
    expect(method).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
    expect((await post(client, 'f', { 'content-type': 'application/dns-json' })).status).toBe(415);
    expect((await post(client, 'f', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post(client, '')).status).toBe(400);
    // a message that is not answered on any transport
    expect((await post(client, '~')).status).toBe(400);
    const type = { 'content-type': 'Application/DNS-Message; charset=x' };
    expect((await post(client, 'f', type)).status).toBe(200);
  });

  it('takes a message of 65,535 octets and refuses what is longer', async () => {
    const { port } = await listen();
    const client = session(port);
    const largest = `f${'x'.repeat(65_534)}`;
    expect((await post(client, largest)).body).toHaveLength(65_535);
    expect((await post(client, `${largest}x`)).status).toBe(413);
    // without a length that says so, and never ending
    const stream = client.request({
      ':method': 'POST',
      ':path': '/dns-query',
      'content-type': 'application/dns-message',
    });
    stream.on('error', () => {});
    const reply = responseOf(stream);
    const pour = setInterval(() => stream.closed || stream.write(Buffer.alloc(16_384)), 1);
    expect((await reply).status).toBe(413);
    await expect.poll(() => stream.closed).toBe(true);
    clearInterval(pour);
    expect((await post(client, 'f')).status).toBe(200);
  });

  it('tells caches the lowest TTL of an answer, and of a negative one what its SOA says', async () => {
    const { port } = await listen();
    const client = session(port);
    const owner = 'example.org.';
    const record = (ttl: number) => ({ owner, type: 1, class: 1, ttl, rdata: Buffer.alloc(4) });
    const soa = Buffer.concat([Buffer.alloc(2), Buffer.alloc(16), Uint8Array.of(0, 0, 0, 20)]);
    const authority = [{ owner, type: 6, class: 1, ttl: 60, rdata: soa }];
    const question = [{ qname: owner, qtype: 1, qclass: 1 }];
    const cases = [
      [{ answer: [record(30), record(7), record(90)], authority }, 7],
      [{ authority, rcode: 3 }, 20],
      [{ rcode: 2 }, 0],
      [{}, 0],
    ] as const;
    for (const [parts, seconds] of cases) {
      const bytes = encodeMessage(message({ id: 0x6600, response: true, question, ...parts }));
      const { headers } = await post(client, Buffer.from(bytes));
      expect(headers['cache-control']).toBe(`max-age=${seconds}`);
    }
  });

  it('resets the stream where the chain sends nothing', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen({ answerer });
    const client = session(port);
    const stream = client.request({ ':path': `/dns-query?dns=${encoded('drop')}` });
    const reset = once(stream, 'error');
    await answerer.until(({ asked }) => asked.length === 1);
    answerer.asked[0]?.reply(undefined);
    await reset;
    expect(stream.rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);
    const old = plain(port, { path: `/dns-query?dns=${encoded('drop')}` });
    await answerer.until(({ asked }) => asked.length === 2);
    answerer.asked[1]?.reply(undefined);
    await expect(old).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('serves a renewed certificate while connections are open', async () => {
    const { port, volume } = await listen();
    const before = session(port);
    expect((await post(before, 'f1')).body).toBe('F1');
    await volume.swap(other);
    await expect
      .poll(async () => {
        const socket = await rawSocket(port, 'h2');
        const { subject } = socket.getPeerCertificate();
        socket.destroy();
        return subject.CN;
      })
      .toBe('two.test');
    expect((await post(before, 'f2')).body).toBe('F2');
  });

  it('asks for client certificates where it is told to', async () => {
    const { port, listener, volume } = await listen();
    listener.configure?.({ limits: {}, tls: { files: volume.files, clientAuth: 'require' } });
    const client = session(port);
    await closed(client);
    const known = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...other });
    open.push({ close: () => known.destroy() });
    expect((await post(known, 'f')).status).toBe(200);
  });

  it('closes connections on which no whole request comes', async () => {
    const { port } = await listen({ limits: { firstQueryMs: 500 } });
    const [h2, idle, header, body] = await Promise.all(
      ['h2', 'http/1.1', 'http/1.1', 'http/1.1'].map((alpn) => rawSocket(port, alpn)),
    );
    const silent = connectPlain({ port, host: '127.0.0.1' });
    for (const socket of [h2, idle, header, body, silent]) socket?.resume();
    h2?.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    header?.write('GET /dns-query HTTP/1.1\r\nhost: a\r\n');
    const type = 'content-type: application/dns-message\r\ncontent-length: 9\r\n\r\n';
    body?.write(`POST /dns-query HTTP/1.1\r\nhost: a\r\n${type}`);
    const trickle = setInterval(() => header?.write('x: y\r\n'), 10);
    const all = [h2, idle, header, body, silent].flatMap((socket) =>
      socket ? [closed(socket)] : [],
    );
    await Promise.all(all);
    clearInterval(trickle);
  });

  it('keeps a connection whose query waits for the chain', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen({ answerer, limits: { idleMs: 50 } });
    const waiting = session(port);
    const late = post(waiting, 'slow');
    await answerer.until(({ asked }) => asked.length === 1);
    for (const idle of [session(port), session(port)]) {
      expect((await post(idle, 'f')).status).toBe(200);
      await closed(idle);
    }
    answerer.asked[0]?.reply(Buffer.from('late'));
    expect(await late).toMatchObject({ status: 200, body: 'late' });
  });

  it('does not wait for a client that does not take its reply', async () => {
    const { port } = await listen({ limits: { writeMs: 100 } });
    const client = connect(`https://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    });
    open.push({ close: () => client.destroy() });
    client.on('error', () => {});
    void post(client, 'f').catch(() => {});
    await closed(client);
  });

  it('bounds the streams of a connection, and closes what pipelines beyond the limit', async () => {
    const answerer = new ScriptedAnswerer();
    const { port } = await listen({ answerer, limits: { queriesInFlight: 2 } });
    const client = session(port);
    await once(client, 'remoteSettings');
    expect(client.remoteSettings.maxConcurrentStreams).toBe(2);
    const socket = await rawSocket(port, 'http/1.1');
    const one = `GET /dns-query?dns=${encoded('slow')} HTTP/1.1\r\nhost: a\r\n\r\n`;
    socket.resume().write(one.repeat(3));
    await closed(socket);
    expect(answerer.asked).toHaveLength(2);
  });

  it('survives hostile clients', async () => {
    const { port } = await listen({ answerer: new EchoAnswerer() });
    const texts = [
      '\r\n\r\n',
      'GET\r\n\r\n',
      'GET /dns-query HTTP/9.9\r\n\r\n',
      'POST /dns-query HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
      'POST /dns-query HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(10_000)}\r\n`,
      'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const text of texts) {
      const socket = await rawSocket(port, 'http/1.1');
      socket.resume().end(text);
      await closed(socket);
    }
    for (const bytes of [Buffer.alloc(100, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
      const socket = await rawSocket(port, 'h2');
      socket.resume().end(bytes);
      await closed(socket);
    }
    // streams that are opened and reset without end (CVE-2023-44487)
    const client = session(port);
    await once(client, 'connect');
    for (let i = 0; i < 500 && !client.destroyed; i++) {
      const stream = client.request({ ':path': '/dns-query?dns=Zg' });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
    }
    const connects = session(port).request({ ':method': 'CONNECT', ':authority': 'a:1' });
    expect((await responseOf(connects)).status).toBe(405);
    expect((await post(session(port), 'f')).status).toBe(200);
  });

  it('answers what is in flight when it closes, and takes nothing more', async () => {
    const answerer = new ScriptedAnswerer();
    const { port, listener } = await listen({ answerer });
    const [waiting, idle] = [session(port), session(port)];
    const agent = new Agent({ keepAlive: true });
    open.push({ close: () => agent.destroy() });
    await post(idle, 'f');
    const late = post(waiting, 'slow');
    const old = plain(port, { agent, path: `/dns-query?dns=${encoded('slow')}` });
    await answerer.until(({ asked }) => asked.length === 2);
    const done = listener.close(10_000);
    await closed(idle);
    for (const { reply } of answerer.asked) reply(Buffer.from('late'));
    expect(await late).toMatchObject({ body: 'late' });
    expect(await old).toMatchObject({ body: 'late', headers: { connection: 'close' } });
    await done;
  });

  it('takes other limits over, and closes a connection that has asked as often as it may', async () => {
    const { port, listener } = await listen();
    listener.configure?.({ limits: { queries: 2 } });
    const client = session(port);
    expect((await post(client, 'f')).status).toBe(200);
    const last = post(client, 'f');
    await closed(client);
    expect((await last).status).toBe(200);
  });
});
