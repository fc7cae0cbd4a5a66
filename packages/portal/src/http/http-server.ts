import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { PortInUseError, type Logger, type Readiness } from '@katbus/bus/daemon';
import type { Registry } from 'prom-client';
import type { PortalMetrics } from '../metrics.ts';
import { WEBSOCKET_PATH } from '../websocket/websocket-server.ts';
import { apiRoutes, type ApiServices } from './api-routes.ts';
import { assetRoutes, SECURITY_HEADERS, type Assets } from './assets.ts';
import { failureOf, httpFailure } from './errors.ts';

export interface HttpServerOptions extends ApiServices {
  readonly assets: Assets;
  readonly registry: Registry;
  readonly metrics: PortalMetrics;
  readonly readiness: Readiness;
  readonly logger: Logger;
}

/** The portal's HTTP interface, ready to listen; PROTOCOL.md, "HTTP". */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { metrics, logger } = options;
  const app = fastify({
    // The answer to a request that is cut off in the middle is cut too: a stop does not wait for a slow reader.
    forceCloseConnections: true,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: true, useDefaults: true, allErrors: false },
    },
  });
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.httpRequests.inc({ route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) });
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = failureOf(error);
    if (status === 500) logger.error({ err: error, url: request.url }, 'an HTTP request failed');
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const { status, body } = nothingThere(request.method, request.url);
    if (status === 405) void reply.header('allow', 'GET, HEAD');
    return reply.code(status).send(body);
  });
  app.get(WEBSOCKET_PATH, (_request, reply) => {
    const { status, body } = httpFailure(426, 'UPGRADE_REQUIRED', 'connect with a websocket client');
    return reply.code(status).header('upgrade', 'websocket').send(body);
  });
  monitoringRoutes(app, options);
  apiRoutes(app, options);
  assetRoutes(app, options.assets);
  return app;
}

/** @returns the port @throws {PortInUseError} */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const isInUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw isInUse ? new PortInUseError('portal port', host, port) : error;
  }
  return (app.server.address() as AddressInfo).port;
}

function monitoringRoutes(app: FastifyInstance, { registry, readiness }: HttpServerOptions): void {
  const plain = 'text/plain; charset=utf-8';
  app.get('/healthz', (_request, reply) => reply.type(plain).send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const reason = readiness();
    if (reason === undefined) return reply.type(plain).send('ready\n');
    return reply.code(503).type(plain).send(`not ready: ${reason}\n`);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

function nothingThere(method: string, url: string) {
  if (method !== 'GET' && method !== 'HEAD') {
    return httpFailure(405, 'METHOD_NOT_ALLOWED', `${method} is not possible here: only GET and HEAD`);
  }
  const path = url.split('?', 1)[0] ?? '';
  return httpFailure(404, 'NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`);
}
