import { cp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { STATUSES } from '@katbus/protocol';
import type { KeepingEvent } from '../../../src/backend/sqlite/closing/day-keeping.ts';
import { HistoryReader } from '../../../src/backend/sqlite/history-reader.ts';
import { DataDirectory } from '../../../src/backend/sqlite/data-directory.ts';
import { listDays } from '../../../src/backend/sqlite/day-listing.ts';
import { SqliteBackend, type SqliteOptions } from '../../../src/backend/sqlite/sqlite-backend.ts';
import type { SampleRow } from '../../../src/backend/stored-sample.ts';
import { temporaryFolder } from '../../../../../test/support/temporary-folder.ts';
import { batch, DAY_START_US, everything, readAll, sampleRow, withoutAddress } from '../rows.ts';

const WIND = { component: 'wx', sensor: 'wind_speed' };
const RAIN = { component: 'wx', sensor: 'rain' };
const DAY = DAY_START_US / 86_400e6;
const DAY_MS = 86_400_000;
const DAY_END_MS = (DAY + 1) * DAY_MS;
const ROWS = '2026-11-22.db';

let directory: string;

beforeEach(async () => {
  const folder = await temporaryFolder('closing');
  directory = folder.path;
  return () => folder.remove();
});

async function open(options: Partial<SqliteOptions> = {}): Promise<SqliteBackend> {
  const backend = await SqliteBackend.open({ directory, closingShare: 1, ...options });
  onTestFinished(() => backend.close());
  return backend;
}

const path = (name: string) => join(directory, 'days', name);
const dayFiles = async () =>
  (await readdir(join(directory, 'days'))).filter((name) => name.endsWith('.db')).sort();

/** A sample a second. */
const seconds = (count: number, fields: Partial<SampleRow> = {}) =>
  Array.from({ length: count }, (_, second) =>
    sampleRow({
      timeUs: DAY_START_US + second * 1e6,
      value: Math.round(1_000 * Math.sin(second / 60)) / 1_000,
      ...fields,
    }),
  );

describe('closing a day', () => {
  test('makes one file of it, a tenth as large, with every sample as it was, through the disk if need be', async () => {
    const backend = await open({ closingRows: 1_024 });
    const samples = seconds(6_000);
    await backend.write(batch({ samples }));
    const others = ['a', NaN, null, true, [1, NaN], 'a\0b', -Infinity].map((value, place) =>
      sampleRow({ ...RAIN, timeUs: DAY_START_US + place, value }),
    );
    await backend.write(batch({ samples: others }));
    const report = await backend.closeDay(DAY);
    expect(report).toMatchObject({ day: DAY, samples: 6_007, sensors: 2 });
    expect(report!.bytesAfter).toBeLessThan(report!.bytesBefore / 5);
    expect(await dayFiles()).toEqual(['2026-11-22.chunks-1.db']);
    expect(await readAll(backend, { ...WIND, ...everything })).toEqual(samples.map(withoutAddress));
    expect(await readAll(backend, { ...RAIN, ...everything })).toEqual(others.map(withoutAddress));
    expect(await backend.closeDay(DAY)).toBeUndefined();
  });

  test('lets a history that is under way go on', async () => {
    const backend = await open();
    const samples = seconds(5_000);
    await backend.write(batch({ samples }));
    const times: number[] = [];
    let blocks = 0;
    for await (const block of backend.history({ ...WIND, ...everything, blockSamples: 500 })) {
      times.push(...block.samples.map(({ timeUs }) => timeUs));
      blocks++;
      if (blocks === 3) await backend.closeDay(DAY);
      if (blocks === 5) {
        await backend.write(batch({ samples: [sampleRow({ timeUs: DAY_START_US + 4_000e6 + 1 })] }));
        await backend.closeDay(DAY);
      }
    }
    const expected = [...samples.map(({ timeUs }) => timeUs), DAY_START_US + 4_000e6 + 1].sort(
      (a, b) => a - b,
    );
    expect(times).toEqual(expected);
  });

  test('that was killed between making the chunks and removing the rows counts nothing twice', async () => {
    const backend = await open();
    const samples = seconds(100);
    await backend.write(batch({ samples }));
    await backend.close();
    await cp(path(ROWS), path('kept'));
    const second = await open();
    await second.closeDay(DAY);
    await second.write(batch({ samples: [sampleRow({ timeUs: DAY_START_US, value: 'late' })] }));
    await second.close();
    await cp(path('kept'), path(ROWS));
    await writeFile(path('2026-11-22.chunks-9.db.new'), 'half a draft');
    await writeFile(path('2026-11-22.chunks-9.db.runs'), 'half a run');
    const third = await open();
    const expected = [{ ...samples[0]!, value: 'late' }, ...samples.slice(1)].map(withoutAddress);
    expect(await readAll(third, { ...WIND, ...everything })).toEqual(expected);
    expect(await third.closeDay(DAY)).toMatchObject({ samples: 100 });
    expect(await readAll(third, { ...WIND, ...everything })).toEqual(expected);
    expect((await readdir(join(directory, 'days'))).sort()).toEqual(['2026-11-22.chunks-2.db', 'kept']);
  });

  test('reads of a sensor its own chunks alone, and says which one is damaged', async () => {
    const backend = await open();
    await backend.write(batch({ samples: [...seconds(10), ...seconds(10, RAIN)] }));
    await backend.closeDay(DAY);
    await backend.close();
    const file = path('2026-11-22.chunks-1.db');
    const database = new DatabaseSync(file);
    database.exec(`
      UPDATE data SET bytes = zeroblob(length(bytes)) WHERE id IN (
        SELECT data FROM chunks JOIN sensors ON sensors.id = chunks.sensor WHERE sensors.sensor = 'rain')`);
    database.close();
    const again = await open();
    expect(await readAll(again, { ...WIND, ...everything })).toHaveLength(10);
    await expect(readAll(again, { ...RAIN, ...everything })).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(`${file}, chunk `) as string,
    });
  });

  test('keeps a day as it is when its rows are damaged, and says so', async () => {
    const backend = await open();
    await backend.write(batch({ samples: seconds(2_000) }));
    await backend.close();
    const pages = new DatabaseSync(path(ROWS));
    pages.exec('PRAGMA journal_mode = DELETE');
    pages.close();
    const bytes = Buffer.alloc(4_096, 0x5a);
    const { open: openFile } = await import('node:fs/promises');
    const handle = await openFile(path(ROWS), 'r+');
    await handle.write(bytes, 0, bytes.length, 10 * 4_096);
    await handle.close();
    const events: KeepingEvent[] = [];
    const again = await open({ onKept: (event) => events.push(event) });
    await expect(again.closeDay(DAY)).rejects.toMatchObject({ code: 'CORRUPT' });
    await again.keepDays(Date.now() + 40 * DAY_MS);
    expect(events).toMatchObject([{ type: 'failed', day: DAY, error: { code: 'CORRUPT' } }]);
    expect(await dayFiles()).toEqual([ROWS]);
  });

  test('sums up chunks that lie in one bin, and only those', async () => {
    const backend = await open();
    const samples = seconds(10_800);
    samples[7_199] = { ...samples[7_199]!, value: NaN, status: 'error' };
    await backend.write(batch({ samples }));
    await backend.closeDay(DAY);
    const reader = new HistoryReader(new DataDirectory(directory));
    onTestFinished(() => reader.close());
    const hour = (timeUs: number) => Math.floor(timeUs / 3_600e6);
    const pieces = [
      ...reader.pieces(WIND, DAY_START_US + 1, DAY_START_US + 86_400e6, {
        maySumUp: (firstUs, lastUs) => hour(firstUs) === hour(lastUs),
      }),
    ];
    expect(pieces.map(({ block }) => block?.length)).toEqual([3_599, undefined, undefined, 0]);
    const values = samples.slice(3_600, 7_199).map(({ value }) => value as number);
    expect(pieces[1]).toEqual({
      reachedUs: DAY_START_US + 7_199e6 + 1,
      summary: {
        count: 3_600,
        nans: 1,
        min: Math.min(...values),
        max: Math.max(...values),
        sum: values.reduce((sum, value) => sum + value, 0),
        firstUs: DAY_START_US + 3_600e6,
        lastUs: DAY_START_US + 7_199e6,
        firstValue: values[0],
        lastValue: NaN,
        worst: STATUSES.indexOf('error'),
      },
    });
  });
});

