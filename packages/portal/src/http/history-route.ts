import { Readable } from 'node:stream';
import { OPERATORS, toSeconds, wallClockUs, type HistoryParams } from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import { requestError, RequestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';
import { firstThenRest } from './first-then-rest.ts';
import { GAPS_HEADER, GAPS_HEADERS, gapsIn } from './gaps-route.ts';
import {
  HISTORY_FORMATS,
  HISTORY_LAYOUTS,
  historyPages,
  historyText,
  type HistoryFormat,
} from './history-stream.ts';
import { RANGE, readDuration, readRange, type RangeQuery } from './query-time.ts';
import { answer, errorAnswers, JSON_TYPE, parameter, query, shared, text } from './route-schema.ts';

interface HistoryQuery extends RangeQuery {
  readonly sensor: string;
  readonly format: HistoryFormat;
  readonly boundary: boolean;
  readonly operator?: string;
  readonly every?: string;
}

const SCHEMA = {
  operationId: 'history',
  summary: 'Archived samples of one sensor, of the whole range, streamed',
  tags: ['sensors'],
  querystring: query(
    {
      sensor: parameter(text, '<component>.<sensor>, or the full KATCP name', 'wx.station_wind_speed'),
      ...RANGE,
      format: parameter({ enum: HISTORY_FORMATS, default: 'json' }, 'Of the answer', 'json', 'csv'),
      boundary: parameter(
        { type: 'boolean', default: false },
        'Whether the last sample before start comes first',
        true,
      ),
      operator: parameter(
        text,
        `What is to be made of the samples: one of the operators of the EPICS Archiver Appliance, with its width in seconds behind it or without: ${OPERATORS.join(', ')}`,
        'mean_60',
      ),
      every: parameter(
        text,
        'The width of the operator’s bins, where its name does not say it: 60s, 15m, 1h',
      ),
    },
    ['sensor'],
  ),
  response: {
    200: {
      ...answer('Samples in order of time', {
        [JSON_TYPE]: shared('ArchivedSamples'),
        'text/csv': { type: 'string' },
      }),
      headers: GAPS_HEADERS,
    },
    ...errorAnswers(400, 404, 500, 503, 504),
  },
};

/** `/api/history` */
export function historyRoute(app: FastifyInstance, { store }: { readonly store: StoreClient }): void {
  app.get<{ Querystring: HistoryQuery }>(
    '/api/history',
    { schema: SCHEMA },
    async ({ query: asked }, reply) => {
      const { sensor, format, boundary, operator, every } = asked;
      const params: HistoryParams = {
        sensor,
        ...readRange(asked, toSeconds(wallClockUs())),
        boundary,
        ...(operator !== undefined && { operator }),
        ...(every !== undefined && { widthSeconds: readDuration('every', every) }),
      };
      // What is wrong with the request shows with the first page, while the status can still say so.
      const pages = await firstThenRest(historyPages(store, params)).catch(inWordsOfHttp);
      return reply
        .type(HISTORY_LAYOUTS[format].contentType)
        .header(GAPS_HEADER, await gapsIn(store, params))
        .send(Readable.from(historyText(pages, format), { objectMode: false, highWaterMark: 1 }));
    },
  );
}

/** The archive's field for the width of bins is `widthSeconds`; who asked by HTTP knows it as `every`. */
function inWordsOfHttp(error: unknown): never {
  const { code, message, field } = requestError(error);
  if (field !== 'widthSeconds') throw error;
  throw new RequestError(code, message.replaceAll('widthSeconds', 'every'), 'every');
}
