import fc from 'fast-check';
import { STATUSES } from '@katbus/protocol';
import type { Backend, HistoryQuery } from '../../src/backend/backend.ts';
import type { SampleRow, StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import type { QuarantineRow, WriteBatch } from '../../src/backend/write-batch.ts';

/** 2026-11-22T00:00:00Z */
export const DAY_START_US = 1_795_305_600_000_000;

export function batch(parts: Partial<WriteBatch>): WriteBatch {
  return { samples: [], attributes: [], quarantine: [], gaps: [], ...parts };
}

export function sampleRow(fields: Partial<SampleRow>): SampleRow {
  const timeUs = fields.timeUs ?? DAY_START_US;
  return {
    component: 'wx',
    sensor: 'wind_speed',
    timeUs,
    valueTimeUs: timeUs - 1_500,
    status: 'nominal',
    value: 1,
    ...fields,
  };
}

export function quarantineRow(sequence: number, payloadBytes = 10): QuarantineRow {
  return {
    sequence,
    receivedUs: DAY_START_US + sequence,
    subject: 'sensor.archive.wx.wind_speed',
    reason: 'undecodable',
    text: 'is not JSON',
    field: '(payload)',
    payload: new Uint8Array(payloadBytes).fill(sequence % 256),
  };
}

export async function readAll(backend: Backend, query: HistoryQuery): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  for await (const block of backend.history(query)) samples.push(...block.samples);
  return samples;
}

export const everything = { startUs: -9e15, endUs: 9e15 } as const;

export function withoutAddress({ timeUs, valueTimeUs, status, value }: SampleRow): StoredSample {
  return { timeUs, valueTimeUs, status, value };
}

// JSON prints -0 as 0, so no reader could tell them apart: SQLite need not keep it.
const anyNumber = fc.double().map((number) => (Object.is(number, -0) ? 0 : number));

export const anyValue: fc.Arbitrary<StoredValue> = fc.oneof(
  anyNumber,
  fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '0', '1.0', 'NaN', 'null', 'a\0b', '\ud800', '[1]', "'; DROP TABLE samples; --"),
  fc.array(anyNumber, { maxLength: 5 }),
);

/** Few sensors, few times on three days: that identities meet is the point. */
export const anySampleRow: fc.Arbitrary<SampleRow> = fc.record({
  component: fc.constantFrom('wx', 'wx_station', 'm000'),
  sensor: fc.constantFrom('wind', 'station_wind'),
  timeUs: fc.oneof(
    fc.integer({ min: -3, max: 3 }).map((offset) => DAY_START_US + offset),
    fc.integer({ min: 0, max: 20 }).map((hours) => DAY_START_US + 3_600e6 * hours),
  ),
  valueTimeUs: fc.integer({ min: 0, max: 2 ** 52 }),
  status: fc.constantFrom(...STATUSES),
  value: anyValue,
});
