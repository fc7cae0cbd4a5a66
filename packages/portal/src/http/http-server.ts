import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { PortInUseError, type Logger, type Readiness } from '@katbus/bus/daemon';
import type { Registry } from 'prom-client';
import type { PortalMetrics } from '../metrics.ts';
import { WEBSOCKET_PATH } from '../websocket/websocket-server.ts';
import { apiRoutes, type ApiServices } from './api-routes.ts';
import { assetRoutes, SECURITY_HEADERS, type Assets } from './assets.ts';
import { failureOf, httpFailure, type HttpFailure } from './errors.ts';
import { answerRaw } from './raw-answer.ts';

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
    // Before there is a route, a reply has no type of its own.
    frameworkErrors: (error, _request, reply) => void answer(reply as FastifyReply, failureOf(error)),
    clientErrorHandler: (error, socket) => answerRaw(socket, clientFailure(error.code)),
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
    const failure = failureOf(error);
    if (failure.status === 500) logger.error({ err: error, url: request.url }, 'an HTTP request failed');
    return answer(reply, failure);
  });
  app.setNotFoundHandler((request, reply) => {
    const failure = nothingThere(request.method, request.url);
    if (failure.status === 405) void reply.header('allow', 'GET, HEAD');
    return answer(reply, failure);
  });
  app.get(WEBSOCKET_PATH, (_request, reply) => {
    void reply.header('upgrade', 'websocket');
    return answer(reply, httpFailure(426, 'UPGRADE_REQUIRED', 'connect with a websocket client'));
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

function answer(reply: FastifyReply, { status, body }: HttpFailure) {
  return reply.code(status).send(body);
}

/** What could not be read as an HTTP request. */
function clientFailure(code: string) {
  if (code === 'HPE_HEADER_OVERFLOW') return httpFailure(431, 'BAD_REQUEST', 'the header is too large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpFailure(408, 'TIMED_OUT', 'the request did not end');
  return httpFailure(400, 'BAD_REQUEST', 'this is no HTTP request');
}

function nothingThere(method: string, url: string) {
  if (method !== 'GET' && method !== 'HEAD') {
    return httpFailure(405, 'METHOD_NOT_ALLOWED', `${method} is not possible here: only GET and HEAD`);
  }
  const path = url.split('?', 1)[0] ?? '';
  return httpFailure(404, 'NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`);
}
