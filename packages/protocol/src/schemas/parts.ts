import { CATALOGUE_PAGE } from '../store/catalogue.ts';
import { HISTORY_PAGE } from '../store/history.ts';
import { STATUSES } from '../status.ts';

/** What the schemas of this folder are made of. */

export const text = { type: 'string', minLength: 1, maxLength: 65_536 } as const;
export const name = { type: 'string', minLength: 1, maxLength: 300 } as const;
/** Of a day. */
export const hours = { type: 'number', minimum: 0, exclusiveMaximum: 24 } as const;
export const seconds = { type: 'number', minimum: -1e11, maximum: 1e11 } as const;
export const cursor = { type: 'string', minLength: 1, maxLength: 1_024 } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const historyLimit = { type: 'integer', minimum: 1, maximum: HISTORY_PAGE.mostSamples } as const;
export const catalogueLimit = { type: 'integer', minimum: 1, maximum: CATALOGUE_PAGE.mostSensors } as const;
export const patterns = {
  type: 'array',
  minItems: 1,
  maxItems: 1_000,
  items: { type: 'string', minLength: 1, maxLength: 512 },
} as const;

/** Of a request: what is not named is refused, so that a misspelt option is not lost in silence. */
export function object(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Of an answer: later versions may add to it. */
export function openObject(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', properties, required };
}

const status = { enum: STATUSES } as const;
const value = {
  anyOf: [
    { type: ['number', 'string', 'boolean', 'null'] },
    { type: 'array', items: { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] } },
  ],
} as const;
const time = { type: 'number' } as const;

export const sample = {
  type: 'object',
  properties: { name, time, value_ts: time, status, value },
  required: ['name', 'time', 'value_ts', 'status', 'value'],
} as const;

/** A sample as the archive gives it: the answer around it says of which sensor. */
export const archivedSample = {
  type: 'object',
  properties: { time, value_ts: time, status, value },
  required: ['time', 'value_ts', 'status', 'value'],
} as const;

export const attributes = {
  type: 'object',
  properties: {
    name: text,
    katcp_name: { type: 'string' },
    component: { type: 'string' },
    type: { type: 'string' },
    description: { type: 'string' },
    units: { type: 'string' },
    params: { type: ['array', 'string'] },
  },
  required: ['name'],
} as const;
