import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { CHUNK_INSERT, chunkValues } from '../../../../src/backend/cassandra/chunks/chunk-table.ts';
import { chunksLayout } from '../../../../src/backend/cassandra/chunks/chunks-layout.ts';
import type { ChunksOptions } from '../../../../src/backend/cassandra/chunks/chunks-options.ts';
import type {
  LayoutKeeper,
  LayoutReader,
  LayoutSensor,
  LayoutWriter,
} from '../../../../src/backend/cassandra/layout.ts';
import type { CqlSession } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import { blockOf } from '../../../../src/backend/sample-block.ts';
import type { HistoryPiece } from '../../../../src/backend/sample-summary.ts';
import type { SampleRow, StoredSample } from '../../../../src/backend/stored-sample.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { anyValue, DAY_START_US, sampleRow, withoutAddress } from '../../rows.ts';
import { LayoutSensors, readPieces } from '../rows/layout-batch.ts';

const describeWithCassandra = await requires('cassandra');
const HOUR_US = 3_600e6;
const EVERYTHING = [-9e15, 9e15] as const;

describeWithCassandra('layout chunks', () => {
  let keyspace: Awaited<ReturnType<typeof freshKeyspace>>;
  let session: CqlSession;
  /** What all of the layout take for the time, milliseconds. */
  let nowMs = Date.now();
  let firstId = 2 ** 40;
  let sensors: LayoutSensors;
  let writer: LayoutWriter;
  let reader: LayoutReader;
  let keeper: LayoutKeeper;

  beforeAll(async () => {
    const contactPoint = await sharedCassandra();
    keyspace = freshKeyspace(contactPoint);
    session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    for (const statement of chunksLayout().tables) await session.execute(statement);
  }, 180_000);
  afterAll(async () => {
    await session.close();
    await keyspace[Symbol.asyncDispose]();
  });

  function open(options: Partial<ChunksOptions> = {}) {
    const layout = chunksLayout({ verifyAfterSeconds: 0, ...options }, () => nowMs);
    writer = layout.writer(session);
    reader = layout.reader(session);
    keeper = layout.keeper!(session);
  }

  beforeEach(async () => {
    firstId += 2 ** 30;
    sensors = new LayoutSensors(firstId);
    open();
    // Whatever the test before has left is sealed; the hours of this one are its own.
    nextHour();
    await keeper.pass(nowMs).catch(() => undefined);
    nextHour();
  }, 60_000);
  afterEach(async () => {
    await writer.close();
    await reader.close();
    await keeper.close();
  });

  const add = (sensor: string, id?: number): LayoutSensor =>
    sensors.add({ component: 'wx', sensor, ...(id !== undefined && { id }) });
  const row = (sensor: LayoutSensor, timeUs: number, value: SampleRow['value']): SampleRow =>
    sampleRow({ component: 'wx', sensor: sensor.sensor, timeUs, valueTimeUs: timeUs, value });
  const write = (samples: readonly SampleRow[], receivedUs = nowMs * 1_000) =>
    writer.write(sensors.batch(samples, receivedUs));
  const read = (sensor: LayoutSensor, [startUs, endUs]: readonly [number, number] = EVERYTHING) =>
    readPieces(reader, sensor, startUs, endUs);
  /** The session, but for some of it. */
  const sessionWith = (some: Partial<Pick<CqlSession, 'execute' | 'batch'>>): CqlSession => ({
    keyspace: session.keyspace,
    execute: (cql, values, options) => session.execute(cql, values, options),
    pages: (cql, values, options) => session.pages(cql, values, options),
    cells: (cql, values, options) => session.cells(cql, values, options),
    batch: (cql, rows, timestampUs) => session.batch(cql, rows, timestampUs),
    close: () => Promise.resolve(),
    ...some,
  });

  /** Rows of its chunks, or of its buckets. */
  const rowsOf = ({ id }: LayoutSensor, table = 'chunks') =>
    session.execute(`SELECT * FROM ${table} WHERE sensor = ? ALLOW FILTERING`, [id]);
  /** To where the hour of now is over and due. */
  const nextHour = () => {
    nowMs = (Math.floor(nowMs / 3_600e3) + 1) * 3_600e3 + 181_000;
  };

  test('reads what was written, before it is sealed and after', async () => {
    const [wind, rain] = [add('wind'), add('rain', 2 ** 51)];
    const samples = Array.from({ length: 100 }, (_, place) => row(wind, DAY_START_US + place * 1e6, place));
    await write([...samples, row(rain, DAY_START_US, 'drops')]);
    expect(await read(wind)).toEqual(samples.map(withoutAddress));
    expect(await keeper.pass(nowMs)).toMatchObject({ sealedSlices: 0, chunks: 0 });
    nextHour();
    expect(await keeper.pass(nowMs)).toMatchObject({ sealedSlices: 1, samples: 101, chunks: 2 });
    expect(await read(wind)).toEqual(samples.map(withoutAddress));
    expect(await read(rain)).toEqual([withoutAddress(row(rain, DAY_START_US, 'drops'))]);
    expect(await read(wind, [DAY_START_US + 10e6, DAY_START_US + 12e6])).toHaveLength(2);
  });

  test('keeps the sample that the stream took last, in the journal and over a chunk', async () => {
    const wind = add('wind');
    const at = (value: number) => row(wind, DAY_START_US, value);
    await write([at(2)], 20);
    await write([at(1)], 10);
    expect(await read(wind)).toEqual([withoutAddress(at(2))]);
    nextHour();
    await keeper.pass(nowMs);
    await write([at(1)], 10);
    expect(await read(wind)).toEqual([withoutAddress(at(2))]);
    await write([at(3)], 30);
    expect(await read(wind)).toEqual([withoutAddress(at(3))]);
    nextHour();
    await keeper.pass(nowMs);
    expect(await read(wind)).toEqual([withoutAddress(at(3))]);
  });

  test('cuts an hour of many samples, and lays late ones into its parts', async () => {
    const fast = add('fast');
    const step = 0.25e6;
    const samples = Array.from({ length: 14_400 }, (_, place) =>
      row(fast, DAY_START_US + place * step, place),
    );
    const late = samples.filter((_, place) => place % 100 === 7);
    await write(samples.filter((sample) => !late.includes(sample)));
    nextHour();
    await keeper.pass(nowMs);
    expect((await rowsOf(fast)).length).toBeGreaterThanOrEqual(4);
    await write(late);
    expect(await read(fast)).toEqual(samples.map(withoutAddress));
    nextHour();
    await keeper.pass(nowMs);
    expect(await read(fast)).toEqual(samples.map(withoutAddress));
    const rows = await rowsOf(fast);
    expect(Math.max(...rows.map(({ count }) => count as number))).toBeLessThanOrEqual(4_096);
    expect(rows.reduce((sum, { count }) => sum + (count as number), 0)).toBe(14_400);
  });

  test('leaves away what a chunk has of the next one, as when the keeper died between the two', async () => {
    const fast = add('fast');
    const samples = Array.from({ length: 6_000 }, (_, place) =>
      row(fast, DAY_START_US + place * 0.5e6, place),
    );
    await write(samples);
    nextHour();
    await keeper.pass(nowMs);
    const [first, second] = await rowsOf(fast);
    expect(second!.from_t).toBe(DAY_START_US + HOUR_US / 2);
    // The second half is written, the first one still has the whole hour.
    const partition = { sensor: fast.id, bucket: first!.bucket as number };
    const chunk = {
      fromUs: first!.from_t as number,
      block: blockOf(samples),
      receivedToUs: first!.received_to as number,
    };
    await session.batch(CHUNK_INSERT, [chunkValues(partition, chunk, 0)], nowMs * 1_000 + 1e6);
    expect(await read(fast)).toEqual(samples.map(withoutAddress));
    expect(await reader.lastBefore(fast, second!.from_t as number)).toEqual(withoutAddress(samples[3_599]!));
    const options = { maySumUp: () => true };
    const pieces = await collect(reader.pieces(fast, ...EVERYTHING, options));
    expect(pieces.map(({ block, summary }) => block?.length ?? summary?.count)).toEqual([3_600, 2_400]);
  });

  test('seals what is not over when it is asked to, and takes it for unsealed all the same', async () => {
    const wind = add('wind');
    await write([row(wind, DAY_START_US, 1)]);
    expect(await keeper.pass(nowMs + 1e12)).toMatchObject({ sealedSlices: 0, samples: 1, chunks: 1 });
    await write([row(wind, DAY_START_US + 1, 2)]);
    expect(await read(wind)).toHaveLength(2);
    expect(await keeper.pass(nowMs + 1e12)).toMatchObject({ samples: 2, chunks: 1 });
    // Nothing is new: nothing is written.
    expect(await keeper.pass(nowMs + 1e12)).toMatchObject({ samples: 2, chunks: 0 });
    expect(await read(wind)).toHaveLength(2);
  });

  test('sums up chunks into which nothing came late', async () => {
    const wind = add('wind');
    const samples = Array.from({ length: 3 * 360 }, (_, place) =>
      row(wind, DAY_START_US + place * 10e6, place),
    );
    await write(samples);
    nextHour();
    await keeper.pass(nowMs);
    const pieces = () =>
      collect(reader.pieces(wind, DAY_START_US, DAY_START_US + 3 * HOUR_US, { maySumUp: () => true }));
    const sealed = await pieces();
    expect(sealed.map(({ summary }) => summary?.count)).toEqual([360, 360, 360]);
    expect(sealed[1]!.summary).toMatchObject({
      min: 360,
      max: 719,
      firstUs: DAY_START_US + HOUR_US,
      worst: 0,
    });
    await write([row(wind, DAY_START_US + HOUR_US + 1, 5)]);
    const late = await pieces();
    expect(late.map(({ summary, block }) => summary?.count ?? block?.length)).toEqual([360, 361, 360]);
    expect(late[1]!.block).toBeDefined();
  });

  test('seals again what is not there half a minute later', async () => {
    const wind = add('wind');
    await write([row(wind, DAY_START_US, 1)]);
    nextHour();
    let isLost = false;
    const lossy = sessionWith({
      // A node that has acknowledged a chunk and crashes before it is on its disk.
      batch: (cql, rows, timestampUs) => {
        if (cql !== CHUNK_INSERT || isLost) return session.batch(cql, rows, timestampUs);
        isLost = true;
        return Promise.resolve();
      },
    });
    const unlucky = chunksLayout({ verifyAfterSeconds: 0 }, () => nowMs).keeper!(lossy);
    await expect(unlucky.pass(nowMs)).rejects.toMatchObject({ code: 'IO' });
    expect(await read(wind)).toHaveLength(1);
    expect(await unlucky.pass(nowMs)).toMatchObject({ sealedSlices: 1, chunks: 1 });
    expect(await read(wind)).toHaveLength(1);
  });

  test('goes on behind the shards that are done', async () => {
    const spread = Array.from({ length: 300 }, (_, place) =>
      add(`s${place}`, Math.floor((place / 300) * 2 ** 52) + 1),
    );
    await write(spread.map((sensor) => row(sensor, DAY_START_US, 1)));
    nextHour();
    let chunks = 0;
    const ending = sessionWith({
      batch: (cql, rows, timestampUs) => {
        if (cql === CHUNK_INSERT) chunks += rows.length;
        if (chunks > 200) return Promise.reject(new Error('the power is gone'));
        return session.batch(cql, rows, timestampUs);
      },
    });
    // As many shards as the journal has.
    const options = { verifyAfterSeconds: 0, sealSamples: 1_000 };
    await expect(chunksLayout(options, () => nowMs).keeper!(ending).pass(nowMs)).rejects.toThrow();
    await keeper.close();
    open(options);
    const report = await keeper.pass(nowMs);
    expect(report.sealedSlices).toBe(1);
    expect(report.samples).toBeLessThan(300);
    for (const sensor of [...spread.slice(0, 5), ...spread.slice(-5)])
      expect(await read(sensor)).toHaveLength(1);
  });

  test('writes again what is acknowledged after its slice may be sealed', async () => {
    const wind = add('wind');
    let answers = 0;
    const frozen = sessionWith({
      execute: async (cql, values, options) => {
        const rows = await session.execute(cql, values, options);
        // A process that was stopped, and goes on an hour later.
        if (cql.startsWith('INSERT INTO journal') && ++answers === 1) nowMs += 3_600_000;
        return rows;
      },
    });
    const late = chunksLayout({}, () => nowMs).writer(frozen);
    await late.write(sensors.batch([row(wind, DAY_START_US, 1)], 1));
    expect(answers).toBe(2);
    await late.close();
    expect(await read(wind)).toHaveLength(1);
  });

  test('says when the journal went before it was sealed', async () => {
    await write([row(add('wind'), DAY_START_US, 1)]);
    nextHour();
    await keeper.pass(nowMs);
    expect(keeper.lagSeconds(nowMs)).toBe(0);
    nowMs += 9 * 86_400e3;
    expect(keeper.lagSeconds(nowMs)).toBeGreaterThan(8.9 * 86_400);
    await expect(keeper.pass(nowMs)).rejects.toThrow(/has gone with the journal before it was sealed/);
    expect(keeper.lagSeconds(nowMs)).toBe(0);
    await keeper.pass(nowMs);
  });

  test('gives a sensor that gets faster a shorter bucket', async () => {
    const wind = add('wind');
    await write([row(wind, DAY_START_US, 1)]);
    nextHour();
    await keeper.pass(nowMs);
    const fast = Array.from({ length: 20_000 }, (_, place) =>
      row(wind, DAY_START_US + 2 * HOUR_US + place * 0.1e6, place),
    );
    await write(fast);
    nextHour();
    await keeper.pass(nowMs);
    const buckets = await rowsOf(wind, 'chunk_buckets');
    expect(buckets).toHaveLength(2);
    expect(buckets[1]).toMatchObject({
      from_t: DAY_START_US + 2 * HOUR_US,
      to_t: DAY_START_US + 24 * HOUR_US,
    });
    expect(await read(wind)).toHaveLength(20_001);
    const last = await reader.lastBefore(wind, DAY_START_US + 2 * HOUR_US);
    expect(last).toMatchObject({ timeUs: DAY_START_US, value: 1 });
  });

  test('refuses options with which samples could be lost', () => {
    expect(() => chunksLayout({ sealAfterSeconds: 60 })).toThrow(/^sealAfterSeconds/);
    expect(() => chunksLayout({ journalTtlSeconds: 3_600 })).toThrow(/^journalTtlSeconds/);
  });

  test('is as a map by sensor and time, whatever comes in which order, sealed or not', async () => {
    const anyTime = fc.oneof(
      fc.integer({ min: -3, max: 3 }).map((offset) => DAY_START_US + offset),
      fc.integer({ min: -2, max: 30 }).map((half) => DAY_START_US + half * (HOUR_US / 2)),
      fc.integer({ min: 0, max: 400 }).map((days) => DAY_START_US - days * 86_400e6),
    );
    const anySamples = fc.array(fc.tuple(fc.nat({ max: 2 }), anyTime, anyValue), {
      minLength: 1,
      maxLength: 25,
    });
    const anyStep = fc.oneof(
      { weight: 4, arbitrary: anySamples.map((samples) => ({ samples })) },
      { weight: 1, arbitrary: fc.constant({ do: 'again' as const }) },
      { weight: 2, arbitrary: fc.constant({ do: 'seal' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'sealEarly' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'minute' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 1, maxLength: 10 }),
        fc.boolean(),
        async (steps, small) => {
          run += 1;
          open(small ? { sealSamples: 7 } : {});
          const some = [0, 1, 2].map((place) => add(`s${run}_${place}`, (place * 2 + 1) * 2 ** 49 + run));
          const model = some.map(() => new Map<number, StoredSample>());
          let receivedUs = nowMs * 1_000;
          let last: (() => Promise<void>) | undefined;
          for (const step of steps) {
            if ('samples' in step) {
              const rows = step.samples.map(([sensor, timeUs, value]) => row(some[sensor]!, timeUs, value));
              const batch = sensors.batch(rows, receivedUs);
              receivedUs += 1_000;
              last = () => writer.write(batch);
              await last();
              for (const [place, [sensor]] of step.samples.entries()) {
                model[sensor]!.set(rows[place]!.timeUs, withoutAddress(rows[place]!));
              }
              continue;
            }
            switch (step.do) {
              case 'again':
                // Delivered once more: it is older than what came since.
                await last?.();
                break;
              case 'seal':
                nextHour();
                await keeper.pass(nowMs);
                break;
              case 'sealEarly':
                await keeper.pass(nowMs + 1e12);
                break;
              case 'minute':
                nowMs += 61_000;
                break;
              case 'restart':
                await writer.close();
                open(small ? { sealSamples: 7 } : {});
            }
          }
          for (const [place, sensor] of some.entries()) {
            const expected = [...model[place]!.values()].sort((a, b) => a.timeUs - b.timeUs);
            expect(await read(sensor)).toEqual(expected);
            for (const timeUs of [
              DAY_START_US - 200 * 86_400e6,
              DAY_START_US,
              DAY_START_US + 5 * HOUR_US + 1,
              9e15,
            ]) {
              const before = expected.findLast((sample) => sample.timeUs < timeUs);
              expect(await reader.lastBefore(sensor, timeUs)).toEqual(before);
            }
            const some_ = [DAY_START_US - 40 * 86_400e6, DAY_START_US + HOUR_US] as const;
            expect(await read(sensor, some_)).toEqual(
              expected.filter(({ timeUs }) => timeUs >= some_[0] && timeUs < some_[1]),
            );
          }
          await writer.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 300_000);
});

async function collect(pieces: AsyncIterable<HistoryPiece>): Promise<HistoryPiece[]> {
  const found: HistoryPiece[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}
