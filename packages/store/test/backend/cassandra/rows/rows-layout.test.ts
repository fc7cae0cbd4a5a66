import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import type {
  LayoutReader,
  LayoutSensor,
  LayoutWriter,
  PartitionWidth,
} from '../../../../src/backend/cassandra/layout.ts';
import { monLayout, rowsLayout } from '../../../../src/backend/cassandra/rows/rows-layout.ts';
import type { RowsOptions } from '../../../../src/backend/cassandra/rows/rows-options.ts';
import type { CqlSession } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import type { SampleRow } from '../../../../src/backend/stored-sample.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { anyValue, DAY_START_US, sampleRow, withoutAddress } from '../../rows.ts';
import { LayoutSensors, readPieces } from './layout-batch.ts';

const describeWithCassandra = await requires('cassandra');
const HOUR_US = 3_600e6;
const EVERYTHING = [-9e15, 9e15] as const;

/** Tells what is sent, and sends it. */
class WatchedSession {
  readonly batches: { readonly cql: string; readonly rows: number; readonly partitions: number }[] = [];
  readonly session: CqlSession;

  constructor(session: CqlSession) {
    this.session = new Proxy(session, {
      get: (target, name) => {
        if (name === 'batch') {
          return (cql: string, rows: readonly (readonly unknown[])[], timestampUs: number) => {
            const partitions = new Set(rows.map((row) => `${String(row[0])} ${String(row[1])}`)).size;
            this.batches.push({ cql, rows: rows.length, partitions });
            return target.batch(cql, rows as never, timestampUs);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }
}

for (const [name, make] of [
  ['rows', rowsLayout],
  ['mon', monLayout],
] as const) {
  describeWithCassandra(`layout ${name}`, () => {
    let keyspace: Awaited<ReturnType<typeof freshKeyspace>>;
    let session: CqlSession;
    let watched: WatchedSession;
    let writer: LayoutWriter;
    let reader: LayoutReader;
    let nextId = 1;

    beforeAll(async () => {
      const contactPoint = await sharedCassandra();
      keyspace = freshKeyspace(contactPoint);
      session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
      for (const statement of make().tables) await session.execute(statement);
      watched = new WatchedSession(session);
      ({ writer, reader } = open());
    }, 180_000);
    afterAll(async () => {
      await session.close();
      await keyspace[Symbol.asyncDispose]();
    });

    function open(options: Partial<RowsOptions> = {}) {
      const layout = make(options);
      return { writer: layout.writer(watched.session), reader: layout.reader(session) };
    }

    function newSensors(): LayoutSensors {
      nextId += 1_000;
      return new LayoutSensors(nextId);
    }

    function newSensor(sensors: LayoutSensors, fields: Partial<LayoutSensor> = {}): LayoutSensor {
      return sensors.add({ component: 'wx', sensor: `wind_${nextId}`, ...fields });
    }

    const read = (sensor: LayoutSensor, startUs: number = EVERYTHING[0], endUs: number = EVERYTHING[1]) =>
      readPieces(reader, sensor, startUs, endUs);

    test('ends with one sample for each time, whatever came late, twice or out of order, in partitions of any width', async () => {
      const anySample = fc.record({
        timeUs: fc.oneof(
          fc.integer({ min: -3, max: 3 }).map((offset) => DAY_START_US + offset),
          fc.integer({ min: 0, max: 50 }).map((hours) => DAY_START_US + hours * HOUR_US),
          fc.integer({ min: -90, max: 90 }).map((days) => DAY_START_US + days * 24 * HOUR_US),
        ),
        valueTimeUs: fc.integer({ min: 0, max: 2 ** 52 }),
        status: fc.constantFrom('nominal' as const, 'warn' as const, 'failure' as const),
        value: anyValue,
      });
      const anyWidth = fc.constantFrom<PartitionWidth>('slow', 'normal', 'fast');
      const anyBatches = fc.array(fc.array(anySample, { maxLength: 15 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(
          anyBatches,
          anyWidth,
          fc.option(fc.record({ width: anyWidth, hours: fc.integer({ min: -60, max: 60 }) })),
          fc.integer({ min: -3_000, max: 3_000 }),
          async (batches, width, change, hours) => {
            const sensors = newSensors();
            let sensor = newSensor(sensors, { widths: [{ fromUs: -Infinity, width }] });
            const model = new Map<number, SampleRow>();
            const written = [];
            for (const [place, some] of batches.entries()) {
              // After the first batch another width, at an edge where samples may be already.
              if (place === 1 && change !== null) {
                const fromUs = DAY_START_US + change.hours * HOUR_US;
                sensor = { ...sensor, widths: [...sensor.widths, { fromUs, width: change.width }] };
                sensors.replace(sensor);
              }
              const samples = some.map((sample) => sampleRow({ ...sensor, ...sample }));
              // Partitions of two widths may both have a time: then only what is the same in both is told apart by nobody.
              const fresh =
                place === 0 ? samples : samples.filter(({ timeUs }) => change === null || !model.has(timeUs));
              for (const sample of fresh) model.set(sample.timeUs, sample);
              const batch = sensors.batch(fresh, DAY_START_US + place * 1_000);
              written.push(batch);
              await writer.write(batch);
            }
            // As after a crash: what is old comes once more, after what is newer.
            for (const batch of written) await writer.write(batch);
            const expected = [...model.values()].sort((a, b) => a.timeUs - b.timeUs).map(withoutAddress);
            expect(await read(sensor)).toEqual(expected);
            const middleUs = DAY_START_US + hours * HOUR_US;
            expect(await read(sensor, middleUs)).toEqual(expected.filter(({ timeUs }) => timeUs >= middleUs));
            expect(await read(sensor, EVERYTHING[0], middleUs)).toEqual(
              expected.filter(({ timeUs }) => timeUs < middleUs),
            );
            for (const beforeUs of [middleUs, 9e15, ...[...model.keys()].slice(0, 3)]) {
              expect(await reader.lastBefore(sensor, beforeUs)).toEqual(
                expected.findLast(({ timeUs }) => timeUs < beforeUs),
              );
            }
          },
        ),
        { numRuns: 20 },
      );
    }, 300_000);

    test('keeps what came later in the stream when something older is written again', async () => {
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      const old = sensors.batch([sampleRow({ ...sensor, value: 'old', receivedUs: 1_000 })], 0);
      const corrected = sensors.batch([sampleRow({ ...sensor, value: 2, receivedUs: 2_000 })], 0);
      await writer.write(old);
      await writer.write(corrected);
      await writer.write(old);
      expect(await read(sensor)).toMatchObject([{ value: 2 }]);
    });

    test('gives back every kind of value as it was written', async () => {
      const values = [
        [NaN, Infinity, -Infinity, 0, 1, -1.5, 1e-300, Number.MAX_SAFE_INTEGER, 0.1 + 0.2],
        ['', '0', '1.0', 'NaN', 'é\u{1F52D}', 'a\0b', '\ud800', '[]', 'null'],
        [true, false, null],
        [[], [0], [NaN, Infinity, -Infinity, 1.25], Array.from({ length: 10_000 }, (_, place) => place / 7)],
      ].flat(1);
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      const samples = values.map((value, place) =>
        sampleRow({ ...sensor, timeUs: DAY_START_US + place, value }),
      );
      await writer.write(sensors.batch(samples, 0));
      expect(await read(sensor)).toEqual(samples.map(withoutAddress));
    });

    test('lets another kind of value take the place of one that had a text, and the other way round', async () => {
      const values = ['text', 1.5, null, [1, 2], true, NaN, 'text again', [], null] as const;
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      for (const [place, value] of values.entries()) {
        await writer.write(sensors.batch([sampleRow({ ...sensor, value: value })], place));
        expect((await read(sensor)).map((sample) => sample.value)).toEqual([value]);
      }
    });

    test('reads many pages of several partitions in blocks of the size that is asked for', async () => {
      const sensors = newSensors();
      const sensor = newSensor(sensors, { widths: [{ fromUs: -Infinity, width: 'fast' }] });
      const samples = Array.from({ length: 12_000 }, (_, place) =>
        sampleRow({ ...sensor, timeUs: DAY_START_US + place * 1e6, value: place }),
      );
      watched.batches.length = 0;
      await writer.write(sensors.batch(samples, 0));
      const ofSamples = watched.batches.filter(({ cql }) => cql.includes('TIMESTAMP'));
      // Four hours: 1,000 rows of one partition in each batch, the rest of each hour in one more.
      expect(ofSamples.map(({ rows }) => rows)).toEqual([
        1_000, 1_000, 1_000, 600, 1_000, 1_000, 1_000, 600, 1_000, 1_000, 1_000, 600, 1_000, 200,
      ]);
      expect(ofSamples.every(({ partitions }) => partitions === 1)).toBe(true);
      const expected = samples.map(withoutAddress);
      expect(await read(sensor)).toEqual(expected);
      const [from, to] = [DAY_START_US + 3_000e6, DAY_START_US + 8_000e6];
      expect(await readPieces(reader, sensor, from, to, { samplesAtOnce: 700 })).toEqual(
        expected.slice(3_000, 8_000),
      );
    });

    test('reads long values in pages that fit into the memory', async () => {
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      const samples = Array.from({ length: 300 }, (_, place) =>
        sampleRow({ ...sensor, timeUs: DAY_START_US + place, value: `${place} ${'x'.repeat(20_000)}` }),
      );
      await writer.write(sensors.batch(samples, 0));
      const { reader: careful } = open({ pageBytes: 200_000 });
      const lengths: number[] = [];
      for await (const { block } of careful.pieces(sensor, ...EVERYTHING)) lengths.push(block!.length);
      expect(lengths.reduce((sum, length) => sum + length)).toBe(300);
      // The first page finds out.
      expect(Math.max(...lengths.slice(1))).toBeLessThanOrEqual(10);
    });

    test('writes few rows of many partitions in batches over ten of them, within what Cassandra takes without a warning', async () => {
      const sensors = newSensors();
      const many = Array.from({ length: 95 }, (_, place) =>
        newSensor(sensors, { sensor: `many_${nextId}_${place}` }),
      );
      const samples = many.flatMap((sensor) =>
        [1, 2].map((place) => sampleRow({ ...sensor, timeUs: DAY_START_US + place, value: place })),
      );
      watched.batches.length = 0;
      await writer.write(sensors.batch(samples, 0));
      const ofSamples = watched.batches.filter(({ cql }) => cql.includes('TIMESTAMP'));
      expect(ofSamples.map(({ partitions }) => partitions)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
      expect(await read(many[94]!)).toEqual(samples.slice(-2).map(withoutAddress));
    });

    test('asks nobody which partitions it has registered, until what it wrote may be gone', async () => {
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      const batch = sensors.batch([sampleRow({ ...sensor })], 0);
      await writer.write(batch);
      const registered = () => watched.batches.filter(({ cql }) => cql.includes('buckets')).length;
      watched.batches.length = 0;
      await writer.write(batch);
      expect(registered()).toBe(0);
      await session.execute('DELETE FROM buckets WHERE sensor = ?', [sensor.id]);
      await writer.write(batch);
      expect(await read(sensor)).toEqual([]);
      writer.forgetWritten?.();
      await writer.write(batch);
      expect(registered()).toBe(1);
      expect(await read(sensor)).toHaveLength(1);
    });

    test('rejects when the session is gone, and what it was to write is written by another one', async () => {
      const sensors = newSensors();
      const sensor = newSensor(sensors);
      const samples = Array.from({ length: 300 }, (_, place) =>
        sampleRow({ ...sensor, timeUs: DAY_START_US + place * 86_400e6, value: place }),
      );
      await session.close();
      await expect(writer.write(sensors.batch(samples, 0))).rejects.toMatchObject({ code: 'CLOSED' });
      session = await openSession({ contactPoints: [await sharedCassandra()], keyspace: keyspace.name });
      watched = new WatchedSession(session);
      ({ writer, reader } = open());
      await writer.write(sensors.batch(samples, 0));
      expect(await read(sensor)).toHaveLength(300);
    });
  });
}
