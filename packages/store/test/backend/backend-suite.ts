import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatAddress } from '@katbus/protocol';
import type { Backend } from '../../src/backend/backend.ts';
import { supersedes, type SampleRow } from '../../src/backend/stored-sample.ts';
import { keepsWhatReportsNeed } from './report-suite.ts';
import {
  anySampleRow,
  anyValue,
  batch,
  DAY_START_US,
  everything,
  quarantineRow,
  readAll,
  sampleRow,
  withoutAddress,
} from './rows.ts';

export interface BackendUnderTest {
  readonly backend: Backend;
  /** Does with all days so far what the back end does with days that are over, if it does anything. */
  closeDays?(): Promise<void>;
  /** Releases the back end and what lies under it. */
  dispose(): Promise<void>;
}

const WIND = { component: 'wx', sensor: 'wind_speed' };
const QUARANTINE_BYTES = 10_000;

/**
 * What every back end must do.
 * @param open makes an empty one, with a quarantine of `quarantineBytes`
 * @param runs how many random archives are compared with a map: fewer where each takes seconds
 */
export function backendSuite(
  name: string,
  open: (options: { quarantineBytes: number }) => Promise<BackendUnderTest>,
  runs = 200,
): void {
  describe(`back end ${name}`, () => {
    let under: BackendUnderTest;
    let backend: Backend;

    beforeEach(async () => {
      under = await open({ quarantineBytes: QUARANTINE_BYTES });
      backend = under.backend;
    });
    afterEach(() => under.dispose());

    const write = (samples: SampleRow[]) => backend.write(batch({ samples }));

    test('gives back every kind of value as it was written', async () => {
      const values = [
        [NaN, Infinity, -Infinity, 0, 1, -1.5, 1e-300, Number.MAX_SAFE_INTEGER, 0.1 + 0.2],
        ['', '0', '1.0', 'NaN', 'é\u{1F52D}', 'a\0b', '\ud800', '[]', 'null'],
        [true, false, null],
        [[], [0], [NaN, Infinity, -Infinity, 1.25], Array.from({ length: 10_000 }, (_, place) => place / 7)],
      ].flat(1);
      const samples = values.map((value, place) => sampleRow({ timeUs: DAY_START_US + place, value }));
      await write(samples);
      const read = await readAll(backend, { ...WIND, ...everything });
      expect(read).toEqual(samples.map(withoutAddress));
    });

    test('keeps value, status and both times of any sample to the microsecond', async () => {
      await fc.assert(
        fc.asyncProperty(anySampleRow, anyValue, async (row, value) => {
          const sample = { ...row, value };
          await write([sample]);
          const { component, sensor, timeUs } = sample;
          const read = await readAll(backend, { component, sensor, startUs: timeUs, endUs: timeUs + 1 });
          expect(read).toEqual([withoutAddress(sample)]);
        }),
        { numRuns: 50 },
      );
    });

    test('ends with one sample for each sensor and time, whatever came late, twice or out of order', async () => {
      let run = 0;
      const anyBatches = fc.array(fc.array(anySampleRow, { maxLength: 20 }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(anyBatches, async (anyRows) => {
          // Components of its own for each run: opening a back end each time would take longer than all the rest.
          run++;
          const batches = anyRows.map((rows) =>
            rows.map((row) => ({
              ...row,
              component: `${row.component}_${run}`,
              // Any clock epoch: what was published last takes the place of what is older by its time alone.
              epoch: Math.abs(row.valueTimeUs) % 3,
            })),
          );
          const model = new Map<string, Map<number, SampleRow>>();
          const latest = new Map<string, SampleRow>();
          for (const samples of batches) {
            // The second time is what a killed archiver does.
            for (const sample of [...samples, ...samples]) {
              const address = formatAddress(sample);
              const series = model.get(address) ?? new Map<number, SampleRow>();
              model.set(address, series.set(sample.timeUs, sample));
              const { timeUs: latestUs = -Infinity, epoch: latestEpoch = 0 } = latest.get(address) ?? {};
              if (supersedes(sample.timeUs, sample.epoch, latestUs, latestEpoch)) latest.set(address, sample);
            }
            await write(samples);
            await write(samples);
          }
          for (const samples of model.values()) {
            const [{ component, sensor }] = samples.values() as unknown as [SampleRow];
            const expected = [...samples.values()].sort((a, b) => a.timeUs - b.timeUs).map(withoutAddress);
            const query = { component, sensor, ...everything };
            expect(await readAll(backend, query)).toEqual(expected);
            expect(await readAll(backend, { ...query, blockSamples: 3 })).toEqual(expected);
          }
          const subjects = ['wx', 'wx_station', 'm000'].map((name) => `sensor.archive.${name}_${run}.>`);
          const page = await backend.latest({ subjects, limit: 100 });
          const expectedLatest = [...latest].map(
            ([address, { epoch: _, ...row }]) => [address, row] as const,
          );
          expect(new Map(page.rows.map((row) => [formatAddress(row), row]))).toEqual(new Map(expectedLatest));
          for (const { component, sensor, epoch } of latest.values())
            expect((await backend.sensor({ component, sensor }))?.latestEpoch).toBe(epoch);
        }),
        { numRuns: runs },
      );
    });

    test('says the same of days that are over, whatever comes late, doubled or out of order', async () => {
      const at = (seconds: number, value: string) =>
        sampleRow({ timeUs: DAY_START_US + seconds * 1e6, value, valueTimeUs: DAY_START_US });
      const read = async () =>
        (await readAll(backend, { ...WIND, ...everything })).map(({ timeUs, value }) => [
          (timeUs - DAY_START_US) / 1e6,
          value,
        ]);
      await write([at(10, 'a'), at(20, 'b'), at(30, 'c'), at(-5, 'the day before')]);
      await under.closeDays?.();
      await write([at(25, 'late'), at(20, 'later in the stream'), at(5, 'reordered')]);
      await write([at(20, 'latest in the stream'), at(30, 'c')]);
      const expected = [
        [-5, 'the day before'],
        [5, 'reordered'],
        [10, 'a'],
        [20, 'latest in the stream'],
        [25, 'late'],
        [30, 'c'],
      ];
      expect(await read()).toEqual(expected);
      expect(await backend.lastBefore(WIND, DAY_START_US + 25e6)).toMatchObject({
        value: 'latest in the stream',
      });
      expect(await backend.lastBefore(WIND, DAY_START_US + 10e6)).toMatchObject({ value: 'reordered' });
      await under.closeDays?.();
      expect(await read()).toEqual(expected);
      await write([at(10, 'after two closings'), at(40, 'new')]);
      await under.closeDays?.();
      await under.closeDays?.();
      expect(await read()).toEqual([
        ...expected.slice(0, 2),
        [10, 'after two closings'],
        ...expected.slice(3),
        [40, 'new'],
      ]);
      expect(await backend.lastBefore(WIND, DAY_START_US + 40e6)).toMatchObject({ value: 'c' });
      expect(await backend.lastBefore(WIND, DAY_START_US)).toMatchObject({ value: 'the day before' });
    });

    test('equals a map by sensor and time whatever is written and whenever days are closed', async () => {
      let run = 0;
      const anySteps = fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.array(anySampleRow, { minLength: 1, maxLength: 30 }) },
          fc.constant('close' as const),
        ),
        { minLength: 2, maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(anySteps, fc.integer({ min: -5, max: 100 }), async (steps, hours) => {
          run++;
          const model = new Map<string, Map<number, SampleRow>>();
          for (const step of steps) {
            if (step === 'close') {
              await under.closeDays?.();
              continue;
            }
            const samples = step.map((row) => ({ ...row, component: `${row.component}_${run}` }));
            await write(samples);
            for (const sample of samples) {
              const address = formatAddress(sample);
              model.set(
                address,
                (model.get(address) ?? new Map<number, SampleRow>()).set(sample.timeUs, sample),
              );
            }
          }
          for (const series of model.values()) {
            const expected = [...series.values()].sort((a, b) => a.timeUs - b.timeUs);
            const { component, sensor } = expected[0]!;
            const query = { component, sensor, ...everything };
            const all = expected.map(withoutAddress);
            expect(await readAll(backend, query)).toEqual(all);
            expect(await readAll(backend, { ...query, blockSamples: 2 })).toEqual(all);
            const timeUs = DAY_START_US + hours * 3_600e6;
            const since = await readAll(backend, { ...query, startUs: timeUs });
            expect(since).toEqual(all.filter((sample) => sample.timeUs >= timeUs));
            const before = all.filter((sample) => sample.timeUs < timeUs).at(-1);
            expect(await backend.lastBefore({ component, sensor }, timeUs)).toEqual(before);
          }
        }),
        { numRuns: 15 },
      );
    });

    test('reads half-open ranges, across days, block by block', async () => {
      const times = [-2, -1, 0, 1, 2].map((offset) => DAY_START_US + offset);
      await write(times.map((timeUs) => sampleRow({ timeUs })));
      const query = { ...WIND, startUs: DAY_START_US - 1, endUs: DAY_START_US + 2, blockSamples: 2 };
      const blocks = [];
      for await (const block of backend.history(query)) blocks.push(block);
      const read = blocks.flatMap(({ samples }) => samples.map(({ timeUs }) => timeUs - DAY_START_US));
      expect(read).toEqual([-1, 0, 1]);
      expect(Math.max(...blocks.map(({ samples }) => samples.length))).toBe(2);
      expect(blocks.at(-1)?.nextUs).toBeUndefined();
    });

    test('bounds a block by bytes, but lets one large sample through', async () => {
      const value = Array.from({ length: 1_000 }, () => Math.random());
      await write([0, 1, 2].map((offset) => sampleRow({ timeUs: DAY_START_US + offset, value })));
      const sizes = [];
      for await (const block of backend.history({ ...WIND, ...everything, blockBytes: 1_000 })) {
        sizes.push(block.samples.length);
      }
      expect(sizes.filter((size) => size > 0)).toEqual([1, 1, 1]);
    });

    test('finds the last sample before a time, also days before', async () => {
      const earlyUs = DAY_START_US - 3 * 86_400e6;
      await write([sampleRow({ timeUs: earlyUs, value: 'early' }), sampleRow({ timeUs: DAY_START_US })]);
      await write([sampleRow({ sensor: 'other', timeUs: DAY_START_US - 5 })]);
      expect(await backend.lastBefore(WIND, DAY_START_US)).toMatchObject({ timeUs: earlyUs, value: 'early' });
      expect(await backend.lastBefore(WIND, DAY_START_US + 1)).toMatchObject({ timeUs: DAY_START_US });
      expect(await backend.lastBefore(WIND, earlyUs)).toBeUndefined();
      expect(await backend.lastBefore({ component: 'nobody', sensor: 'x' }, DAY_START_US)).toBeUndefined();
    });

    test('stores an empty batch and answers for a sensor that it never saw', async () => {
      expect(await write([])).toEqual({ newSensors: 0, changedAttributes: 0, quarantineDropped: 0 });
      expect(await readAll(backend, { ...WIND, ...everything })).toEqual([]);
      expect(await backend.sensor(WIND)).toBeUndefined();
      expect(await backend.attributesHistory(WIND, -9e15, 9e15)).toEqual([]);
      expect(await backend.floor()).toBeUndefined();
    });

    test('gives the latest sample by subject pattern, in pages, in order', async () => {
      await write([
        sampleRow({ component: 'b', sensor: 'y', value: 3 }),
        sampleRow({ component: 'a', sensor: 'y', value: 2 }),
        sampleRow({ component: 'a', sensor: 'x', value: 'newest', timeUs: DAY_START_US + 5 }),
        sampleRow({ component: 'a', sensor: 'x', value: 'older', timeUs: DAY_START_US + 4 }),
      ]);
      const all = await backend.latest({ subjects: ['sensor.archive.>'], limit: 2 });
      expect(all.rows.map((row) => [formatAddress(row), row.value])).toEqual([
        ['a.x', 'newest'],
        ['a.y', 2],
      ]);
      const rest = await backend.latest({ subjects: ['sensor.archive.>'], limit: 2, after: all.next });
      expect(rest.rows.map(formatAddress)).toEqual(['b.y']);
      expect(rest.next).toBeUndefined();
      const some = await backend.latest({
        subjects: ['sensor.archive.*.x', 'sensor.archive.b.y'],
        limit: 10,
      });
      expect(some.rows.map(formatAddress)).toEqual(['a.x', 'b.y']);
    });

    test('lists the catalogue by component, by filter over both names, in pages', async () => {
      const attributes = { name: 'wx_wind_speed', katcp_name: 'wx.wind-speed', type: 'float' };
      await backend.write(
        batch({
          samples: [
            sampleRow({ timeUs: DAY_START_US + 9 }),
            sampleRow({ timeUs: DAY_START_US + 3 }),
            sampleRow({ component: 'm000', sensor: 'az' }),
          ],
          attributes: [
            { ...WIND, fromUs: DAY_START_US, attributes },
            { component: 'wx', sensor: 'silent', fromUs: DAY_START_US, attributes: { name: 'wx_silent' } },
          ],
        }),
      );
      const first = await backend.catalogue({ limit: 2 });
      expect(first.rows.map(formatAddress)).toEqual(['m000.az', 'wx.silent']);
      const second = await backend.catalogue({ limit: 2, after: first.next });
      expect(second).toEqual({
        rows: [
          {
            ...WIND,
            attributes,
            firstUs: DAY_START_US + 3,
            lastUs: DAY_START_US + 9,
            attributesFromUs: DAY_START_US,
            latestEpoch: 0,
          },
        ],
        next: undefined,
      });
      const filtered = async (filter: string) =>
        (await backend.catalogue({ filter, limit: 10 })).rows.map(formatAddress);
      expect(await filtered('wind-speed$')).toEqual(['wx.wind_speed']);
      expect(await filtered('^(wx_silent|m000_az)$')).toEqual(['m000.az', 'wx.silent']);
      const component = await backend.catalogue({ component: 'wx', limit: 10 });
      expect(component.rows.map(formatAddress)).toEqual(['wx.silent', 'wx.wind_speed']);
      expect((await backend.catalogue({ component: 'w', limit: 10 })).rows).toEqual([]);
      expect(await backend.sensor({ component: 'wx', sensor: 'silent' })).toMatchObject({
        attributes: { name: 'wx_silent' },
        firstUs: undefined,
        lastUs: undefined,
      });
    });

    test('keeps attributes with the time from which they held, and the same ones only once', async () => {
      const announce = (seconds: number, units: string) =>
        backend.write(
          batch({
            attributes: [
              {
                ...WIND,
                fromUs: DAY_START_US + seconds * 1e6,
                attributes: { name: 'wx_wind_speed', units, params: [0, 70] },
              },
            ],
          }),
        );
      expect(await announce(0, 'm/s')).toMatchObject({ newSensors: 1, changedAttributes: 1 });
      expect(await announce(5, 'm/s')).toMatchObject({ newSensors: 0, changedAttributes: 0 });
      expect(await announce(10, 'km/h')).toMatchObject({ changedAttributes: 1 });
      // The stream is read again from an earlier place.
      expect(await announce(0, 'm/s')).toMatchObject({ changedAttributes: 0 });
      expect(await announce(5, 'm/s')).toMatchObject({ changedAttributes: 0 });
      const between = async (start: number, end: number) =>
        (await backend.attributesHistory(WIND, DAY_START_US + start * 1e6, DAY_START_US + end * 1e6)).map(
          ({ fromUs, attributes }) => [(fromUs - DAY_START_US) / 1e6, attributes.units],
        );
      expect(await between(-100, 100)).toEqual([
        [0, 'm/s'],
        [10, 'km/h'],
      ]);
      expect(await between(7, 10)).toEqual([[0, 'm/s']]);
      expect(await between(10, 11)).toEqual([[10, 'km/h']]);
      expect((await backend.sensor(WIND))?.attributes).toMatchObject({ units: 'km/h', params: [0, 70] });
    });

    test('keeps the floor and the gaps, each gap once', async () => {
      const floor = {
        sequence: 17,
        streamCreated: '2026-11-22T00:00:00.000000001Z',
        messageUs: DAY_START_US,
      };
      const gap = { fromSequence: 3, toSequence: 9, fromUs: 1, toUs: 2, reason: 'expired' };
      await backend.write(batch({ floor, gaps: [gap] }));
      await backend.write(batch({ gaps: [gap] }));
      expect(await backend.floor()).toEqual(floor);
      expect(await backend.gaps()).toEqual([gap]);
      await backend.write(batch({ floor: { ...floor, sequence: 2 } }));
      expect((await backend.floor())?.sequence).toBe(2);
    });

    test('keeps quarantined messages as they came, each once, in pages', async () => {
      const rows = [1, 2, 3].map((sequence) => quarantineRow(sequence));
      await backend.write(batch({ quarantine: rows }));
      await backend.write(batch({ quarantine: rows.slice(1) }));
      const first = await backend.quarantine({ limit: 2 });
      const second = await backend.quarantine({ limit: 2, after: first.next });
      const found = [...first.rows, ...second.rows];
      expect(found).toEqual(rows.map((row, place) => ({ ...row, id: found[place]!.id })));
      expect(second.next).toBeUndefined();
      expect((await backend.statistics()).quarantined).toBe(3);
    });

    test('finds quarantined messages by id, reason and time, and releases them', async () => {
      const rows = [
        quarantineRow(1, 50),
        { ...quarantineRow(2, 50), reason: 'type' as const },
        quarantineRow(3, 50),
        { ...quarantineRow(4, 50), reason: 'type' as const },
      ];
      await backend.write(batch({ quarantine: rows }));
      const sequences = async (query: object) =>
        (await backend.quarantine({ limit: 10, ...query })).rows.map(({ sequence }) => sequence);
      expect(await sequences({ reason: 'type' })).toEqual([2, 4]);
      expect(await sequences({ sinceUs: rows[2]!.receivedUs })).toEqual([3, 4]);
      const ids = (await backend.quarantine({ limit: 10 })).rows.map(({ id }) => id);
      expect(await sequences({ ids: [ids[0]!, ids[3]!] })).toEqual([1, 4]);
      expect(await sequences({ bytes: 120 })).toEqual([1, 2]);
      expect(await sequences({ bytes: 1 })).toEqual([1]);
      const before = await backend.statistics();
      expect(await backend.releaseQuarantined([ids[1]!, ids[3]!, ids[3]!, 4711])).toBe(2);
      expect(await sequences({})).toEqual([1, 3]);
      const after = await backend.statistics();
      expect(after.quarantined).toBe(2);
      expect(after.quarantineBytes).toBe(before.quarantineBytes / 2);
    });

    test('bounds quarantine by bytes: the oldest go, and are counted', async () => {
      const rows = Array.from({ length: 30 }, (_, sequence) => quarantineRow(sequence, 750));
      const dropped = [];
      for (const row of rows)
        dropped.push((await backend.write(batch({ quarantine: [row] }))).quarantineDropped);
      const kept = await backend.quarantine({ limit: 100 });
      expect(kept.rows.map(({ sequence }) => sequence)).toEqual(
        rows.slice(-10).map(({ sequence }) => sequence),
      );
      expect(dropped.reduce((sum, count) => sum + count)).toBe(20);
      const { quarantined, quarantineBytes } = await backend.statistics();
      expect([quarantined, quarantineBytes <= QUARANTINE_BYTES]).toEqual([10, true]);
    });

    test('counts sensors and bytes', async () => {
      await write([sampleRow({}), sampleRow({ sensor: 'other' })]);
      const statistics = await backend.statistics();
      expect(statistics.sensors).toBe(2);
      expect(statistics.bytes).toBeGreaterThan(0);
    });

    keepsWhatReportsNeed(() => backend);

    test('refuses calls after close', async () => {
      await backend.close();
      await expect(write([sampleRow({})])).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(backend.floor()).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
}
