import { types } from 'cassandra-driver';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { batchFrame, type BoundType } from '../../../../src/backend/cassandra/session/batch-frame.ts';
import type { CqlValue } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { toDriverValues } from '../../../../src/backend/cassandra/session/cql-rows.ts';

interface DriverEncoder {
  encode(value: unknown, type: BoundType): Buffer;
}
interface DriverRequest {
  write(encoder: DriverEncoder, streamId: number): Buffer;
}

// The driver's own way to the bytes, which ours must be equal to.
const require = createRequire(import.meta.url);
const { BatchRequest } = require('cassandra-driver/lib/requests') as {
  BatchRequest: new (items: readonly object[], execution: object) => DriverRequest;
};
const Encoder = require('cassandra-driver/lib/encoder') as new (
  version: number,
  options: object,
) => DriverEncoder;

const encoder = new Encoder(4, { encoding: { useUndefinedAsUnset: true } });
const queryId = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const { dataTypes, consistencies } = types;
const TIMESTAMP_US = 1_795_305_600_123_457;

const COLUMNS: readonly (readonly [string, BoundType])[] = [
  ['sensor', { code: dataTypes.bigint }],
  ['status', { code: dataTypes.tinyint }],
  ['small', { code: dataTypes.smallint }],
  ['number', { code: dataTypes.int }],
  ['value', { code: dataTypes.double }],
  ['text', { code: dataTypes.varchar }],
  ['flag', { code: dataTypes.boolean }],
  ['data', { code: dataTypes.blob }],
  ['list', { code: dataTypes.list, info: { code: dataTypes.double } }],
  ['id', { code: dataTypes.uuid }],
  ['at', { code: dataTypes.timestamp }],
];

function ours(rows: readonly (readonly CqlValue[])[], columns = COLUMNS): Buffer {
  return batchFrame(
    { queryId, names: columns.map(([name]) => name), types: columns.map(([, type]) => type) },
    rows,
    {
      streamId: 713,
      consistency: consistencies.localQuorum,
      timestampUs: TIMESTAMP_US,
      encode: (value, type) => encoder.encode(value, type),
    },
  );
}

function theDrivers(rows: readonly (readonly CqlValue[])[]): Buffer {
  const meta = { columns: COLUMNS.map(([name, type]) => ({ name, type })) };
  const items = rows.map((row) => ({ query: '', queryId, meta, params: toDriverValues(row) }));
  const execution = {
    getOrGenerateTimestamp: () => types.Long.fromNumber(TIMESTAMP_US),
    getHints: () => undefined,
    isBatchCounter: () => false,
    isBatchLogged: () => false,
    isQueryTracing: () => false,
    getCustomPayload: () => undefined,
    getConsistency: () => consistencies.localQuorum,
    getSerialConsistency: () => undefined,
    getKeyspace: () => 'katbus',
  };
  return new BatchRequest(items, execution).write(encoder, 713);
}

const NOTHING: readonly CqlValue[] = COLUMNS.map(() => undefined);

function rowWith(column: string, value: CqlValue): CqlValue[] {
  return COLUMNS.map(([name]) => (name === column ? value : undefined));
}

const EDGES: Readonly<Record<string, readonly CqlValue[]>> = {
  sensor: [
    0,
    1,
    -1,
    2 ** 32,
    2 ** 32 - 1,
    -(2 ** 32),
    2 ** 31,
    -(2 ** 31) - 1,
    TIMESTAMP_US,
    -TIMESTAMP_US,
    2 ** 53 - 1,
    1 - 2 ** 53,
  ],
  status: [0, 6, 127, -128],
  small: [0, 32_767, -32_768],
  number: [0, 2 ** 31 - 1, -(2 ** 31)],
  value: [0, -0, 1 / 3, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308],
  text: ['', 'a', 'Größe in µm', '温度', '🔭 half a pair \ud83d', 'x'.repeat(70_000), '\u0000'],
  flag: [true, false],
  data: [new Uint8Array(), new Uint8Array([1, 2, 255]), new Uint8Array(300_000).fill(7)],
  list: [[1.5], [NaN, Infinity, -0], Array.from({ length: 1_000 }, (_, i) => i / 7)],
  id: ['00112233-4455-6677-8899-aabbccddeeff'],
  at: [0, 1_795_305_600_123, -1],
};

/** Those that many rows may have, and nothing. */
const SMALL = Object.fromEntries(
  Object.entries(EDGES).map(([name, values]) => {
    return [name, [...values.filter((value) => String(value).length < 1_000), null, undefined]];
  }),
);

describe('the frame of a batch', () => {
  test.each(Object.entries(EDGES))('has the driver\'s bytes for each edge of "%s"', (column, values) => {
    for (const value of values) {
      const rows = [rowWith(column, value)];
      expect(ours(rows).equals(theDrivers(rows)), String(value).slice(0, 40)).toBe(true);
    }
  });

  test("has the driver's bytes for values that are null and that are not set", () => {
    const rows = [NOTHING, COLUMNS.map(() => null)];
    expect(ours(rows)).toEqual(theDrivers(rows));
  });

  test("has the driver's bytes for many rows of anything", () => {
    let seed = 1;
    const below = (most: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % most;
    };
    for (let round = 0; round < 200; round++) {
      const rows = Array.from({ length: 1 + below(40) }, () =>
        COLUMNS.map(([name]): CqlValue => {
          const values = SMALL[name]!;
          return values[below(values.length)];
        }),
      );
      expect(ours(rows).equals(theDrivers(rows)), `round ${round}`).toBe(true);
    }
  });

  test('has an empty list as such, which the driver would make nothing of', () => {
    const columns = [['list', { code: dataTypes.list, info: { code: dataTypes.double } }]] as const;
    const nothing = ours([[null]], columns);
    const empty = ours([[[]]], columns);
    // Its length is that of the number of its elements, which is 0.
    expect(empty.length).toBe(nothing.length + 4);
    expect(empty.includes(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0]))).toBe(true);
  });

  test('has as many rows as there may be', () => {
    const rows = Array.from({ length: 65_535 }, (_, i) => rowWith('sensor', i));
    expect(ours(rows).equals(theDrivers(rows))).toBe(true);
  });

  test.each([
    ['sensor', 0.5],
    ['sensor', 2 ** 53],
    ['sensor', NaN],
    ['status', 128],
    ['status', 1.5],
    ['small', -32_769],
    ['number', 2 ** 31],
    ['value', 'warm'],
    ['list', ['warm'] as unknown as number[]],
    ['id', 'no uuid'],
  ] as const)('names the column "%s" that cannot hold %s', (column, value) => {
    expect(() => ours([rowWith(column, value)])).toThrow(TypeError);
    expect(() => ours([rowWith(column, value)])).toThrow(new RegExp(`^${column}: `, 'u'));
  });

  test('is not made of rows that have another number of values than the statement', () => {
    expect(() => ours([[1, 2]])).toThrow('2 values for the 11 of the statement');
  });
});
