import { Readable } from 'node:stream';
import { LoopTurns } from '@katbus/bus/daemon';
import { CATALOGUE_PAGE, type ListParams, type SensorsParams } from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import type { Filters } from '../filters/filters.ts';
import type { Listing } from '../listing/listing.ts';
import { sensorsPage } from '../rpc/sensors.ts';
import type { StoreClient } from '../store-client.ts';
import { answer, errorAnswers, JSON_TYPE, parameter, query, shared, text } from './route-schema.ts';

export interface SensorServices {
  readonly store: StoreClient;
  readonly listing: Listing;
  readonly filters: Filters;
}

const filter = parameter(
  text,
  'Regular expression, searched in the normalised and in the KATCP name; what RE2 lacks takes at most filterBudgetMs',
  'wind|rain',
  '^(?!agg_).*rain',
);
const component = parameter(text, 'One component; default: all', 'wx');

const SENSORS = {
  operationId: 'sensors',
  summary: "A page of the archive's catalogue: the sensors that it knows, alive or not",
  description: 'In order of component and sensor. Only a page without `next` is the last.',
  tags: ['sensors'],
  querystring: query({
    filter,
    component,
    limit: parameter(
      { type: 'integer', minimum: 1, maximum: CATALOGUE_PAGE.mostSensors },
      `Entries a page; default ${CATALOGUE_PAGE.defaultSensors}`,
      100,
    ),
    after: parameter(text, '`next` of the page before'),
  }),
  response: {
    200: answer('A page', { [JSON_TYPE]: shared('CataloguePage') }),
    ...errorAnswers(400, 500, 503, 504),
  },
};

const LIST = {
  operationId: 'list',
  summary: 'The sensors that there are now, asked of the components themselves',
  tags: ['sensors'],
  querystring: query({
    filter,
    component,
    readings: parameter({ type: 'boolean' }, 'Whether each sensor comes with its newest sample', true),
  }),
  response: {
    200: answer('All of them, and the components that did not answer', {
      [JSON_TYPE]: shared('ListResult'),
    }),
    ...errorAnswers(400, 500, 503),
  },
};

/** `/api/sensors` and `/api/list`: the methods of these names for programs without a websocket. */
export function sensorRoutes(app: FastifyInstance, { store, listing, filters }: SensorServices): void {
  app.get<{ Querystring: SensorsParams }>('/api/sensors', { schema: SENSORS }, ({ query: params }) =>
    sensorsPage(store, filters, params),
  );
  app.get<{ Querystring: ListParams }>('/api/list', { schema: LIST }, async ({ query: params }, reply) => {
    const listed = await listing.list(params);
    const body = Readable.from(inTurns(listed.pieces()), { objectMode: false, highWaterMark: 1 });
    body.once('close', () => listed.release());
    return reply.type('application/json; charset=utf-8').send(body);
  });
}

/** A network that takes whatever it is given must not take the loop. */
async function* inTurns(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  const turns = new LoopTurns({ mostMs: 2 });
  for (const piece of pieces) {
    if (turns.isOver) await turns.next();
    yield piece;
  }
}
