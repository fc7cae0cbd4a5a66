import { toSeconds, wallClockUs } from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import type { StoreClient } from '../store-client.ts';
import { RANGE, readRange, type RangeQuery } from './query-time.ts';
import { answer, errorAnswers, JSON_TYPE, parameter, query, shared, text } from './route-schema.ts';

interface GapsQuery extends RangeQuery {
  readonly after?: string;
}

/** Beside samples or bins: how many gaps of the archive touch their range; `/api/gaps` has them. */
export const GAPS_HEADER = 'katbus-gaps';

export const GAPS_HEADERS = {
  [GAPS_HEADER]: {
    type: 'integer',
    description:
      'How many gaps of the archive touch the range: /api/gaps has them. At most 1,000 are counted',
  },
} as const;

export async function gapsIn(
  store: StoreClient,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<number> {
  return (await store.gaps({ start, end })).gaps.length;
}

const SCHEMA = {
  operationId: 'gaps',
  summary: 'What was lost, of whichever sensors, before the archive could store it',
  tags: ['archive'],
  querystring: query({ ...RANGE, after: parameter(text, '`next` of the page before') }),
  response: {
    200: answer('Those that touch the range; only a page without `next` is the last', {
      [JSON_TYPE]: shared('GapsPage'),
    }),
    ...errorAnswers(400, 500, 503, 504),
  },
};

/** `/api/gaps` */
export function gapsRoute(app: FastifyInstance, { store }: { readonly store: StoreClient }): void {
  app.get<{ Querystring: GapsQuery }>('/api/gaps', { schema: SCHEMA }, ({ query: { after, ...asked } }) =>
    store.gaps({ ...readRange(asked, toSeconds(wallClockUs())), ...(after !== undefined && { after }) }),
  );
}
