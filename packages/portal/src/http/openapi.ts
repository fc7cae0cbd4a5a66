import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { addSharedSchemas, answer, errorAnswers, JSON_TYPE } from './route-schema.ts';

export const OPENAPI_PATH = '/api/openapi.json';

const METHOD_NOT_ALLOWED = {
  description: 'Only GET and HEAD are possible; the header Allow says so',
  headers: { allow: { description: 'GET, HEAD', schema: { type: 'string' } } },
  content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/HttpError' } } },
} as const;

/** Collects what the routes say of themselves that are added, in plugins, after this. */
export function collectRoutes(app: FastifyInstance, version: string): void {
  addSharedSchemas(app);
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Katbus portal',
        description:
          'Sensors of an observatory: which there are, what they were, and what they are now, over HTTP. Live samples come by websocket at /ws; PROTOCOL.md of Katbus specifies both. ' +
          'Only GET and HEAD: any other method is answered with 405, MethodNotAllowed. Times are Unix seconds, UTC. Every error has the shape HttpError.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      // Of methods that no path has, so that no operation can name it.
      components: { responses: { MethodNotAllowed: METHOD_NOT_ALLOWED } },
      tags: [
        { name: 'sensors', description: 'Sensors and their samples' },
        { name: 'archive', description: 'What the keeper of the archive asks for' },
        { name: 'monitoring', description: 'The state of the portal itself' },
        { name: 'page', description: 'The page for people, and the websocket' },
      ],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, place) =>
        typeof schema.$id === 'string' ? schema.$id : `shape-${place}`,
    },
  });
}

/** The document itself, made once. */
export function openapiRoute(app: FastifyInstance): void {
  const schema = {
    operationId: 'openapi',
    summary: 'This document: OpenAPI 3.1',
    tags: ['monitoring'],
    response: {
      200: answer('The document', { [JSON_TYPE]: { type: 'object', additionalProperties: true } }),
      ...errorAnswers(400),
    },
  };
  let document: string | undefined;
  app.get(OPENAPI_PATH, { schema }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(document);
  });
}
