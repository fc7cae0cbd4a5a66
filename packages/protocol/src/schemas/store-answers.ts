import { archivedSample, attributes, count, cursor, name, openObject, seconds } from './parts.ts';

/** What the history service answers, but for the pages that the portal passes on as they are, and what it tells by itself. */
export const STORE_SCHEMAS = {
  latestPage: openObject(
    {
      samples: {
        type: 'array',
        items: {
          ...archivedSample,
          properties: { ...archivedSample.properties, component: name, sensor: name, name },
          required: [...archivedSample.required, 'component', 'sensor', 'name'],
        },
      },
      next: cursor,
    },
    ['samples'],
  ),
  attributesHistory: openObject(
    {
      component: name,
      sensor: name,
      attributes: {
        type: 'array',
        items: openObject({ from: seconds, attributes }, ['from', 'attributes']),
      },
    },
    ['component', 'sensor', 'attributes'],
  ),
  storeStatus: openObject(
    {
      backend: name,
      version: name,
      state: name,
      sensors: count,
      samplesWritten: count,
      quarantined: count,
      lagMessages: count,
      through: count,
      bytes: count,
    },
    [
      ...['backend', 'version', 'state', 'sensors', 'samplesWritten'],
      ...['quarantined', 'lagMessages', 'through', 'bytes'],
    ],
  ),
  cacheUpdateDone: openObject({ time: seconds, sensors: count }, ['time', 'sensors']),
} as const;
