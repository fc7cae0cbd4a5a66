import { Readable } from 'node:stream';
import {
  BIN_COLUMNS,
  BINS_PAGE,
  binsCsvHeader,
  binsCsvLines,
  DEFAULT_BIN_COLUMNS,
  toSeconds,
  wallClockUs,
  type BinColumn,
  type BinsPage,
  type BinsParams,
} from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import { RequestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';
import { firstThenRest } from './first-then-rest.ts';
import { GAPS_HEADER, GAPS_HEADERS, gapsIn } from './gaps-route.ts';
import { HISTORY_FORMATS, type HistoryFormat } from './history-stream.ts';
import { RANGE, readDuration, readRange, type RangeQuery } from './query-time.ts';
import { answer, errorAnswers, JSON_TYPE, parameter, query, shared, text } from './route-schema.ts';

interface BinsQuery extends RangeQuery {
  readonly sensor: readonly string[];
  readonly bins?: number;
  readonly every?: string;
  readonly columns: string;
  readonly boundary: boolean;
  readonly format: HistoryFormat;
}

/** As many as a plot has room for. */
const DEFAULT_BINS = 1_000;

const sensors = {
  type: 'array',
  items: text,
  minItems: 1,
  maxItems: BINS_PAGE.mostSensors,
  uniqueItems: true,
} as const;

const SCHEMA = {
  operationId: 'bins',
  summary: 'What the archived samples of sensors come to in equal spans of time, streamed',
  tags: ['sensors'],
  querystring: query(
    {
      sensor: parameter(sensors, '<component>.<sensor>, or the full KATCP name; may be given several times', [
        'wx.station_wind_speed',
      ]),
      ...RANGE,
      bins: parameter(
        { type: 'integer', minimum: 1, maximum: BINS_PAGE.mostBins },
        `So many bins, the first from start; ${DEFAULT_BINS} unless every is given`,
        24,
      ),
      every: parameter(text, 'Bins of this width, at whole multiples of it since 1970: 60s, 15m, 1h', '5m'),
      columns: parameter(
        { ...text, default: DEFAULT_BIN_COLUMNS.join(',') },
        `Of numeric sensors, separated by commas: ${BIN_COLUMNS.join(', ')}`,
        'count,mean',
      ),
      boundary: parameter(
        { type: 'boolean', default: false },
        'Whether each sensor comes with its last sample before start',
        true,
      ),
      format: parameter({ enum: HISTORY_FORMATS, default: 'json' }, 'Of the answer', 'json', 'csv'),
    },
    ['sensor'],
  ),
  response: {
    200: {
      ...answer('Bins, sensor by sensor, in order of time', {
        [JSON_TYPE]: shared('BinsPage'),
        'text/csv': { type: 'string' },
      }),
      headers: GAPS_HEADERS,
    },
    ...errorAnswers(400, 404, 500, 503, 504),
  },
};

const CONTENT_TYPE = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;

/** `/api/bins` */
export function binsRoute(app: FastifyInstance, { store }: { readonly store: StoreClient }): void {
  app.get<{ Querystring: BinsQuery }>('/api/bins', { schema: SCHEMA }, async ({ query: asked }, reply) => {
    const params = paramsOf(asked);
    const { columns = DEFAULT_BIN_COLUMNS } = params;
    // What is wrong with the request shows with the first page, while the status can still say so.
    const pages = await firstThenRest(binsPages(store, params));
    const body = asked.format === 'json' ? jsonText(pages) : csvText(pages, columns);
    return reply
      .type(CONTENT_TYPE[asked.format])
      .header(GAPS_HEADER, await gapsIn(store, params))
      .send(Readable.from(body, { objectMode: false, highWaterMark: 1 }));
  });
}

/** @throws {RequestError} naming the parameter */
function paramsOf(asked: BinsQuery): BinsParams {
  const { sensor, bins, every, boundary } = asked;
  const columns = asked.columns.split(',').map((column) => column.trim());
  const unknown = columns.find((column) => !(BIN_COLUMNS as readonly string[]).includes(column));
  if (unknown !== undefined) {
    const rule = `there is no column "${unknown}"; there are ${BIN_COLUMNS.join(', ')}`;
    throw new RequestError('invalidParams', rule, 'columns');
  }
  if (bins !== undefined && every !== undefined) {
    throw new RequestError('invalidParams', 'bins and every cannot both be given', 'bins');
  }
  return {
    sensors: sensor,
    ...readRange(asked, toSeconds(wallClockUs())),
    ...(every === undefined
      ? { bins: bins ?? DEFAULT_BINS }
      : { widthSeconds: readDuration('every', every) }),
    columns: [...new Set(columns)] as BinColumn[],
    boundary,
  };
}

/** Page after page; the next one is asked for when somebody wants it. @throws {RequestError} */
async function* binsPages(store: StoreClient, params: BinsParams): AsyncGenerator<BinsPage> {
  let after: string | undefined;
  do {
    const page = await store.bins({ ...params, ...(after !== undefined && { after }) });
    yield page;
    after = page.next;
  } while (after !== undefined);
}

/** One page out of all: a series that pages have cut comes in parts, each an element of its own. */
async function* jsonText(pages: AsyncIterable<BinsPage>): AsyncGenerator<string> {
  let before: string | undefined;
  for await (const { start, width, bins, series, through } of pages) {
    before ??= `${JSON.stringify({ start, width, bins, through }).slice(0, -1)},"series":[`;
    for (const part of series) {
      yield `${before}${JSON.stringify(part)}`;
      before = ',\n';
    }
  }
  yield ']}\n';
}

async function* csvText(
  pages: AsyncIterable<BinsPage>,
  columns: readonly BinColumn[],
): AsyncGenerator<string> {
  yield binsCsvHeader(columns);
  for await (const page of pages) {
    for (const series of page.series) {
      const lines = binsCsvLines(series, page, columns);
      if (lines !== '') yield lines;
    }
  }
}
