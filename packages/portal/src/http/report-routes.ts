import {
  REPORT_DEFAULTS,
  REPORT_PAGE,
  SENSOR_FINDINGS,
  SENSOR_ORDERS,
  type DayReportRequest,
  type ReportBounds,
  type SensorReportRequest,
} from '@katbus/protocol';
import type { FastifyInstance } from 'fastify';
import { requestError, RequestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';
import { readDuration } from './query-time.ts';
import {
  answer,
  errorAnswers,
  JSON_TYPE,
  parameter,
  query,
  shared,
  text,
  type SharedName,
} from './route-schema.ts';

interface BoundsQuery {
  readonly silent?: string;
  readonly stuck?: string;
}

interface SensorsQuery extends BoundsQuery, Omit<SensorReportRequest, keyof ReportBounds> {}

const BOUNDS = {
  silent: parameter(
    text,
    `A sensor is silent when its last sample is older than this: 15m, 2h; default ${REPORT_DEFAULTS.silentSeconds} s`,
    '2h',
  ),
  stuck: parameter(
    text,
    `A number is stuck when it has been the same for so long although samples came; default ${REPORT_DEFAULTS.stuckSeconds} s`,
    '1h',
  ),
} as const;
const after = parameter(text, '`next` of the page before');
const limit = (what: string, byDefault: number, maximum: number) =>
  parameter({ type: 'integer', minimum: 1, maximum }, `${what} a page; default ${byDefault}`, 10);

const answers = (description: string, name: SharedName) => ({
  200: answer(description, { [JSON_TYPE]: shared(name) }),
  ...errorAnswers(400, 500, 503, 504),
});

const WHOLE = {
  operationId: 'report',
  summary: 'The archive at a look: its sensors and what may be wrong with them, rates, lag, what was dropped',
  tags: ['archive'],
  querystring: query(BOUNDS),
  response: answers('Of now', 'ArchiveReport'),
};

const SENSORS = {
  operationId: 'reportSensors',
  summary:
    'The archive sensor by sensor: when it was last seen, its rate, gaps, stuck values, samples out of order',
  tags: ['archive'],
  querystring: query({
    ...BOUNDS,
    finding: parameter({ enum: SENSOR_FINDINGS }, 'Only sensors of which it holds', 'silent', 'gaps'),
    order: parameter(
      { enum: SENSOR_ORDERS },
      'By name (the default), or by anything else the most of it first',
      'silent',
      'rate',
    ),
    filter: parameter(text, 'RE2 regular expression, searched in the normalised name', 'wind|rain'),
    component: parameter(text, 'One component; default: all', 'wx'),
    limit: limit('Sensors', REPORT_PAGE.defaultSensors, REPORT_PAGE.mostSensors),
    after,
  }),
  response: answers('A page', 'SensorReportPage'),
};

const DAYS = {
  operationId: 'reportDays',
  summary: 'The archive day by day, the newest first: samples, and what they take',
  tags: ['archive'],
  querystring: query({ limit: limit('Days', REPORT_PAGE.defaultDays, REPORT_PAGE.mostDays), after }),
  response: answers('A page', 'DayReportPage'),
};

/** `/api/report`, `/api/report/sensors`, `/api/report/days`: what an archive's keeper asks for. */
export function reportRoutes(app: FastifyInstance, { store }: { readonly store: StoreClient }): void {
  app.get<{ Querystring: BoundsQuery }>('/api/report', { schema: WHOLE }, ({ query: asked }) =>
    store.report(boundsOf(asked)).catch(inWordsOfHttp),
  );
  app.get<{ Querystring: SensorsQuery }>('/api/report/sensors', { schema: SENSORS }, ({ query: asked }) => {
    const { silent, stuck, ...rest } = asked;
    return store.reportSensors({ ...rest, ...boundsOf({ silent, stuck }) }).catch(inWordsOfHttp);
  });
  app.get<{ Querystring: DayReportRequest }>('/api/report/days', { schema: DAYS }, ({ query: asked }) =>
    store.reportDays(asked),
  );
}

/** @throws {RequestError} naming the parameter */
function boundsOf({
  silent,
  stuck,
}: {
  silent?: string | undefined;
  stuck?: string | undefined;
}): ReportBounds {
  return {
    ...(silent !== undefined && { silentSeconds: readDuration('silent', silent) }),
    ...(stuck !== undefined && { stuckSeconds: readDuration('stuck', stuck) }),
  };
}

/** The archive's fields `silentSeconds` and `stuckSeconds` are `silent` and `stuck` to who asked by HTTP. */
function inWordsOfHttp(error: unknown): never {
  const { code, message, field } = requestError(error);
  const own = field?.replace(/Seconds$/, '');
  if (field === undefined || own === field) throw error;
  throw new RequestError(code, message.replaceAll(field, own!), own);
}
