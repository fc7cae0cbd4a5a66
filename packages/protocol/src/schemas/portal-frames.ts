import { BINS_SCHEMAS, operatorName, operatorWidth } from './bins.ts';
import { RPC_ERRORS } from '../portal/json-rpc.ts';
import {
  archivedSample,
  attributes,
  catalogueLimit,
  count,
  cursor,
  historyLimit,
  name,
  object,
  openObject,
  patterns,
  sample,
  seconds,
  text,
} from './parts.ts';
import { gaps } from './quarantine.ts';
import { strategy } from './strategy.ts';
import { DELIVERY_MODES } from '../portal/methods.ts';

/** JSON Schemas of what client and portal say to each other; PROTOCOL.md is their prose. */

const listOf = (items: object) => ({ type: 'array', items });
const id = { type: ['string', 'number', 'null'] } as const;
const jsonrpc = { const: '2.0' } as const;
const skipped = { type: 'integer', minimum: 1 } as const;

const PARAMS = {
  subscribeParams: object(
    { subjects: patterns, snapshot: { type: 'boolean' }, strategy, mode: { enum: DELIVERY_MODES } },
    ['subjects'],
  ),
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
      operator: operatorName,
      widthSeconds: operatorWidth,
    },
    ['sensor', 'start', 'end'],
  ),
} as const;

const catalogueEntry = openObject(
  { component: name, sensor: name, name, attributes, firstTime: seconds, lastTime: seconds },
  ['component', 'sensor', 'name'],
);
const archivedSamples = listOf(archivedSample);

const RESULTS = {
  subscribeResult: openObject({ id: { type: 'integer', minimum: 1 }, count, cursor: { type: 'string' } }, [
    'id',
    'count',
    'cursor',
  ]),
  unsubscribeResult: { type: 'object', maxProperties: 0 },
  listResult: openObject(
    {
      sensors: listOf(
        openObject({ component: name, sensor: name, attributes, sample }, [
          'component',
          'sensor',
          'attributes',
        ]),
      ),
      absent: listOf(name),
    },
    ['sensors', 'absent'],
  ),
  cataloguePage: openObject({ sensors: listOf(catalogueEntry), next: cursor }, ['sensors']),
  componentsPage: openObject({ components: listOf(name), next: name }, ['components']),
  historyPage: openObject(
    { component: name, sensor: name, samples: archivedSamples, next: cursor, through: count, gaps },
    ['component', 'sensor', 'samples', 'through'],
  ),
  infoResult: openObject(
    {
      portal: name,
      version: name,
      time: seconds,
      limits: { type: 'object', additionalProperties: { type: 'number' } },
    },
    ['portal', 'version', 'time', 'limits'],
  ),
} as const;

const sampleNotification = openObject(
  { subject: name, sample, skipped, repeat: { const: true }, stale: { const: true } },
  ['subject', 'sample'],
);
const attributesNotification = openObject({ subject: name, attributes, skipped }, ['subject', 'attributes']);
const messageNotification = openObject({ subject: name, message: true, skipped }, ['subject', 'message']);

const NOTIFICATIONS = {
  sample: sampleNotification,
  snapshot: openObject(
    {
      id: { type: 'integer', minimum: 1 },
      samples: listOf(sampleNotification),
      messages: listOf(messageNotification),
      attributes: listOf(attributesNotification),
      last: { type: 'boolean' },
      incomplete: { type: 'string', minLength: 1 },
    },
    ['id', 'samples', 'messages', 'last'],
  ),
  attributes: attributesNotification,
  message: messageNotification,
  sensorAdded: openObject({ component: name, sensor: name }, ['component', 'sensor']),
  gap: openObject({ from: seconds, to: seconds, reason: text }, ['from', 'to', 'reason']),
} as const;

function request(method: string, params: object, paramsNeeded: boolean) {
  return openObject({ jsonrpc, id, method: { const: method }, params }, [
    'jsonrpc',
    'method',
    ...(paramsNeeded ? ['params'] : []),
  ]);
}

export const PORTAL_SCHEMAS = {
  ...PARAMS,
  ...RESULTS,
  archivedSamples,
  /** Any request as JSON-RPC 2.0 has it; whether the method is one of ours is another question. */
  rpcRequest: {
    type: 'object',
    properties: {
      jsonrpc,
      id,
      method: { type: 'string', minLength: 1, maxLength: 100 },
      // JSON-RPC allows an array of parameters; ours are always named.
      params: { type: 'object' },
    },
    required: ['jsonrpc', 'method'],
  },
  /** A request of one of our methods, with its parameters. */
  request: {
    anyOf: [
      request('subscribe', PARAMS.subscribeParams, true),
      request('unsubscribe', PARAMS.unsubscribeParams, true),
      request('list', PARAMS.listParams, false),
      request('sensors', PARAMS.sensorsParams, false),
      request('history', PARAMS.historyParams, true),
      request('bins', BINS_SCHEMAS.binsParams, true),
      request('info', object({}), false),
    ],
  },
  response: openObject(
    { jsonrpc, id, result: { anyOf: [...Object.values(RESULTS), BINS_SCHEMAS.binsPage] } },
    ['jsonrpc', 'id', 'result'],
  ),
  error: openObject(
    {
      jsonrpc,
      id,
      error: openObject(
        {
          code: { enum: Object.values(RPC_ERRORS).map(({ code }) => code) },
          message: { type: 'string', minLength: 1 },
          data: openObject({ field: { type: 'string' } }),
        },
        ['code', 'message'],
      ),
    },
    ['jsonrpc', 'id', 'error'],
  ),
  notification: {
    anyOf: Object.entries(NOTIFICATIONS).map(([method, params]) =>
      openObject({ jsonrpc, method: { const: method }, params }, ['jsonrpc', 'method', 'params']),
    ),
  },
  /** The body of an HTTP answer that is no success. */
  httpError: openObject(
    { error: openObject({ code: name, message: text, field: { type: 'string' } }, ['code', 'message']) },
    ['error'],
  ),
} as const;
