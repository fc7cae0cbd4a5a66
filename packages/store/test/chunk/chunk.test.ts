import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnBlock } from '../../src/backend/column-block.ts';
import { blockOf, sampleAt } from '../../src/backend/sample-block.ts';
import type { StoredSample } from '../../src/backend/stored-sample.ts';
import { encodeChunk } from '../../src/chunk/chunk-encoder.ts';
import { summaryOf } from '../../src/chunk/chunk-summary.ts';
import { Chunk } from '../../src/chunk/chunk.ts';
import { StoreError } from '../../src/errors.ts';
import { DAY_START_US } from '../backend/rows.ts';
import { anySamples } from './any-block.ts';

const decode = (bytes: Uint8Array) => new Chunk(bytes, 'here');
const samplesOf = (block: ColumnBlock) =>
  Array.from({ length: block.length }, (_, place) => sampleAt(block, place));

/** Columns as bits: -0 is not 0, and each NaN is the same. */
const bits = ({ timesUs, valueTimesUs, statuses, kinds, numbers, texts }: ColumnBlock) => ({
  times: new BigUint64Array(timesUs.slice().buffer),
  valueTimes: new BigUint64Array(valueTimesUs.slice().buffer),
  numbers: new BigUint64Array(numbers.slice().buffer),
  statuses: statuses.slice(),
  kinds: kinds.slice(),
  texts,
});

const samples = (values: readonly StoredSample['value'][], stepUs = 1e6): StoredSample[] =>
  values.map((value, place) => ({
    timeUs: DAY_START_US + place * stepUs,
    valueTimeUs: DAY_START_US + place * stepUs - 150,
    status: 'nominal',
    value,
  }));

