import { HISTORY_PAGE } from '../store/history.ts';
import { CATALOGUE_PAGE } from '../store/catalogue.ts';
import { STATUSES } from '../status.ts';

/** JSON Schemas (draft 2020-12) of what crosses a process boundary as a request, and of the sample and the attributes. */

const text = { type: 'string', minLength: 1, maxLength: 65_536 } as const;
const name = { type: 'string', minLength: 1, maxLength: 300 } as const;
const seconds = { type: 'number', minimum: -1e11, maximum: 1e11 } as const;
const cursor = { type: 'string', minLength: 1, maxLength: 1_024 } as const;
const historyLimit = { type: 'integer', minimum: 1, maximum: HISTORY_PAGE.mostSamples } as const;
const catalogueLimit = { type: 'integer', minimum: 1, maximum: CATALOGUE_PAGE.mostSensors } as const;
const patterns = {
  type: 'array',
  minItems: 1,
  maxItems: 1_000,
  items: { type: 'string', minLength: 1, maxLength: 512 },
} as const;

function object(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

const sample = {
  type: 'object',
  properties: {
    name,
    time: { type: 'number' },
    value_ts: { type: 'number' },
    status: { enum: STATUSES },
    value: {
      anyOf: [
        { type: ['number', 'string', 'boolean', 'null'] },
        {
          type: 'array',
          items: { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] },
        },
      ],
    },
  },
  required: ['name', 'time', 'value_ts', 'status', 'value'],
} as const;

const attributes = {
  type: 'object',
  properties: {
    name: text,
    katcp_name: { type: 'string' },
    component: { type: 'string' },
    type: { type: 'string' },
    description: { type: 'string' },
    units: { type: 'string' },
    params: { type: ['array', 'string'] },
  },
  required: ['name'],
} as const;

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
  rpcRequest: {
    type: 'object',
    properties: {
      jsonrpc: { const: '2.0' },
      id: { type: ['string', 'number', 'null'] },
      method: { type: 'string', minLength: 1, maxLength: 100 },
      // JSON-RPC allows an array of parameters; ours are always named.
      params: { type: 'object' },
    },
    required: ['jsonrpc', 'method'],
  },
  subscribeParams: object({ subjects: patterns, snapshot: { type: 'boolean' } }, ['subjects']),
  unsubscribeParams: object({ id: { type: 'integer', minimum: 1 } }, ['id']),
  listParams: object({ filter: text, component: name, readings: { type: 'boolean' } }),
  sensorsParams: object({ filter: text, component: name, limit: catalogueLimit, after: cursor }),
  historyParams: object(
    {
      sensor: name,
      start: seconds,
      end: seconds,
      limit: historyLimit,
      after: cursor,
      boundary: { type: 'boolean' },
    },
    ['sensor', 'start', 'end'],
  ),
} as const;
export type SchemaName = keyof typeof SCHEMAS;
