import { BINS_SCHEMAS, operatorName, operatorWidth } from './bins.ts';
import {
  attributes,
  catalogueLimit,
  cursor,
  historyLimit,
  hours,
  name,
  object,
  patterns,
  sample,
  seconds,
  text,
} from './parts.ts';
import { LIVENESS_SCHEMAS } from './liveness.ts';
import { EXPLANATION_SCHEMAS } from './explanation.ts';
import { PORTAL_SCHEMAS } from './portal-frames.ts';
import { QUARANTINE_SCHEMAS } from './quarantine.ts';
import { REPORT_SCHEMAS } from './report.ts';
import { STORE_SCHEMAS } from './store-answers.ts';

/** JSON Schemas (draft 2020-12) of what crosses a process boundary; those of client and portal are in portal-frames.ts, the store's answers in
 * store-answers.ts. */

export const SCHEMAS = {
  sample,
  attributes,
  listingRequest: object({ filter: text, readingOnly: { type: 'boolean' }, reply: name }),
  listingChunk: object(
    {
      component: name,
      sensors: {
        type: 'array',
        items: object({ sensor: name, attributes, sample }, ['sensor', 'attributes']),
      },
      last: { type: 'boolean' },
    },
    ['component', 'sensors', 'last'],
  ),
  serviceError: object(
    {
      error: object({ code: name, message: { type: 'string' }, field: { type: 'string' } }, [
        'code',
        'message',
      ]),
    },
    ['error'],
  ),
  ...LIVENESS_SCHEMAS,
  timeMessage: object(
    {
      time: seconds,
      utc: name,
      jd: { type: 'number' },
      mjd: { type: 'number' },
      lst: hours,
      gast: hours,
      dut1Seconds: { type: 'number', minimum: -1, maximum: 1 },
      site: object(
        {
          name,
          latitude: { type: 'number', minimum: -90, maximum: 90 },
          longitude: { type: 'number', minimum: -180, maximum: 360 },
          elevation: { type: 'number' },
        },
        ['name', 'latitude', 'longitude', 'elevation'],
      ),
    },
    ['time', 'utc', 'jd', 'mjd', 'lst', 'gast', 'dut1Seconds', 'site'],
  ),
  historyRequest: object(
    {
      component: name,
      sensor: name,
      start: seconds,
      end: seconds,
      limit: historyLimit,
      after: cursor,
      boundary: { type: 'boolean' },
      operator: operatorName,
      widthSeconds: operatorWidth,
    },
    ['component', 'sensor', 'start', 'end'],
  ),
  catalogueRequest: object({ filter: text, component: name, limit: catalogueLimit, after: cursor }),
  componentsRequest: object({ limit: catalogueLimit, after: name }),
  latestRequest: object({ subjects: patterns, limit: catalogueLimit, after: cursor }, ['subjects']),
  attributesHistoryRequest: object({ component: name, sensor: name, start: seconds, end: seconds }, [
    'component',
    'sensor',
  ]),
  emptyRequest: object({}),
  ...EXPLANATION_SCHEMAS,
  ...STORE_SCHEMAS,
  ...PORTAL_SCHEMAS,
  ...BINS_SCHEMAS,
  ...QUARANTINE_SCHEMAS,
  ...REPORT_SCHEMAS,
} as const;
export type SchemaName = keyof typeof SCHEMAS;
