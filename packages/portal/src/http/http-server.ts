import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { PortInUseError, type Logger } from '@katbus/bus/daemon';
import type { Registry } from 'prom-client';
import type { PortalMetrics } from '../metrics.ts';
import { WEBSOCKET_PATH } from '../websocket/websocket-server.ts';
import { assetRoutes, SECURITY_HEADERS, type Assets } from './assets.ts';
import { failureOf, httpFailure, type HttpFailure } from './errors.ts';
import { binsRoute } from './bins-route.ts';
import { gapsRoute } from './gaps-route.ts';
import { historyRoute } from './history-route.ts';
import { monitoringRoutes } from './monitoring-routes.ts';
import { collectRoutes, openapiRoute } from './openapi.ts';
import { reportRoutes } from './report-routes.ts';
import { answerRaw } from './raw-answer.ts';
import { errorAnswers } from './route-schema.ts';
import { scrapeRoute, type ScrapeServices } from './scrape-route.ts';
import { sensorRoutes, type SensorServices } from './sensor-routes.ts';

export interface HttpServerOptions extends SensorServices, ScrapeServices {
  readonly assets: Assets;
  readonly registry: Registry;
  readonly metrics: PortalMetrics;
  /** Of the portal. */
  readonly version: string;
  readonly logger: Logger;
}

/** Of a request line and its header fields; more is answered with 431. */
const LARGEST_HEADER_BYTES = 128 * 1024;

/** The portal's HTTP interface, ready to listen; PROTOCOL.md, "HTTP". */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { metrics, logger } = options;
  const app = fastify({
    // The answer to a request that is cut off in the middle is cut too: a stop does not wait for a slow reader.
    forceCloseConnections: true,
    // A filter of 65,536 characters fits into a query.
    http: { maxHeaderSize: LARGEST_HEADER_BYTES },
    // Before there is a route, a reply has no type of its own.
    frameworkErrors: (error, _request, reply) => void answer(reply as FastifyReply, failureOf(error)),
    clientErrorHandler: (error, socket) => answerRaw(socket, clientFailure(error.code)),
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: 'array', useDefaults: true, allErrors: false },
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
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  collectRoutes(app, options.version);
  // In a plugin, because what collects them is one: fastify loads plugins in order, and routes at once.
  app.register((routes, _options, done) => {
    sensorRoutes(routes, options);
    historyRoute(routes, options);
    binsRoute(routes, options);
    gapsRoute(routes, options);
    reportRoutes(routes, options);
    scrapeRoute(routes, options);
    monitoringRoutes(routes, options);
    openapiRoute(routes);
    websocketRoute(routes);
    assetRoutes(routes, options.assets);
    done();
  });
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

/** Who comes here has not asked for an upgrade: those are answered before there is a route. */
function websocketRoute(app: FastifyInstance): void {
  const schema = {
    operationId: 'websocket',
    summary: 'The websocket of the native protocol',
    tags: ['page'],
    response: {
      101: { description: 'The answer to a websocket handshake', type: 'null' },
      ...errorAnswers(403, 426, 503),
    },
  };
  app.get(WEBSOCKET_PATH, { schema }, (_request, reply) => {
    void reply.header('upgrade', 'websocket');
    return answer(reply, httpFailure(426, 'UPGRADE_REQUIRED', 'connect with a websocket client'));
  });
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
