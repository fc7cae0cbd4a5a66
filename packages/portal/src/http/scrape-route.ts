import { Readable } from 'node:stream';
import type { Readiness } from '@katbus/bus/daemon';
import type { FastifyInstance } from 'fastify';
import { RequestError } from '../rpc/errors.ts';
import { exposition, EXPOSITION_TYPE } from '../scrape/exposition.ts';
import type { SensorWatches } from '../scrape/sensor-watches.ts';
import { answer, errorAnswers, parameter, query } from './route-schema.ts';

export interface ScrapeServices {
  readonly watches: SensorWatches;
  readonly readiness: Readiness;
}

const SCHEMA = {
  operationId: 'scrape',
  summary: 'Current values of sensors for Prometheus',
  description:
    'The text format 0.0.4: katbus_sensor_value (numbers, booleans), katbus_sensor_state (discrete), katbus_sensor_info (text), katbus_sensor_status, katbus_sensor_timestamp_seconds.',
  tags: ['sensors'],
  querystring: query(
    {
      match: parameter(
        { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, minItems: 1, maxItems: 16 },
        'Sensor glob over <component>.<sensor>, as subjects spell them; may be given 16 times',
        ['wx.*'],
        ['wx.*', 'm0??.rsc_*'],
      ),
    },
    ['match'],
  ),
  response: {
    200: answer('Samples of the matched sensors', { 'text/plain': { type: 'string' } }),
    ...errorAnswers(400, 500, 503),
  },
};

/** `/metrics/sensors?match=` */
export function scrapeRoute(app: FastifyInstance, { watches, readiness }: ScrapeServices): void {
  app.get<{ Querystring: { match: readonly string[] } }>(
    '/metrics/sensors',
    { schema: SCHEMA },
    async ({ query: { match } }, reply) => {
      // Values of before would look as if they held now.
      const reason = readiness();
      if (reason !== undefined) throw new RequestError('unavailable', reason);
      const pieces = await exposition(await watches.watch(match));
      return reply.type(EXPOSITION_TYPE).send(Readable.from(pieces));
    },
  );
}
