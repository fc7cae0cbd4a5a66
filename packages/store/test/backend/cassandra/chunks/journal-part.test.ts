import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchParts } from '../../../../src/backend/cassandra/chunks/batch-parts.ts';
import {
  encodeJournalPart,
  JournalPart,
  type JournalSamples,
} from '../../../../src/backend/cassandra/chunks/journal-part.ts';
import { rangeOf, shardOf, shardsFor, shardsWith } from '../../../../src/backend/cassandra/chunks/shard.ts';
import { blockOf, sampleAt } from '../../../../src/backend/sample-block.ts';
import type { SampleRow } from '../../../../src/backend/stored-sample.ts';
import { anySampleRow, sampleRow, withoutAddress } from '../../rows.ts';
import { parseMarkdown } from '../../../../../../test/support/documents.ts';
import { readFileSync } from 'node:fs';
import { DAY_START_US } from '../../rows.ts';
import { LayoutSensors } from '../rows/layout-batch.ts';

const SENSORS = [
  ['wx', 'wind'],
  ['wx', 'station_wind'],
  ['wx_station', 'wind'],
  ['wx_station', 'station_wind'],
  ['m000', 'wind'],
  ['m000', 'station_wind'],
] as const;

function sensors(): LayoutSensors {
  const all = new LayoutSensors(1);
  for (const [place, [component, sensor]] of SENSORS.entries()) {
    all.add({ component, sensor, id: Math.floor(((place + 0.5) / SENSORS.length) * 2 ** 52) });
  }
  return all;
}

/** Samples of each sensor, in the order in which they are. */
function bySensor(parts: Iterable<JournalSamples>): Map<number, unknown[]> {
  const found = new Map<number, unknown[]>();
  for (const { block, sensors, counts, received } of parts) {
    let place = 0;
    for (const [run, sensor] of sensors.entries()) {
      for (const end = place + counts[run]!; place < end; place++) {
        const samples = found.get(sensor) ?? [];
        samples.push({ ...sampleAt(block, place), receivedUs: received[place] });
        found.set(sensor, samples);
      }
    }
  }
  return found;
}

describe('a row of the journal', () => {
  test('holds every sample of its shard, sensor by sensor, in the order of the stream', () => {
    fc.assert(
      fc.property(
        fc.array(anySampleRow, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(1, 2, 8, 256),
        fc.integer({ min: 0, max: 2 ** 52 }),
        (samples, shards, receivedUs) => {
          const batch = sensors().batch(samples, receivedUs);
          const parts: JournalSamples[] = [];
          for (const { shard, samples: some } of new BatchParts(batch).of(shards)) {
            const part = new JournalPart(encodeJournalPart(some), 'here');
            for (const sensor of part.sensors) expect(shardOf(sensor, shards)).toBe(shard);
            parts.push(part);
          }
          const expected = new Map<number, unknown[]>();
          for (const [row, sample] of samples.entries()) {
            const { id } = batch.sensorOf(batch.columns.sensors[row]!);
            const its = { ...withoutAddress(sample), receivedUs: receivedUs + row };
            expected.set(id, [...(expected.get(id) ?? []), its]);
          }
          expect(bySensor(parts)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is cut where it has many samples or much text', () => {
    const many = Array.from({ length: 40_000 }, (_, place) =>
      sampleRow({ component: 'wx', sensor: 'wind', timeUs: DAY_START_US + place }),
    );
    const parts = [...new BatchParts(sensors().batch(many, 0)).of(4)];
    expect(parts.map(({ samples }) => samples.block.length)).toEqual([16_384, 16_384, 7_232]);
    const texts: SampleRow[] = Array.from({ length: 5 }, (_, place) =>
      sampleRow({
        component: 'wx',
        sensor: 'wind',
        timeUs: DAY_START_US + place,
        value: 'x'.repeat(600_000),
      }),
    );
    const ofTexts = [...new BatchParts(sensors().batch(texts, 0)).of(4)];
    expect(ofTexts.map(({ samples }) => samples.block.length)).toEqual([1, 1, 1, 1, 1]);
  });

  test('finds the samples of a sensor that it has twice, and none of one that it has not', () => {
    const block = blockOf([1, 2, 3, 4].map((value) => sampleRow({ timeUs: DAY_START_US + value, value })));
    const part = new JournalPart(
      encodeJournalPart({
        block,
        received: Float64Array.of(1, 2, 3, 4),
        sensors: Float64Array.of(7, 9, 7),
        counts: Float64Array.of(1, 1, 2),
      }),
      'here',
    );
    expect([...part.spansOf(7)]).toEqual([
      { from: 0, to: 1 },
      { from: 2, to: 4 },
    ]);
    expect([...part.spansOf(8)]).toEqual([]);
  });

  test('is told from other bytes and from half of itself', () => {
    const samples = [1, 2.5].map((value, place) => sampleRow({ timeUs: DAY_START_US + place, value }));
    const bytes = encodeJournalPart({
      block: blockOf(samples),
      received: Float64Array.of(5, 6),
      sensors: Float64Array.of(7),
      counts: Float64Array.of(2),
    });
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 0x11;
      for (const mangled of [changed, bytes.subarray(0, at)]) {
        const read = () => {
          const { sensors, counts, received, block } = new JournalPart(mangled, 'here');
          return [sensors, counts, received, block.timesUs, block.valueTimesUs, block.numbers];
        };
        expect(read, `byte ${at}`).toThrow(/^here: (?:the|a) journal row/);
      }
    }
  });

  test('is what STORAGE.md has, byte by byte', () => {
    const times = [0, 250, 1_000_000];
    const bytes = encodeJournalPart({
      block: blockOf(
        times.map((offsetUs, place) =>
          sampleRow({ timeUs: DAY_START_US + offsetUs, valueTimeUs: DAY_START_US + offsetUs, value: place }),
        ),
      ),
      received: Float64Array.from(times, (offsetUs) => DAY_START_US + offsetUs + 400),
      sensors: Float64Array.of(2 ** 51, 3),
      counts: Float64Array.of(1, 2),
    });
    const text = readFileSync(new URL('../../../../../../STORAGE.md', import.meta.url), 'utf8');
    const hex = parseMarkdown(text).blocks.find((block) => block.text.startsWith('4b 42 63 6a'))?.text ?? '';
    expect(Buffer.from(bytes).toString('hex')).toBe(hex.replaceAll(/\s/g, ''));
  });
});

describe('shards', () => {
  test('are a power of two of some hundred samples a second each, 256 at the most', () => {
    expect([0, 320, 321, 2_000, 20_000, 200_000].map(shardsFor)).toEqual([1, 1, 2, 8, 64, 256]);
  });

  test('of many shards some are one of few', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 52 - 1 }),
        fc.constantFrom(1, 2, 16),
        fc.constantFrom(16, 64, 256),
        (sensor, few, many) => {
          const shard = shardOf(sensor, few);
          expect(shardsWith(rangeOf(shard, few), many)).toContain(shardOf(sensor, many));
          expect(shardsWith(rangeOf(shardOf(sensor, many), many), few)).toEqual([shard]);
        },
      ),
    );
    expect(shardOf(2 ** 52 - 1, 256)).toBe(255);
  });
});
