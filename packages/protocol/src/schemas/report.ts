import { REPORT_PAGE, SENSOR_FINDINGS, SENSOR_ORDERS } from '../store/report.ts';
import { count, cursor, name, object, openObject, seconds, text } from './parts.ts';

const span = { type: 'number', minimum: 0, maximum: 1e10 } as const;
const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const rate = { type: 'number', minimum: 0 } as const;
const bounds = { silentSeconds: span, stuckSeconds: span } as const;
const finding = { enum: SENSOR_FINDINGS } as const;

const sensorReport = openObject(
  {
    component: name,
    sensor: name,
    name,
    findings: { type: 'array', items: finding },
    announced: seconds,
    samples: count,
    since: seconds,
    lastTime: seconds,
    silentSeconds: { type: 'number' },
    samplesPerSecond: rate,
    unchangedSince: seconds,
    unchangedSamples: count,
    gaps: count,
    longestGapSeconds: span,
    lastGapEnd: seconds,
    outOfOrder: count,
    outOfOrderShare: share,
  },
  [
    ...['component', 'sensor', 'name', 'findings', 'samples', 'samplesPerSecond'],
    ...['gaps', 'outOfOrder', 'outOfOrderShare'],
  ],
);

/** What an archive's keeper asks for, and gets. */
export const REPORT_SCHEMAS = {
  reportRequest: object(bounds),
  archiveReport: openObject(
    {
      time: seconds,
      since: seconds,
      sensors: openObject(
        { known: count, ...Object.fromEntries(SENSOR_FINDINGS.map((some) => [some, count])) },
        ['known', ...SENSOR_FINDINGS],
      ),
      samples: count,
      samplesPerSecond: rate,
      outOfOrderShare: share,
      bytes: count,
      state: name,
      lagMessages: count,
      lagSeconds: { type: 'number', minimum: 0 },
      drops: {
        type: 'array',
        items: openObject(
          { where: { enum: ['quarantine', 'quarantine-room', 'stream'] }, reason: text, messages: count },
          ['where', 'reason', 'messages'],
        ),
      },
    },
    [
      ...['time', 'since', 'sensors', 'samples', 'samplesPerSecond', 'outOfOrderShare', 'bytes', 'state'],
      ...['lagMessages', 'lagSeconds', 'drops'],
    ],
  ),
  sensorReportRequest: object({
    ...bounds,
    finding,
    order: { enum: SENSOR_ORDERS },
    filter: text,
    component: name,
    limit: { type: 'integer', minimum: 1, maximum: REPORT_PAGE.mostSensors },
    after: cursor,
  }),
  sensorReportPage: openObject(
    { time: seconds, sensors: { type: 'array', items: sensorReport }, next: cursor },
    ['time', 'sensors'],
  ),
  dayReportRequest: object({
    limit: { type: 'integer', minimum: 1, maximum: REPORT_PAGE.mostDays },
    after: cursor,
  }),
  dayReportPage: openObject(
    {
      days: {
        type: 'array',
        items: openObject({ date: name, samples: count, bytes: count, archiveBytes: count }, [
          'date',
          'samples',
        ]),
      },
      next: cursor,
    },
    ['days'],
  ),
} as const;
