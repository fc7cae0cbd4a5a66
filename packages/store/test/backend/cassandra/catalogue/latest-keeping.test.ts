import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LatestColumns } from '../../../../src/backend/cassandra/catalogue/latest-columns.ts';
import { LatestKeeping } from '../../../../src/backend/cassandra/catalogue/latest-keeping.ts';
import { MetSensor } from '../../../../src/backend/cassandra/catalogue/met-sensor.ts';
import { WriteClock } from '../../../../src/backend/cassandra/catalogue/write-clock.ts';
import { packSamples } from '../../../../src/backend/sample-columns.ts';
import { sampleRow } from '../../rows.ts';

const SENSORS = 100;
let sensors: MetSensor[];
let columns: LatestColumns;
let clock: WriteClock;
/** Requests: the sensors of each, with the values that they had. */
let written: { readonly numbers: number[]; readonly values: number[] }[];
let fails: boolean;
let troubles: unknown[];
let keeping: LatestKeeping;

beforeEach(() => {
  vi.useFakeTimers();
  sensors = Array.from(
    { length: SENSORS },
    (_, number) => new MetSensor({ component: `m${number % 3}`, sensor: `s_${number}` }, number),
  );
  columns = new LatestColumns();
  for (const { number } of sensors) columns.cover(number);
  clock = new WriteClock(() => performance.now() * 1000);
  written = [];
  fails = false;
  troubles = [];
  keeping = new LatestKeeping(
    {
      table: {
        write: (some, rowOf) => {
          const rows = some.map(rowOf);
          if (fails) return Promise.reject(new Error('it is away'));
          written.push({
            numbers: some.map(({ number }) => number),
            values: rows.map(({ value }) => value),
          });
          return Promise.resolve();
        },
      },
      columns,
      clock,
      sensorOf: (number) => sensors[number]!,
      onTrouble: (error) => troubles.push(error),
    },
    { latestSeconds: 10, latestRowsPerSecond: 10_000 },
  );
});
afterEach(() => {
  keeping.stop();
  vi.useRealTimers();
});

let times = 0;

function change(numbers: readonly number[], value: number): void {
  times++;
  const samples = numbers.map((number) => sampleRow({ sensor: `s_${number}`, timeUs: 1e15 + times, value }));
  const packed = packSamples(samples, ({ sensor }) => Number(sensor.slice(2)));
  columns.take(packed, new Float64Array(samples.length).fill(1e15 + times), () => undefined);
}

const all = Array.from({ length: SENSORS }, (_, number) => number);
const writtenNumbers = () => written.flatMap(({ numbers }) => numbers).sort((a, b) => a - b);

test('a round writes each sensor that changed once, with the value of then, components apart', async () => {
  change(all, 1);
  keeping.start(0);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(writtenNumbers()).toEqual(all);
  expect(written.length).toBeGreaterThan(10);
  for (const { numbers } of written) {
    expect(new Set(numbers.map((number) => sensors[number]!.component)).size).toBeLessThan(3);
  }
  written = [];
  change([7], 2);
  change([7], 3);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(written).toEqual([{ numbers: [7], values: [3] }]);
});

test('what changes while a round goes on is in that round or in the next one', async () => {
  change(all, 1);
  keeping.start(0);
  await vi.advanceTimersByTimeAsync(1_500);
  const before = new Set(writtenNumbers());
  expect(before.size).toBeGreaterThan(0);
  expect(before.size).toBeLessThan(SENSORS);
  change(all, 2);
  await vi.advanceTimersByTimeAsync(20_000);
  const last = new Map(
    written.flatMap(({ numbers, values }) => numbers.map((n, place) => [n, values[place]])),
  );
  expect([...last.values()]).toEqual(all.map(() => 2));
});

test('a round that fails is told of, counts for nothing, and all of it comes again', async () => {
  keeping.start(0);
  await vi.advanceTimersByTimeAsync(500);
  const through = keeping.throughUs;
  change(all, 1);
  fails = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(troubles.length).toBeGreaterThan(1);
  expect(keeping.throughUs).toBe(through);
  fails = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect([...new Set(writtenNumbers())]).toEqual(all);
  expect(keeping.throughUs).toBeGreaterThan(through);
});

test('at the end everything is written, also the rest of a round', async () => {
  change(all, 1);
  keeping.start(0);
  await vi.advanceTimersByTimeAsync(1_500);
  change([3], 4);
  keeping.stop();
  await keeping.settle();
  expect([...new Set(writtenNumbers())]).toEqual(all);
  expect(written.at(-1)!.values).toContain(4);
});

test('the later write of a row has the later write timestamp, whatever the stream said', () => {
  change([1], 1);
  const first = columns.rowOf(1).writtenUs;
  expect(first).toBe(1e15 + times);
  columns.giveBack([1]);
  expect(columns.rowOf(1).writtenUs).toBe(first + 1);
});
