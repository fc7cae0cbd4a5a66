import { expect, test } from 'vitest';
import { formatAddress } from '@katbus/protocol';
import { SqliteBackend } from '../../src/backend/sqlite/sqlite-backend.ts';
import type { SampleRow } from '../../src/backend/stored-sample.ts';
import { batch, DAY_START_US, everything, readAll, sampleRow } from '../backend/rows.ts';
import { testFolder, WIND } from '../store-fixture.ts';
import { writerOn } from './writer-on.ts';

const FLOOR = { sequence: 9, streamCreated: '2026-11-22T00:00:00Z', messageUs: DAY_START_US };
/** A row that SQLite refuses for good: its column must not be NULL, and NaN is. */
const poison = (timeUs: number) => sampleRow({ timeUs, valueTimeUs: NaN });

test.each([
  ['one in many', 200, [77]],
  ['several, also beside each other', 100, [0, 1, 50, 99]],
  ['nothing but', 3, [0, 1, 2]],
])(
  'rows that the back end will never take, %s, go to quarantine; all others are stored, with the floor',
  async (_, count, places) => {
    const backend = await SqliteBackend.open({ directory: await testFolder() });
    const { writer, quarantined, failures, status } = writerOn(backend);
    const samples: SampleRow[] = Array.from({ length: count }, (_row, place) =>
      places.includes(place)
        ? poison(DAY_START_US + place)
        : sampleRow({ timeUs: DAY_START_US + place, value: place }),
    );
    const result = await writer.write(batch({ samples, floor: FLOOR }), new AbortController().signal);
    expect(result?.poison).toHaveLength(places.length);
    expect(quarantined).toEqual(places.map((place) => `${formatAddress(WIND)} ${place}`));
    const stored = await readAll(backend, { ...WIND, ...everything });
    const expected = samples.map((_row, place) => place).filter((place) => !places.includes(place));
    expect(stored.map(({ timeUs }) => timeUs - DAY_START_US)).toEqual(expected);
    expect(await backend.floor()).toEqual(FLOOR);
    const { rows } = await backend.quarantine({ limit: 10 });
    expect(rows.map(({ reason }) => reason)).toEqual(places.map(() => 'poison'));
    expect(failures[0]).toMatchObject({ code: 'REFUSED' });
    expect(status.reason).not.toContain('NOT NULL');
    // The next batch is none the worse for it.
    const next = batch({ samples: [sampleRow({ timeUs: DAY_START_US + count })] });
    expect(await writer.write(next, new AbortController().signal)).toMatchObject({ poison: [] });
    await backend.close();
  },
);

test('of two samples with one identity the later stays, whatever lies between them', async () => {
  const backend = await SqliteBackend.open({ directory: await testFolder() });
  const { writer } = writerOn(backend);
  const samples = [
    sampleRow({ timeUs: DAY_START_US, value: 'first' }),
    poison(DAY_START_US + 1),
    sampleRow({ timeUs: DAY_START_US, value: 'last' }),
    poison(DAY_START_US + 2),
  ];
  await writer.write(batch({ samples }), new AbortController().signal);
  expect(await readAll(backend, { ...WIND, ...everything })).toMatchObject([{ value: 'last' }]);
  await backend.close();
});
