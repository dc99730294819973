/** Blocks of tls:// and https://: what the Corefile says of them, and what kdig sees. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planText } from '../../src/corefile/loader.js';
import type { Plan } from '../../src/corefile/plan.js';
import { createDataSide } from '../../src/data-side.js';
import type { Listener } from '../../src/listen/answerer.js';
import { listenerSpecs } from '../../src/listener-spec.js';
import { silentLogger } from '../../src/observe/logger.js';
import { openStreamListener, streamSettings } from '../../src/open-stream-listener.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';
import { hasPrograms } from '../programs.js';
import { CertificatePair } from './certificate-pair.js';

const run = promisify(execFile);

let pair: CertificatePair;
let other: CertificatePair;
beforeAll(async () => {
  [pair, other] = await Promise.all([CertificatePair.make(), CertificatePair.make()]);
});
afterAll(() => Promise.all([pair.close(), other.close()]));

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const load = { env: {}, registry: PLUGIN_REGISTRY };

function planOf(text: string): Plan {
  const { plan, faults } = planText(text, 'Corefile', { ...load, cwd: pair.folder });
  if (plan === undefined) throw new Error(faults.map((fault) => fault.line).join('\n'));
  return plan;
}

const faultsOf = (text: string): string[] =>
  (planText(text, 'Corefile', { ...load, cwd: pair.folder }).faults ?? []).map(({ line }) => line);

/** The faults of one directive in an https:// block that has a certificate. */
const faultsIn = (directive: string): string[] =>
  faultsOf(`https://. {\n${directive}\n${pair.directive}\n}`);

/** Settings of the first socket. */
function settingsOf(text: string): ReturnType<typeof streamSettings> {
  const plan = planOf(text);
  const [spec] = listenerSpecs(plan, () => []);
  if (spec === undefined) throw new Error('no socket');
  return streamSettings(plan, spec);
}

async function serve(text: string): Promise<Listener> {
  const plan = planOf(text);
  const [spec] = listenerSpecs(plan, () => []);
  if (spec === undefined) throw new Error('no socket');
  const dataSide = createDataSide({
    plan,
    registry: PLUGIN_REGISTRY,
    zones: [],
    reader: 0,
    logger: silentLogger,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    count() {},
    observe() {},
  });
  open.push(dataSide);
  const listener = await openStreamListener(spec, {
    answerer: dataSide.answererFor(spec, spec.scheme === 'https' ? 'https' : 'tls'),
    settings: streamSettings(plan, spec),
    logger: silentLogger,
    reusePort: false,
  });
  open.push({ close: () => listener.close(0) });
  return listener;
}

describe('the tls directive', () => {
  it('names its files relative to the Corefile', () => {
    const settings = settingsOf(
      'tls://. {\n tls tls.crt tls.key tls.crt {\n client_auth require\n}\n}',
    );
    const files = { cert: pair.cert, key: pair.key, ca: pair.cert };
    expect(settings).toEqual({ limits: {}, tls: { files, clientAuth: 'require' } });
    expect(settingsOf(`tls://. {\n ${pair.directive}\n}`).tls?.clientAuth).toBe('nocert');
  });

  it('is missed in a block that needs it', () => {
    expect(faultsOf('tls://a {\n}\n https://b:8443 {\n errors\n}\nc {\n}')).toEqual([
      'Corefile:1: a tls:// block lacks its certificate (add tls CERT KEY to the block)',
      'Corefile:3: a https:// block lacks its certificate (add tls CERT KEY to the block)',
    ]);
  });

  it('is the same in all blocks of one socket', () => {
    const mend =
      'write the same tls directive in both blocks, or give each a port or bind address of its own';
    const two = (more: string): string =>
      `tls://a {\n ${pair.directive}\n}\ntls://b${more} {\n ${other.directive}\n}`;
    expect(faultsOf(two(''))).toEqual([
      `Corefile:5: tls://*:853 has another certificate at Corefile:2 (${mend})`,
    ]);
    expect(faultsOf(two(':8853'))).toEqual([]);
    expect(faultsOf(two('').replaceAll(other.directive, pair.directive))).toEqual([]);
    const bound = `tls://a {\n bind 127.0.0.1\n ${pair.directive}\n}\ntls://b {\n bind 127.0.0.2\n ${other.directive}\n}`;
    expect(faultsOf(bound)).toEqual([]);
  });

  it('is faulted with its place when the files are missing, broken or no pair', () => {
    const faults = (args: string): string[] => faultsOf(`tls://. {\n tls ${args}\n}`);
    expect(faults('')).toEqual([
      'Corefile:2: tls lacks its files; svcdns fetches no certificates by ACME (write tls CERT KEY [CA])',
    ]);
    for (const args of ['a', 'a b c d']) {
      expect(faults(args)).toEqual([
        'Corefile:2: tls takes two or three files (write tls CERT KEY [CA])',
      ]);
    }
    expect(faults('missing tls.key')).toEqual([
      'Corefile:2: cannot read missing (check that the file exists and that the server may read it)',
    ]);
    expect(faults('tls.key tls.key')).toEqual([
      'Corefile:2: the certificate is no PEM (name a file that begins with BEGIN CERTIFICATE)',
    ]);
    expect(faults('tls.crt tls.crt')).toEqual([
      'Corefile:2: the key cannot be read (name a PEM key without a passphrase)',
    ]);
    expect(faults(`tls.crt ${other.key}`)).toEqual([
      'Corefile:2: key and certificate do not belong together (name the files of one pair)',
    ]);
    expect(faults('tls.crt tls.key tls.key')).toEqual([
      'Corefile:2: the CA certificate is no PEM (name a file that begins with BEGIN CERTIFICATE)',
    ]);
    expect(faults('tls.crt tls.key {\n client_auth maybe\n}')).toEqual([
      'Corefile:3: client_auth has no value "maybe" (one of: nocert, request, require, verify_if_given, require_and_verify)',
    ]);
  });
});

