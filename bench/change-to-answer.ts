/**
 * How long a new service takes to be answered: from the return of the API call that creates it to the
 * first right answer over UDP, on a real control plane, for svcdns and for CoreDNS in the same run.
 *
 * Run with `npm run bench:change [-- ROUNDS]`. Both servers watch the same API server all the time and
 * take turns, so that the machine's mood hits both alike. Each name is asked once before its service
 * exists, so a cached denial would show.
 */
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { cpus } from 'node:os';
import { ControlPlane } from '../test/cluster/control-plane.js';
import { type ServerName, ServerUnderTest } from '../test/cluster/server-under-test.js';

const ROUNDS = 50;
const SERVERS: readonly ServerName[] = ['svcdns', 'coredns'];
/** A datagram that went missing is asked again after this. */
const RETRY_MS = 200;
/** No answer by then is a fault, not a reading. */
const DEADLINE_MS = 30_000;

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? ROUNDS);
  const controlPlane = await ControlPlane.start();
  const servers = new Map<ServerName, ServerUnderTest>();
  try {
    const kubeconfig = await controlPlane.restrictedKubeconfig();
    for (const server of SERVERS) {
      const options = { folder: controlPlane.folder, kubeconfig, server };
      servers.set(server, await ServerUnderTest.start(options));
    }
    console.log(`node ${process.version}, ${cpus().length} cores, ${rounds} services a server`);
    report(await measure(controlPlane, servers, rounds));
  } finally {
    for (const server of servers.values()) await server.stop();
    await controlPlane.stop();
  }
}

type Readings = ReadonlyMap<ServerName, readonly number[]>;

async function measure(
  controlPlane: ControlPlane,
  servers: ReadonlyMap<ServerName, ServerUnderTest>,
  rounds: number,
): Promise<Readings> {
  const readings = new Map<ServerName, number[]>();
  const create = serviceCreator(controlPlane);
  for (let round = 0; round < rounds; round++) {
    for (const [server, { port }] of servers) {
      const name = `bench-${server}-${round}`;
      const asker = new Asker(port, `${name}.default.svc.cluster.local`);
      try {
        await asker.ask();
        const address = await create(name);
        const created = performance.now();
        await asker.askUntil(address);
        const taken = performance.now() - created;
        readings.set(server, [...(readings.get(server) ?? []), taken]);
      } finally {
        asker.close();
      }
    }
  }
  return readings;
}

function report(readings: Readings): void {
  console.log('server    median ms  maximum ms');
  for (const [server, values] of readings) {
    const sorted = values.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const maximum = sorted.at(-1) ?? Number.NaN;
    console.log(`${server.padEnd(8)} ${column(median)} ${column(maximum)}`);
  }
}

function column(milliseconds: number): string {
  return milliseconds.toFixed(2).padStart(10);
}

/** Creates services over one kept connection and gives the cluster IP out of the reply. */
function serviceCreator(controlPlane: ControlPlane): (name: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(controlPlane.certificateAuthority) });
  return async (name) => {
    const body = JSON.stringify({ metadata: { name }, spec: { ports: [{ port: 80 }] } });
    const reply = await new Promise<string>((resolve, reject) => {
      const sent = request(
        `${controlPlane.server}/api/v1/namespaces/default/services`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${controlPlane.adminToken}`,
            'content-type': 'application/json',
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve(text));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
    const clusterIP = /"clusterIP": ?"([\d.]+)"/.exec(reply)?.[1];
    if (clusterIP === undefined) throw new Error(`the API server did not create ${name}: ${reply}`);
    return clusterIP;
  };
}

const HEADER_BYTES = 12;

/** Asks one A question over and over from one socket. */
class Asker {
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  readonly #query: Buffer;

  constructor(port: number, name: string) {
    this.#port = port;
    const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
    const header = [0, 0, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    this.#query = Buffer.from([...header, ...labels, 0, 0, 1, 0, 1]);
  }

  /** One question; gives the reply. */
  async ask(): Promise<Buffer> {
    return new Promise((resolve) => {
      const send = (): void => this.#socket.send(this.#query, this.#port, '127.0.0.1');
      const retry = setInterval(send, RETRY_MS);
      this.#socket.once('message', (reply) => {
        clearInterval(retry);
        resolve(reply);
      });
      send();
    });
  }

  /** @throws Error when the address is not answered in {@link DEADLINE_MS}. */
  async askUntil(address: string): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (addressIn(await this.ask(), this.#query.length) !== address) {
      if (performance.now() > deadline) throw new Error(`${address} was not answered in time`);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** The address of the only A record of a reply without OPT, which is then its last four bytes. */
function addressIn(reply: Buffer, questionEnd: number): string | undefined {
  const answers = reply.length >= HEADER_BYTES ? reply.readUInt16BE(6) : 0;
  return answers === 1 && reply.length > questionEnd ? reply.subarray(-4).join('.') : undefined;
}

await main();
