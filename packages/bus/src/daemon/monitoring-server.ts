import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Why a daemon is not ready, or undefined when it is. */
export type Readiness = () => string | undefined;

export interface MonitoringServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: Readiness;
}

/** `/healthz` (the process answers), `/readyz` (it does its work; else 503 with the reason) and `/metrics` (Prometheus text). */
export class MonitoringServer {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  /** @throws {PortInUseError} */
  static async start({
    host,
    port,
    registry,
    readiness,
  }: MonitoringServerOptions): Promise<MonitoringServer> {
    const server = createServer((request, response) => {
      answer(pathOf(request.url), registry, readiness).then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        (error: unknown) => response.writeHead(500, { 'content-type': PLAIN }).end(`${String(error)}\n`),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? new PortInUseError('monitoring port', host, port) : error);
      });
      server.listen(port, host, resolve);
    });
    return new MonitoringServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const PLAIN = 'text/plain; charset=utf-8';

/** Not by `URL`, which throws for what anybody may write in a request line, such as `//`. */
function pathOf(target = '/'): string {
  return target.split('?', 1)[0] ?? '';
}

async function answer(path: string, registry: Registry, readiness: Readiness) {
  switch (path) {
    case '/healthz':
      return { status: 200, type: PLAIN, body: 'ok\n' };
    case '/readyz': {
      const reason = readiness();
      return reason === undefined
        ? { status: 200, type: PLAIN, body: 'ready\n' }
        : { status: 503, type: PLAIN, body: `not ready: ${reason}\n` };
    }
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return { status: 404, type: PLAIN, body: 'there are /healthz, /readyz and /metrics\n' };
  }
}

/** Another program listens where a daemon wants to. */
export class PortInUseError extends Error {
  readonly code = 'PORT_IN_USE';
  readonly port: number;

  constructor(what: string, host: string, port: number) {
    super(`${what} ${port} on ${host} is in use by another program: stop it, or choose another port`);
    this.port = port;
    this.name = 'PortInUseError';
  }
}
