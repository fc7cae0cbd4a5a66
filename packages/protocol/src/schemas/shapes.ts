import {
  attributes,
  catalogueLimit,
  cursor,
  historyLimit,
  name,
  object,
  patterns,
  sample,
  seconds,
  text,
} from './parts.ts';
import { PORTAL_SCHEMAS } from './portal-frames.ts';

/** JSON Schemas (draft 2020-12) of what crosses a process boundary; those of client and portal are in portal-frames.ts. */

export const SCHEMAS = {
  sample,
  attributes,
  listingRequest: object({ filter: text, readingOnly: { type: 'boolean' }, reply: name }),
  listingChunk: object(
    {
      component: name,
      sensors: {
        type: 'array',
        items: object({ sensor: name, attributes, sample }, ['sensor', 'attributes']),
      },
      last: { type: 'boolean' },
    },
    ['component', 'sensors', 'last'],
  ),
  serviceError: object(
    {
      error: object({ code: name, message: { type: 'string' }, field: { type: 'string' } }, [
        'code',
        'message',
      ]),
    },
    ['error'],
  ),
  heartbeat: object(
    {
      component: name,
      instance: name,
      time: seconds,
      intervalSeconds: { type: 'number', exclusiveMinimum: 0 },
      sensors: { type: 'integer', minimum: 0 },
    },
    ['component', 'instance', 'time', 'intervalSeconds', 'sensors'],
  ),
  historyRequest: object(
    {
      component: name,
      sensor: name,
      start: seconds,
      end: seconds,
      limit: historyLimit,
      after: cursor,
      boundary: { type: 'boolean' },
    },
    ['component', 'sensor', 'start', 'end'],
  ),
  catalogueRequest: object({ filter: text, component: name, limit: catalogueLimit, after: cursor }),
  latestRequest: object({ subjects: patterns, limit: catalogueLimit, after: cursor }, ['subjects']),
  attributesHistoryRequest: object({ component: name, sensor: name, start: seconds, end: seconds }, [
    'component',
    'sensor',
  ]),
  emptyRequest: object({}),
  ...PORTAL_SCHEMAS,
} as const;
export type SchemaName = keyof typeof SCHEMAS;
