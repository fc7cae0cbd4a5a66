import { BIN_COLUMNS, BINS_PAGE } from '../store/bins.ts';
import { OPERATOR_WIDTH_SECONDS } from '../store/operator.ts';
import { STATUSES } from '../status.ts';
import { archivedSample, count, name, object, openObject, seconds } from './parts.ts';
import { gaps } from './quarantine.ts';

/** JSON Schemas of bins and operators: what is asked, and what the archive answers. */

const listOf = (items: object) => ({ type: 'array', items });
const number = { anyOf: [{ type: ['number', 'null'] }, { enum: ['NaN', 'Infinity', '-Infinity'] }] } as const;
const time = { type: ['number', 'null'] } as const;
const seriesFields = {
  component: name,
  sensor: name,
  before: archivedSample,
  bin: listOf(count),
  count: listOf(count),
};
const statuses = listOf({ enum: STATUSES });

const numberBins = openObject(
  {
    ...seriesFields,
    kind: { const: 'number' },
    nan: listOf(count),
    none: listOf(count),
    min: listOf(number),
    max: listOf(number),
    mean: listOf(number),
    status: statuses,
    first: listOf(number),
    firstTime: listOf(time),
    last: listOf(number),
    lastTime: listOf(time),
  },
  ['component', 'sensor', 'kind', 'bin'],
);
const stateBins = openObject(
  {
    ...seriesFields,
    kind: { const: 'state' },
    status: statuses,
    states: listOf({ type: ['string', 'number', 'boolean', 'null'] }),
    last: listOf(count),
    held: listOf(listOf({ type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 })),
  },
  ['component', 'sensor', 'kind', 'bin', 'count', 'status', 'states', 'last', 'held'],
);
const arrayBins = openObject(
  {
    ...seriesFields,
    kind: { const: 'array' },
    status: statuses,
    last: listOf(archivedSample.properties.value),
  },
  ['component', 'sensor', 'kind', 'bin', 'count', 'status', 'last'],
);

export const binsCursor = { type: 'string', minLength: 1, maxLength: 200_000 } as const;
export const binsCount = { type: 'integer', minimum: 1, maximum: BINS_PAGE.mostBins } as const;
export const binsWidth = { type: 'number', minimum: BINS_PAGE.shortestSeconds, maximum: 1e11 } as const;
export const operatorName = { type: 'string', minLength: 1, maxLength: 100 } as const;
export const operatorWidth = {
  type: 'number',
  minimum: OPERATOR_WIDTH_SECONDS.least,
  maximum: OPERATOR_WIDTH_SECONDS.most,
} as const;

const range = {
  start: seconds,
  end: seconds,
  bins: binsCount,
  widthSeconds: binsWidth,
  columns: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: BIN_COLUMNS } },
  boundary: { type: 'boolean' },
  after: binsCursor,
} as const;
const sensors = (items: object) => ({
  type: 'array',
  minItems: 1,
  maxItems: BINS_PAGE.mostSensors,
  uniqueItems: true,
  items,
});

const binSeries = listOf({ anyOf: [numberBins, stateBins, arrayBins] });

export const BINS_SCHEMAS = {
  binsRequest: object(
    { sensors: sensors(object({ component: name, sensor: name }, ['component', 'sensor'])), ...range },
    ['sensors', 'start', 'end'],
  ),
  binsParams: object({ sensors: sensors(name), ...range }, ['sensors', 'start', 'end']),
  binSeries,
  binsPage: openObject(
    {
      start: seconds,
      width: { type: 'number' },
      bins: count,
      series: binSeries,
      next: binsCursor,
      through: count,
      gaps,
    },
    ['start', 'width', 'bins', 'series', 'through'],
  ),
} as const;
