import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { answer, errorAnswers } from './route-schema.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

/** Files of the page by their path: `/` is the page itself, `/app.js`, ... */
export type Assets = ReadonlyMap<string, Asset>;

/** What a portal shows that was given no page. */
export const DEFAULT_ASSETS: Assets = new Map([
  [
    '/',
    {
      contentType: 'text/html; charset=utf-8',
      body: '<!doctype html><html lang="en"><title>Katbus</title><p>This is a Katbus portal: <a href="/api/list?readings=true">sensors</a>, <a href="/api/openapi.json">its HTTP interface</a>.</html>\n',
    },
  ],
]);

/**
 * Scripts, styles and connections of this origin only; nothing in line, nothing evaluated, no frame around it. `'self'` holds for
 * websockets too (CSP level 3, section 6.7.2.8).
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Serves the files as they are; a browser asks each time whether they have changed. */
export function assetRoutes(app: FastifyInstance, assets: Assets): void {
  for (const [path, { contentType, body }] of assets) {
    const bytes = Buffer.from(body);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    const [type = contentType] = contentType.split(';');
    const schema = {
      summary: `A file of the page: ${path}`,
      tags: ['page'],
      response: {
        200: answer('As it is', { [type]: { type: 'string', format: 'binary' } }),
        304: { description: 'The browser has it: its ETag is that of If-None-Match', type: 'null' },
        ...errorAnswers(),
      },
    };
    app.get(path, { schema }, (request, reply) => {
      void reply.header('cache-control', 'no-cache').header('etag', etag);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(contentType).send(bytes);
    });
  }
}
