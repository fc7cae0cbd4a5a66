import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, callService } from '@katbus/bus/nats';
import {
  JoinedBins,
  STORE_SUBJECTS,
  type BinsPage,
  type HistoryPage,
  type NumberBins,
  type StateBins,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Registry } from 'prom-client';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import type { BinsQuery } from '../../src/bins/bins-query.ts';
import { HistoryService } from '../../src/history-service/history-service.ts';
import { ReportTallies } from '../../src/report/report-tallies.ts';
import { StoreMetrics } from '../../src/store-metrics.ts';
import { startTestNats } from '../../../../test/support/test-nats.ts';
import { batch, DAY_START_US, sampleRow } from '../backend/rows.ts';

/** Long over: states hold no longer than until now. */
const START_US = DAY_START_US - 400 * 86_400e6;
const START = START_US / 1e6;
const RAMP = { component: 'wx', sensor: 'ramp' };
const MODE = { component: 'wx', sensor: 'mode' };
/** Would take a reader thread for ever. */
const FORGED_POSITION = {
  series: 0,
  atUs: START_US,
  carried: { atUs: -1e300, rank: 0, state: 'on' },
};
const forged = (cursor: object) => Buffer.from(JSON.stringify(cursor)).toString('base64url');
const UNTYPED = { component: 'wx', sensor: 'untyped' };

/** Holds its answers to requests for bins back until a test lets them go. */
class SlowBackend extends MemoryBackend {
  held: (() => void)[] | undefined;

  override async bins(query: BinsQuery) {
    if (this.held !== undefined) await new Promise<void>((resolve) => this.held?.push(resolve));
    return super.bins(query);
  }
}

let connection: BusConnection;
const backend = new SlowBackend();

beforeAll(async () => {
  const nats = await startTestNats();
  connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
  const second = (place: number) => START_US + place * 1e6;
  await backend.write(
    batch({
      samples: [
        ...Array.from({ length: 86_400 }, (_, place) =>
          sampleRow({ ...RAMP, timeUs: second(place), value: place }),
        ),
        sampleRow({ ...MODE, timeUs: second(-5), value: 'off' }),
        sampleRow({ ...MODE, timeUs: second(90), value: 'on' }),
        sampleRow({ ...UNTYPED, timeUs: second(1), value: true }),
      ],
      attributes: [
        { ...RAMP, fromUs: second(0), attributes: { name: 'wx_ramp', type: 'integer' } },
        { ...MODE, fromUs: second(0), attributes: { name: 'wx_mode', type: 'discrete' } },
      ],
    }),
  );
  const logger = createLogger({ name: 'test', level: 'error', format: 'json' });
  const service = await HistoryService.start(
    {
      connection,
      backend,
      logger,
      metrics: new StoreMetrics(new Registry()),
      version: '1.2.3',
      through: () => 77,
      retry: () => Promise.resolve({ stored: [], refused: [] }),
      tallies: await ReportTallies.open({ backend, logger, isActive: () => true }),
      archiveState: () => Promise.reject(new Error('not asked here')),
      status: () =>
        Promise.resolve({
          ...{ backend: 'memory', version: '1.2.3', state: 'reading', sensors: 3, samplesWritten: 0 },
          ...{ quarantined: 0, lagMessages: 0, through: 77, bytes: 0 },
        }),
    },
    { mostRunning: 2, mostWaiting: 3 },
  );
  return async () => {
    await service.stop();
    await connection.close();
    await nats[Symbol.asyncDispose]();
  };
});

const bins = async (request: object) =>
  validate<BinsPage>(
    'binsPage',
    await callService(connection, STORE_SUBJECTS.bins, {
      sensors: [RAMP],
      start: START,
      end: START + 120,
      ...request,
    }),
  );
const history = async (request: object) =>
  (await callService(connection, STORE_SUBJECTS.history, {
    ...RAMP,
    start: START,
    end: START + 120,
    ...request,
  })) as HistoryPage;

