import type { Readiness } from '@katbus/bus/daemon';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { answer, errorAnswers } from './route-schema.ts';

const PLAIN = 'text/plain; charset=utf-8';

const plainAnswer = (description: string) => answer(description, { 'text/plain': { type: 'string' } });

/** `/healthz`, `/readyz`, `/metrics`: the portal itself. */
export function monitoringRoutes(
  app: FastifyInstance,
  { registry, readiness }: { readonly registry: Registry; readonly readiness: Readiness },
): void {
  const tags = ['monitoring'];
  const health = {
    operationId: 'healthz',
    summary: 'Whether the process answers',
    tags,
    response: { 200: plainAnswer('ok'), ...errorAnswers() },
  };
  app.get('/healthz', { schema: health }, (_request, reply) => reply.type(PLAIN).send('ok\n'));
  const ready = {
    operationId: 'readyz',
    summary: 'Whether the portal can do its work now',
    tags,
    response: { 200: plainAnswer('ready'), 503: plainAnswer('Why it cannot'), ...errorAnswers() },
  };
  app.get('/readyz', { schema: ready }, (_request, reply) => {
    const reason = readiness();
    if (reason === undefined) return reply.type(PLAIN).send('ready\n');
    return reply.code(503).type(PLAIN).send(`not ready: ${reason}\n`);
  });
  const metrics = {
    operationId: 'metrics',
    summary: 'What the portal counts of itself, for Prometheus',
    tags,
    response: { 200: plainAnswer('The text format'), ...errorAnswers(500) },
  };
  app.get('/metrics', { schema: metrics }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
