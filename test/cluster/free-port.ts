/** Ports of 127.0.0.1 that nothing listens on, over UDP as well as TCP. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Several at once, all different: each is held until the last is found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => holdPort()));
  await Promise.all(held.map(({ release }) => release()));
  return held.map(({ port }) => port);
}

/** @throws never in practice: the system offers another port until both protocols have it free. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

interface HeldPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

async function holdPort(): Promise<HeldPort> {
  for (;;) {
    const tcp = createServer();
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(0, '127.0.0.1', resolve);
    });
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const closeTcp = (): Promise<void> => new Promise((resolve) => tcp.close(() => resolve()));
    const closeUdp = await bindUdp(port);
    if (closeUdp !== undefined) {
      return {
        port,
        release: async () => {
          await closeUdp();
          await closeTcp();
        },
      };
    }
    await closeTcp();
  }
}

async function bindUdp(port: number): Promise<(() => Promise<void>) | undefined> {
  const udp = createSocket('udp4');
  const bound = await new Promise<boolean>((resolve) => {
    udp.once('error', () => resolve(false));
    udp.bind(port, '127.0.0.1', () => resolve(true));
  });
  if (!bound) return undefined;
  return () => new Promise((resolve) => udp.close(() => resolve()));
}