describe('bins', () => {
  test('of several sensors, each as its type asks for, and through which message they are complete', async () => {
    const page = await bins({ sensors: [MODE, RAMP, UNTYPED], widthSeconds: 60, boundary: true });
    expect(page).toMatchObject({ start: START, width: 60, bins: 2, through: 77 });
    expect(page.next).toBeUndefined();
    expect(page.series).toMatchObject([
      {
        ...MODE,
        kind: 'state',
        before: { value: 'off', time: START - 5 },
        states: ['off', 'on'],
        last: [0, 1],
      },
      {
        ...RAMP,
        kind: 'number',
        bin: [0, 1],
        count: [60, 60],
        nan: [0, 0],
        none: [0, 0],
        min: [0, 60],
        max: [59, 119],
        mean: [29.5, 89.5],
        status: ['nominal', 'nominal'],
      },
      { ...UNTYPED, kind: 'state', states: [true] },
    ]);
    expect(page.series[1]).not.toHaveProperty('first');
  });

  test('lie at whole multiples of their width, or begin with the range', async () => {
    const aligned = await bins({ start: START + 59, end: START + 61, widthSeconds: 60 });
    expect(aligned).toMatchObject({ start: START, bins: 2, series: [{ bin: [0, 1], count: [1, 1] }] });
    const counted = await bins({ start: START + 59, end: START + 61, bins: 1 });
    expect(counted).toMatchObject({
      start: START + 59,
      width: 2,
      bins: 1,
      series: [{ bin: [0], count: [2] }],
    });
  });

  test('come page by page, each told by the one before alone', async () => {
    const joined = new JoinedBins();
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await bins({ sensors: [RAMP, MODE], end: START + 86_400, bins: 21_600, after });
      joined.add(page);
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBeGreaterThan(3);
    const [ramp, mode] = joined.series as [NumberBins, StateBins];
    expect(ramp.mean).toEqual(Array.from({ length: 21_600 }, (_, bin) => bin * 4 + 1.5));
    expect(mode.bin).toHaveLength(21_600);
    const seconds = mode.held
      .flat()
      .reduce((sum, [state, held]) => (mode.states[state] === 'on' ? sum + held : sum), 0);
    expect(seconds).toBe(86_400 - 90);
  });

  test.each<[string, object, string, string]>([
    ['neither bins nor a width', {}, 'BAD_REQUEST', 'bins'],
    ['both', { bins: 5, widthSeconds: 5 }, 'BAD_REQUEST', 'bins'],
    ['no bins', { bins: 0 }, 'BAD_REQUEST', 'bins'],
    ['too many bins', { bins: 100_001 }, 'BAD_REQUEST', 'bins'],
    ['a width of nothing', { widthSeconds: 0 }, 'BAD_REQUEST', 'widthSeconds'],
    ['an end before the start', { bins: 5, end: START - 1 }, 'BAD_REQUEST', 'end'],
    ['no sensor', { bins: 5, sensors: [] }, 'BAD_REQUEST', 'sensors'],
    ['one sensor twice', { bins: 5, sensors: [RAMP, RAMP] }, 'BAD_REQUEST', 'sensors'],
    [
      'too many sensors',
      { bins: 5, sensors: Array.from({ length: 257 }, (_, n) => ({ component: 'wx', sensor: `s${n}` })) },
      'BAD_REQUEST',
      'sensors',
    ],
    ['a column that is none', { bins: 5, columns: ['average'] }, 'BAD_REQUEST', 'columns.0'],
    [
      'a sensor that is not known',
      { bins: 5, sensors: [RAMP, { component: 'wx', sensor: 'snow' }] },
      'NOT_FOUND',
      'sensors',
    ],
    ['an after of something else', { bins: 5, after: 'dDE3OTUz' }, 'BAD_REQUEST', 'after'],
    ['an after that is none', { bins: 5, after: '%' }, 'BAD_REQUEST', 'after'],
    [
      'an after of more sensors',
      { bins: 5, after: Buffer.from('{"kinds":"00","position":{"series":0}}').toString('base64url') },
      'BAD_REQUEST',
      'after',
    ],
    [
      'an after whose states begin long before the range',
      { bins: 5, sensors: [MODE], after: forged({ kinds: '1', position: FORGED_POSITION }) },
      'BAD_REQUEST',
      'after',
    ],
  ])('are refused with %s', async (_, request, code, field) => {
    await expect(bins(request)).rejects.toMatchObject({ serviceCode: code, field });
  });
});

describe('an operator', () => {
  test('makes samples of a history, in pages like those', async () => {
    const page = await history({ operator: 'mean_60', limit: 1 });
    expect(page.samples).toEqual([
      { time: START + 30, value_ts: START + 30, status: 'nominal', value: 29.5 },
    ]);
    const next = await history({ operator: 'mean', widthSeconds: 60, after: page.next });
    expect(next.samples.map(({ value }) => value)).toEqual([89.5]);
    expect(next.next).toBeUndefined();
    const boundary = await history({ ...MODE, operator: 'lastSample_60', boundary: true });
    expect(boundary.samples.map(({ value }) => value)).toEqual(['off', 'on']);
  });

  test.each<[string, object, string, RegExp]>([
    ['none', { operator: 'average' }, 'operator', /there are firstSample, lastSample/],
    ['one that is not here', { operator: 'loess_60' }, 'operator', /there are firstSample, lastSample/],
    ['a width alone', { widthSeconds: 60 }, 'widthSeconds', /there is none/],
    ['a width twice', { operator: 'mean_60', widthSeconds: 60 }, 'widthSeconds', /says it already/],
    [
      'an after beyond the range',
      { operator: 'mean_60', after: forged({ atUs: -1e300 }) },
      'after',
      /no "next"/,
    ],
    ['an after of a plain history', { operator: 'mean_60', after: 'dDE3OTUz' }, 'after', /no "next"/],
  ])('is refused when it is %s', async (_, request, field, message) => {
    await expect(history(request)).rejects.toMatchObject({
      serviceCode: 'BAD_REQUEST',
      field,
      message: expect.stringMatching(message) as string,
    });
  });
});

test('small questions do not wait behind large ones, of which so many may wait', async () => {
  backend.held = [];
  const large = Array.from({ length: 6 }, () =>
    bins({ bins: 5 }).then(
      () => 'answered',
      () => 'BUSY',
    ),
  );
  while (backend.held.length < 2) await delay(1);
  // All turns for large ones are taken, and their queue is full.
  await callService(connection, STORE_SUBJECTS.status, {});
  await callService(connection, STORE_SUBJECTS.sensors, {});
  const held = backend.held;
  backend.held = undefined;
  for (const release of held) release();
  expect((await Promise.all(large)).sort()).toEqual(['BUSY', ...Array<string>(5).fill('answered')]);
});