describe('keeping days', () => {
  test('closes a day when it is over and quiet, then what came late, and leaves the others', async () => {
    const events: KeepingEvent[] = [];
    const backend = await open({ closeAfterMs: 3_600_000, onKept: (event) => events.push(event) });
    await backend.write(batch({ samples: [...seconds(5), sampleRow({ timeUs: DAY_START_US + 86_400e6 })] }));
    const age = async (name: string, atMs: number) => {
      for (const file of [name, `${name}-wal`])
        await utimes(path(file), atMs / 1000, atMs / 1000).catch(() => undefined);
    };
    await age(ROWS, DAY_END_MS);
    await backend.keepDays(DAY_END_MS + 3_500_000);
    expect(events).toEqual([]);
    await age(ROWS, DAY_END_MS + 3_000_000);
    await backend.keepDays(DAY_END_MS + 3_700_000);
    expect(events).toEqual([]);
    await backend.keepDays(DAY_END_MS + 7_000_000);
    expect(events).toMatchObject([{ type: 'closed', report: { day: DAY, samples: 5 } }]);
    expect(await dayFiles()).toEqual(['2026-11-22.chunks-1.db', '2026-11-23.db']);
    await backend.write(batch({ samples: [sampleRow({ timeUs: DAY_START_US + 1 })] }));
    expect(await dayFiles()).toContain('2026-11-22.late-1.db');
    await age('2026-11-22.late-1.db', DAY_END_MS + 8_000_000);
    await backend.keepDays(DAY_END_MS + 9_000_000);
    expect(events).toHaveLength(1);
    await backend.keepDays(DAY_END_MS + 12_000_000);
    expect(events).toHaveLength(2);
    expect(await dayFiles()).toEqual(['2026-11-22.chunks-2.db', '2026-11-23.db']);
  });

  test('removes whole days, in rows or in chunks, while it runs; what is asked of them is empty', async () => {
    const events: KeepingEvent[] = [];
    const backend = await open({
      keepDays: 2,
      closeAfterMs: Infinity,
      onKept: (event) => events.push(event),
    });
    const at = (days: number) => sampleRow({ timeUs: DAY_START_US + days * 86_400e6 });
    await backend.write(batch({ samples: [at(-3), at(-2), at(-1), at(0), { ...at(-3), ...RAIN }] }));
    await backend.closeDay(DAY - 3);
    await backend.keepDays(DAY * DAY_MS);
    expect(events).toEqual([{ type: 'removed', days: [DAY - 3] }]);
    expect(await dayFiles()).toEqual(['2026-11-20.db', '2026-11-21.db', ROWS]);
    expect(await readAll(backend, { ...WIND, ...everything })).toHaveLength(3);
    expect(await readAll(backend, { ...RAIN, ...everything })).toEqual([]);
    expect(await backend.lastBefore(RAIN, DAY_START_US)).toBeUndefined();
    expect(await backend.sensor(WIND)).toMatchObject({ firstUs: DAY_START_US - 2 * 86_400e6 });
    const latestUs = DAY_START_US - 3 * 86_400e6;
    expect(await backend.sensor(RAIN)).toMatchObject({ firstUs: latestUs, lastUs: latestUs });
    // What comes for a day that is gone does not bring it back.
    await backend.write(batch({ samples: [at(-3), at(-2)] }));
    expect(await dayFiles()).toEqual(['2026-11-20.db', '2026-11-21.db', ROWS]);
    expect(await backend.sensor(WIND)).toMatchObject({ firstUs: DAY_START_US - 2 * 86_400e6 });
  });

  test('takes chunk files of another archive as it takes rows', async () => {
    const other = join(directory, 'other');
    const first = await SqliteBackend.open({ directory: other });
    await first.write(batch({ samples: seconds(50) }));
    await first.closeDay(DAY);
    await first.close();
    await mkdir(join(directory, 'days'));
    await cp(join(other, 'days', '2026-11-22.chunks-1.db'), path('2026-11-22.chunks-1.db'));
    await rm(other, { recursive: true });
    const backend = await open();
    expect(await readAll(backend, { ...WIND, ...everything })).toHaveLength(50);
    await backend.write(batch({ samples: [sampleRow({ timeUs: DAY_START_US + 1 })] }));
    expect(await readAll(backend, { ...WIND, ...everything })).toHaveLength(51);
  });

  test('lists days with what they take', async () => {
    const backend = await open();
    await backend.write(batch({ samples: [...seconds(20), ...seconds(3, RAIN)] }));
    expect(listDays(directory, false)).toMatchObject([
      { date: '2026-11-22', form: 'rows', samples: undefined, sensors: 2 },
    ]);
    expect(listDays(directory, true)).toMatchObject([{ samples: 23 }]);
    await backend.closeDay(DAY);
    expect(listDays(directory, false)).toMatchObject([{ form: 'chunks', samples: 23, sensors: 2 }]);
    await backend.write(batch({ samples: [sampleRow({ ...RAIN, timeUs: DAY_START_US + 7 })] }));
    expect(listDays(directory, true)).toMatchObject([{ form: 'chunks and rows', samples: 24, sensors: 2 }]);
  });
});
