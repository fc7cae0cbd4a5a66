import { SCHEMAS, type SchemaName } from '@katbus/protocol/schemas';
import type { FastifyInstance } from 'fastify';

/** What routes say of themselves: fastify checks their queries by it, and the OpenAPI document is made of it. */

/** Shapes with a name of their own in the document. */
const SHARED = {
  HttpError: 'httpError',
  CataloguePage: 'cataloguePage',
  ListResult: 'listResult',
  ArchivedSamples: 'archivedSamples',
  BinsPage: 'binsPage',
  GapsPage: 'gapsPage',
  ArchiveReport: 'archiveReport',
  SensorReportPage: 'sensorReportPage',
  DayReportPage: 'dayReportPage',
} as const satisfies Readonly<Record<string, SchemaName>>;
export type SharedName = keyof typeof SHARED;

/** To be called before the routes that name them. */
export function addSharedSchemas(app: FastifyInstance): void {
  for (const [name, schema] of Object.entries(SHARED)) app.addSchema({ $id: name, ...SCHEMAS[schema] });
}

export const shared = (name: SharedName) => ({ $ref: `${name}#` });

/** An answer with a body: its shape for each of its types. */
export function answer(description: string, content: Readonly<Record<string, object>>) {
  const typed = Object.entries(content).map(([type, schema]) => [type, { schema }]);
  return { description, content: Object.fromEntries(typed) as Readonly<Record<string, { schema: object }>> };
}

export const JSON_TYPE = 'application/json';

/** In words that fit every route. */
const ERRORS = {
  400: 'A parameter is missing, wrong or unknown (`field` names it), or the answer would be too large',
  403: 'The page is of another origin, which the portal was not told to trust',
  404: 'There is no such thing',
  426: 'Connect with a websocket client',
  431: 'The request line with its header is too large',
  500: 'The portal failed: its log has the reason',
  503: 'NATS is not connected, the archive does not run, or too much is under way: ask again later',
  504: 'The archive did not answer in time: ask for less, or again later',
} as const;
export type ErrorStatus = keyof typeof ERRORS;

/** Beside those that are named, what any request may be answered with. */
export function errorAnswers(...statuses: readonly ErrorStatus[]) {
  const json = { [JSON_TYPE]: shared('HttpError') };
  return Object.fromEntries(
    [...statuses, ANY_REQUEST].map((status) => [status, answer(ERRORS[status], json)]),
  );
}

const ANY_REQUEST: ErrorStatus = 431;

/** A query parameter's type, what it means and in which unit, and a value that works. */
export function parameter<Type extends object>(
  type: Type,
  description: string,
  ...examples: readonly unknown[]
) {
  return { ...type, description, ...(examples.length > 0 && { examples }) };
}

/** Parameters that are not named are refused, so that a misspelt one is not lost in silence. */
export function query(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Of a parameter that is any text. */
export const text = { type: 'string', minLength: 1, maxLength: 65_536 } as const;
