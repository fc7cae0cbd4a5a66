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

/** Linux has all of 127.0.0.0/8, macOS only its first address. */
function missingAddress(host: string): string {
  const help = process.platform === 'darwin' ? `: sudo ifconfig lo0 alias ${host}` : '';
  return `this machine has no address ${host}${help}`;
}
