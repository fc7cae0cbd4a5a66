import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to outgoing connections: what is listened on only later is still free then. */
const FREE_PORTS = { least: 10_000, most: 32_000 } as const;

/** Ports of an address of this machine that nobody listened on a moment ago. */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FREE_PORTS.least, FREE_PORTS.most);
    if (await isFree(host, port)) ports.add(port);
  }
  return [...ports];
}

/** One of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts('127.0.0.1', 1);
  return port;
}

/** @throws {Error} the machine has no such address */
async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
