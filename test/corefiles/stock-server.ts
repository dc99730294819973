/** A server on a distribution's plan, with the API and the upstreams that it expects around it. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../../src/corefile/plan.js';
import { RRCLASS } from '../../src/dns/rrclass.js';
import { SvcdnsError } from '../../src/errors.js';
import type { Logger, LogMethod } from '../../src/observe/logger.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { decodeMessage, encodeMessage, type Message, message } from '../../src/wire/message.js';
import { overSockets } from '../answers/answer-path.js';
import type { Transport } from '../answers/case-file.js';
import { startStaticApi } from '../answers/static-api.js';
import { startUpstream, type UpstreamServer } from '../answers/upstream-server.js';
import { type LoopbackPlaces, onLoopback, withoutLameduck } from './loopback-overlay.js';
import { onDisk } from './stock-plan.js';

const MAX_ATTEMPTS = 5;

export interface StockServer {
  /** Ports of its UDP and TCP socket. */
  readonly ports: Readonly<Record<Transport, number>>;
  readonly httpPorts: LoopbackPlaces['httpPorts'];
  /** Messages of warnings and errors so far. */
  readonly complaints: readonly string[];
  ask(qname: string, qtype: number, transport?: Transport): Promise<Message>;
  close(): Promise<void>;
}

export interface StockServerOptions {
  readonly distribution: string;
  /** Its plan as it stands. */
  readonly plan: Plan;
  /** What the API lists. */
  readonly objects: readonly unknown[];
  /** Zones of the servers behind `forward`, by the `address:port` that the Corefile means. */
  readonly upstreamZones: Readonly<Record<string, string>>;
}

/** Starts everything and waits until the first lists are served. */
export async function startStockServer(options: StockServerOptions): Promise<StockServer> {
  const { distribution, objects, upstreamZones } = options;
  const api = await startStaticApi(objects);
  const ports = new Map<string, number>();
  const upstreams: UpstreamServer[] = [];
  for (const [label, zone] of Object.entries(upstreamZones)) {
    const upstream = await startUpstream(zone);
    upstreams.push(upstream);
    ports.set(label, upstream.port);
  }
  const folder = await mkdtemp(join(tmpdir(), 'svcdns-stock-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(api.url));
  const httpPorts = {
    health: await freeTcpPort(),
    ready: await freeTcpPort(),
    prometheus: await freeTcpPort(),
  };
  const plan = onLoopback(options.plan, {
    httpPorts,
    upstreamPorts: ports,
    onDisk: (path) => onDisk(distribution, path),
  });
  const complaints: string[] = [];
  const env = { KUBECONFIG: kubeconfig };
  const logger = complaintLogger(complaints);
  const server = await onFreePort(() => startServer({ plan, logger, env }));
  await server.ready;
  const dnsPorts = { udp: portOf(server, 'udp'), tcp: portOf(server, 'tcp') };
  return {
    ports: dnsPorts,
    httpPorts,
    complaints,
    ask: (qname, qtype, transport = 'udp') => ask(dnsPorts[transport], { qname, qtype }, transport),
    close: async () => {
      await server.reload(withoutLameduck(plan));
      await server.close();
      for (const upstream of upstreams) upstream.close();
      await api.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The port that the system gave for UDP may be taken over TCP: then another one. */
async function onFreePort(start: () => Promise<RunningServer>): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const taken = error instanceof SvcdnsError && error.code === 'ADDRESS_IN_USE';
      if (!taken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function portOf(server: RunningServer, transport: Transport): number {
  const listener = server.listeners.find((candidate) => candidate.transport === transport);
  if (listener === undefined) throw new Error(`nothing listens over ${transport}`);
  return listener.port;
}

async function ask(
  port: number,
  question: { readonly qname: string; readonly qtype: number },
  transport: Transport,
): Promise<Message> {
  const query = message({
    id: 4711,
    recursionDesired: true,
    question: [
      { ...question, qclass: question.qname.endsWith('.bind.') ? RRCLASS.CH : RRCLASS.IN },
    ],
    edns: { udpSize: 4096, version: 0, dnssecOk: false, options: [] },
  });
  const reply = decodeMessage(await overSockets(port)(encodeMessage(query), transport));
  if (reply === undefined) throw new Error(`the reply for ${question.qname} is no message`);
  return reply;
}

function complaintLogger(complaints: string[]): Logger {
  const nothing: LogMethod = () => {};
  const keep: LogMethod = (_, text) => {
    complaints.push(text);
  };
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: keep,
    error: keep,
    child: () => logger,
  };
  return logger;
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function kubeconfigOf(url: string): string {
  return `apiVersion: v1
kind: Config
current-context: test
clusters: [{ name: test, cluster: { server: "${url}" } }]
users: [{ name: test, user: {} }]
contexts: [{ name: test, context: { cluster: test, user: test } }]
`;
}
