import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import {
  CATALOGUE_PAGE,
  MalformedTimeError,
  parseTime,
  toSeconds,
  wallClockUs,
  type ListParams,
  type SensorsParams,
} from '@katbus/protocol';
import type { Filters } from '../filters/filters.ts';
import { listText } from '../listing/list-text.ts';
import type { Listing } from '../listing/listing.ts';
import { requestError } from '../rpc/errors.ts';
import { sensorsPage } from '../rpc/sensors.ts';
import type { StoreClient } from '../store-client.ts';
import {
  HISTORY_FORMATS,
  HISTORY_LAYOUTS,
  historyPages,
  historyText,
  type HistoryFormat,
} from './history-stream.ts';

export interface ApiServices {
  readonly store: StoreClient;
  readonly listing: Listing;
  readonly filters: Filters;
}

interface HistoryQuery {
  readonly sensor: string;
  readonly start: string;
  readonly end: string;
  readonly format: HistoryFormat;
  readonly boundary: boolean;
}

const text = { type: 'string', minLength: 1, maxLength: 65_536 } as const;

function querystring(properties: object, required: readonly string[] = []) {
  return { schema: { querystring: { type: 'object', properties, required, additionalProperties: false } } };
}

/** `/api/sensors`, `/api/list`, `/api/history`: the methods of the same names for programs without a websocket. */
export function apiRoutes(app: FastifyInstance, { store, listing, filters }: ApiServices): void {
  const limit = { type: 'integer', minimum: 1, maximum: CATALOGUE_PAGE.mostSensors };
  const sensorsQuery = querystring({ filter: text, component: text, limit, after: text });
  app.get<{ Querystring: SensorsParams }>('/api/sensors', sensorsQuery, ({ query }) =>
    sensorsPage(store, filters, query),
  );

  const listQuery = querystring({ filter: text, component: text, readings: { type: 'boolean' } });
  app.get<{ Querystring: ListParams }>('/api/list', listQuery, async ({ query }, reply) => {
    const { pieces } = await listText(await listing.list(query));
    return reply.type('application/json; charset=utf-8').send(Readable.from(pieces));
  });

  const historyQuery = querystring(
    {
      sensor: text,
      start: { ...text, default: '-1h' },
      end: { ...text, default: 'now' },
      format: { enum: HISTORY_FORMATS, default: 'json' },
      boundary: { type: 'boolean', default: false },
    },
    ['sensor'],
  );
  app.get<{ Querystring: HistoryQuery }>('/api/history', historyQuery, async ({ query }, reply) => {
    const { sensor, format, boundary } = query;
    const nowSeconds = toSeconds(wallClockUs());
    const start = readTime('start', query.start, nowSeconds);
    const end = readTime('end', query.end, nowSeconds);
    const pages = historyPages(store, { sensor, start, end, boundary });
    // What is wrong with the request shows with the first page, while the status can still say so.
    const first = await pages.next();
    const all = (async function* () {
      if (first.done !== true) yield first.value;
      yield* pages;
    })();
    return reply
      .type(HISTORY_LAYOUTS[format].contentType)
      .send(Readable.from(historyText(all, format), { objectMode: false, highWaterMark: 1 }));
  });
}

/** @throws {RequestError} naming the parameter */
function readTime(field: string, typed: string, nowSeconds: number): number {
  try {
    return parseTime(typed, nowSeconds);
  } catch (error) {
    if (error instanceof MalformedTimeError) throw requestError(error, field);
    throw error;
  }
}
