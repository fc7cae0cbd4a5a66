import { expect, test } from 'vitest';
import { Batch } from '../../src/archiver/batch.ts';
import { Decoder } from '../../src/archiver/decoder.ts';
import { SensorBook } from '../../src/archiver/sensor-book.ts';
import { samplePayload } from '../store-fixture.ts';

const NOW_US = 1_795_305_600e6;

function decode(book: SensorBook, messages: readonly (readonly [string, string])[]): Batch {
  const batch = new Batch({ messages: 1_000, bytes: 1e6 });
  const decoder = new Decoder(book);
  for (const [place, [subject, payload]] of messages.entries()) {
    const data = Buffer.from(payload);
    decoder.take(
      {
        subject,
        data,
        sequence: place + 1,
        timestampUs: NOW_US,
        redelivered: false,
        header: () => undefined,
      },
      batch,
    );
  }
  return batch;
}

const sample = (sensor: string, value: number | string) =>
  [
    `sensor.archive.wx.${sensor}`,
    samplePayload({ address: { component: 'wx', sensor }, timeUs: NOW_US, value }),
  ] as const;

test('rubbish on endless subjects makes no sensor, one good sample does', () => {
  const book = new SensorBook();
  const rubbish = Array.from({ length: 500 }, (_, place) => [`sensor.archive.wx.s${place}`, '{'] as const);
  const batch = decode(book, [...rubbish, sample('good', 1), sample('good', 2)]);
  expect(batch.quarantine).toHaveLength(500);
  expect(batch.samples).toHaveLength(2);
  expect(book.size).toBe(1);
  expect(book.bySubject('sensor.archive.wx.good')).toBe(book.bySubject('sensor.archive.wx.good'));
});

test('samples are judged by the newest attributes, also those of a sensor that was heard of first', () => {
  const book = new SensorBook();
  const integer = ['attributes.wx', JSON.stringify({ name: 'wx_rain', type: 'integer' })] as const;
  const batch = decode(book, [sample('rain', 0.5), integer, sample('rain', 0.5), sample('rain', 3)]);
  expect(batch.samples.map(({ value }) => value)).toEqual([0.5, 3]);
  expect(batch.quarantine.map(({ reason }) => reason)).toEqual(['type']);
  expect(book.size).toBe(1);
});
