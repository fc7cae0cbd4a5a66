import { Readable } from 'node:stream';
import { MalformedTimeError, parseTime, toSeconds, wallClockUs } from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import { requestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';
import {
  HISTORY_FORMATS,
  HISTORY_LAYOUTS,
  historyPages,
  historyText,
  type HistoryFormat,
} from './history-stream.ts';
import { answer, errorAnswers, JSON_TYPE, parameter, query, shared, text } from './route-schema.ts';

interface HistoryQuery {
  readonly sensor: string;
  readonly start: string;
  readonly end: string;
  readonly format: HistoryFormat;
  readonly boundary: boolean;
}

const TIME =
  'Unix seconds, ISO 8601 (UTC unless it has an offset), now, or a span before now (-90s, -15m, -1h, -7d)';

const SCHEMA = {
  operationId: 'history',
  summary: 'Archived samples of one sensor, of the whole range, streamed',
  tags: ['sensors'],
  querystring: query(
    {
      sensor: parameter(text, '<component>.<sensor>, or the full KATCP name', 'wx.station_wind_speed'),
      start: parameter({ ...text, default: '-1h' }, `The range is start <= time < end. ${TIME}`, '-15m'),
      end: parameter({ ...text, default: 'now' }, TIME, 'now'),
      format: parameter({ enum: HISTORY_FORMATS, default: 'json' }, 'Of the answer', 'json', 'csv'),
      boundary: parameter(
        { type: 'boolean', default: false },
        'Whether the last sample before start comes first',
        true,
      ),
    },
    ['sensor'],
  ),
  response: {
    200: answer('Samples in order of time', {
      [JSON_TYPE]: shared('ArchivedSamples'),
      'text/csv': { type: 'string' },
    }),
    ...errorAnswers(400, 404, 500, 503, 504),
  },
};

/** `/api/history` */
export function historyRoute(app: FastifyInstance, { store }: { readonly store: StoreClient }): void {
  app.get<{ Querystring: HistoryQuery }>(
    '/api/history',
    { schema: SCHEMA },
    async ({ query: asked }, reply) => {
      const { sensor, format, boundary } = asked;
      const nowSeconds = toSeconds(wallClockUs());
      const start = readTime('start', asked.start, nowSeconds);
      const end = readTime('end', asked.end, nowSeconds);
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
    },
  );
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