describe('a chunk', () => {
  test('gives back every column bit by bit', () => {
    fc.assert(
      fc.property(anySamples, fc.boolean(), (some, compress) => {
        const block = blockOf(some);
        const chunk = decode(encodeChunk(block, { compress }));
        expect(bits(chunk)).toEqual(bits(block));
        expect(samplesOf(chunk)).toEqual(some);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['minus zero among zeros', [0, -0, 0, -0]],
    [
      'a NaN, an infinity and a third among decimals',
      [...Array<number>(100).fill(1.25), NaN, Infinity, 1 / 3, 2.5],
    ],
    ['no value at all', [null, null, null]],
    ['an array among numbers', [1, [1, NaN, -Infinity], 2]],
    ['the largest integers', [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0]],
    ['texts of which one begins with a byte order mark', ['\ufeffx', 'x', '']],
    ['one sample', ['only']],
  ])('keeps %s', (_, values) => {
    const some = samples(values);
    expect(samplesOf(decode(encodeChunk(blockOf(some))))).toEqual(some);
  });

  test('gives back the same wherever in a larger Buffer it lies', () => {
    const block = blockOf(samples(Array.from({ length: 40 }, (_, place) => Math.PI ** (place / 3))));
    const bytes = encodeChunk(block, { compress: false });
    for (let offset = 0; offset < 9; offset++) {
      const larger = Buffer.alloc(bytes.length + 24, 7);
      larger.set(bytes, offset);
      expect(bits(decode(larger.subarray(offset, offset + bytes.length)))).toEqual(bits(block));
    }
  });

  test('refuses no samples, and more than a reader has room for', () => {
    expect(() => encodeChunk(blockOf([]))).toThrow(RangeError);
    expect(() => encodeChunk(blockOf(samples(Array<number>(65_537).fill(1))))).toThrow(RangeError);
  });

  test('takes some bytes for columns that do not change', () => {
    const bytes = encodeChunk(blockOf(samples(Array<number>(3_600).fill(21.5))));
    expect(bytes.length).toBeLessThan(100);
  });

  test('is told from other bytes, from a later version, and from half of itself', () => {
    const bytes = encodeChunk(blockOf(samples([1, 2.5, 'x'])));
    const error = (mangled: Uint8Array) => {
      try {
        decode(mangled);
      } catch (caught) {
        return caught;
      }
      return undefined;
    };
    expect(error(new Uint8Array(100))).toMatchObject({ code: 'CORRUPT', path: 'here' });
    const later = bytes.slice();
    later[4] = 2;
    expect(error(later)).toMatchObject({ code: 'SCHEMA_VERSION' });
    for (let length = 0; length < bytes.length; length++) {
      expect(error(bytes.subarray(0, length)), `${length} bytes`).toMatchObject({ code: 'CORRUPT' });
    }
    expect(error(Uint8Array.of(...bytes, 0))).toMatchObject({ code: 'CORRUPT' });
  });

  test('notices every changed byte, or is the same without it', () => {
    fc.assert(
      fc.property(anySamples, fc.nat(), fc.integer({ min: 1, max: 255 }), (some, where, mask) => {
        const block = blockOf(some);
        const bytes = encodeChunk(block);
        bytes[where % bytes.length]! ^= mask;
        expectSameOrRefused(bytes, block);
      }),
      { numRuns: 2_000 },
    );
  });

  test('notices every changed byte of one that has all the sections', () => {
    const values = Array.from({ length: 2_000 }, (_, place) =>
      place % 9 === 0 ? `text ${place % 5}` : Math.sin(place),
    );
    const some = samples(values).map((sample, place) => ({
      ...sample,
      valueTimeUs: sample.timeUs - (place % 77),
      status: place % 100 < 50 ? ('warn' as const) : ('error' as const),
    }));
    const block = blockOf(some);
    const whole = encodeChunk(block);
    for (let at = 0; at < whole.length; at += at < 200 ? 1 : 61) {
      const bytes = whole.slice();
      bytes[at]! ^= 1 << (at % 8);
      expectSameOrRefused(bytes, block);
    }
  });

  test('refuses any bytes under a right checksum with a StoreError', () => {
    fc.assert(
      fc.property(
        anySamples,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 20 }),
        (some, changes) => {
          const bytes = encodeChunk(blockOf(some), { compress: false });
          const start = 16 + 16 * bytes[5]!;
          for (const [where, byte] of changes) bytes[start + (where % (bytes.length - start))] = byte;
          resign(bytes);
          try {
            samplesOf(decode(bytes));
          } catch (error) {
            const isOfValue = !(error instanceof StoreError);
            // A text that is no JSON, or a status or kind that nobody knows: the codec gives back what was put in.
            if (isOfValue) expect(String(error)).toMatch(/JSON|status|kind|map/);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('is summed up', () => {
    const some = samples([2, NaN, -1.5, Infinity]);
    expect(summaryOf(blockOf(some))).toEqual({
      count: 4,
      numbers: 3,
      nans: 1,
      min: -1.5,
      max: Infinity,
      sum: Infinity,
      firstUs: DAY_START_US,
      lastUs: DAY_START_US + 3e6,
      firstValue: 2,
      lastValue: Infinity,
      worst: 0,
    });
    expect(summaryOf(blockOf(samples([true, 'x', null])))).toMatchObject({
      count: 3,
      numbers: 0,
      nans: 0,
      min: NaN,
    });
  });
});

function expectSameOrRefused(bytes: Uint8Array, block: ColumnBlock): void {
  let read;
  try {
    read = bits(decode(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).code).toMatch(/^(CORRUPT|SCHEMA_VERSION)$/);
    return;
  }
  expect(read).toEqual(bits(block));
}

/** Puts right checksums on whatever the bytes are: what only a faulty writer does. */
function resign(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 16 + 16 * bytes[5]!;
  let offset = end;
  for (let at = 16; at < end; at += 16) {
    const length = view.getUint32(at + 4, true);
    view.setUint32(at + 12, crc32(bytes.subarray(offset, offset + length)), true);
    offset += length;
  }
  view.setUint32(12, crc32(bytes.subarray(16, end), crc32(bytes.subarray(0, 12))), true);
}
