import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { CassandraStartError } from './errors.ts';

/**
 * Whether a port can be listened on, before a process takes seconds to find out that it cannot.
 * @throws {CassandraStartError} PORT_IN_USE or ADDRESS_MISSING
 */
export async function checkPort(host: string, port: number, what: string): Promise<void> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRNOTAVAIL') throw new CassandraStartError('ADDRESS_MISSING', missingAddress(host));
    if (code !== 'EADDRINUSE') throw error;
    throw new CassandraStartError('PORT_IN_USE', `${what} ${port} of ${host} is in use`);
  }
  server.close();
  await once(server, 'close');
}

/** Below those that systems give to outgoing connections: what is listened on only later is still free then. */
const FREE_PORTS = { least: 10_000, most: 32_000 } as const;

/** Ports that nobody listened on a moment ago. */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FREE_PORTS.least, FREE_PORTS.most);
    const isFree = await checkPort(host, port, 'port').then(
      () => true,
      () => false,
    );
    if (isFree) ports.add(port);
  }
  return [...ports];
}

/** Linux has all of 127.0.0.0/8, macOS only its first address. */
function missingAddress(host: string): string {
  const help = process.platform === 'darwin' ? `: sudo ifconfig lo0 alias ${host}` : '';
  return `this machine has no address ${host}${help}`;
}