describe('timeouts and https', () => {
  it('set the limits of the sockets of their block', () => {
    const lines =
      'timeouts {\n read 5\n write 1m\n idle 90s\n maxtcpqueries 9\n}\nhttps {\n max_connections 7\n}';
    const limits = { firstQueryMs: 5000, writeMs: 60_000, idleMs: 90_000, queries: 9 };
    expect(settingsOf(`https://. {\n${lines}\n${pair.directive}\n}`).limits).toEqual({
      ...limits,
      connections: 7,
    });
    expect(settingsOf(`. {\n${lines}\n${pair.directive}\n}`)).toEqual({ limits });
    expect(settingsOf('. {\n}')).toEqual({ limits: {} });
    const open = 'timeouts {\n maxtcpqueries -1\n}\nhttps {\n max_connections 0\n}';
    expect(settingsOf(`https://. {\n${open}\n${pair.directive}\n}`).limits).toEqual({
      queries: Number.POSITIVE_INFINITY,
      connections: Number.POSITIVE_INFINITY,
    });
  });

  it('are faulted for what they cannot take', () => {
    expect(faultsIn('timeouts')).toEqual([
      'Corefile:2: timeouts sets nothing (add read, write, idle or maxtcpqueries, or remove the directive)',
    ]);
    for (const text of ['0s', '999ms', '25h']) {
      expect(faultsIn(`timeouts {\n read ${text}\n}`)).toEqual([
        `Corefile:3: read: "${text}" is out of range (write 1s to 24h)`,
      ]);
    }
    for (const text of ['0', '-2', 'x']) {
      expect(faultsIn(`timeouts {\n maxtcpqueries ${text}\n}`)).toHaveLength(1);
    }
    expect(faultsIn('timeouts 5s {\n read 5s\n}')).toHaveLength(1);
    expect(faultsIn('https {\n max_connections -1\n}')).toHaveLength(1);
    expect(faultsIn('https x')).toHaveLength(1);
  });
});

describe('an encrypted block', () => {
  const body = (): string => `hosts /nonexistent {\n 192.0.2.7 a.test\n}\n${pair.directive}`;

  it.skipIf(!hasPrograms('kdig'))('answers by the directives in it', async () => {
    for (const [scheme, flag] of [
      ['tls', '+tls'],
      ['https', '+https'],
    ] as const) {
      const { port, server, transport } = await serve(`${scheme}://.:0 {\n${body()}\n}`);
      expect([server, transport]).toEqual([`${scheme}://:0`, scheme]);
      const { stdout } = await run('kdig', [
        ...['@127.0.0.1', '-p', String(port), flag, '+short', 'a.test', 'A'],
      ]);
      expect(stdout.trim()).toBe('192.0.2.7');
    }
  });

  it('closes a silent connection after the time that timeouts says', async () => {
    const { port } = await serve(`tls://.:0 {\n${body()}\ntimeouts {\n read 1s\n}\n}`);
    const silent = connect({ port, host: '127.0.0.1' }).resume();
    await once(silent, 'end');
    silent.destroy();
  });
});
