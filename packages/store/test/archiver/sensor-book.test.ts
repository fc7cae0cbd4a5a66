import { expect, test } from 'vitest';
import { Batch } from '../../src/archiver/batch.ts';
import { Decoder } from '../../src/archiver/decoder.ts';
import { SensorBook } from '../../src/archiver/sensor-book.ts';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import { batch as batchOf } from '../backend/rows.ts';
import { samplePayload } from '../store-fixture.ts';

const NOW_US = 1_795_305_600e6;

const messageOf = (sequence: number, subject: string, payload: string) => ({
  subject,
  data: Buffer.from(payload),
  sequence,
  timestampUs: NOW_US,
  redelivered: false,
  header: () => undefined,
});

function decode(book: SensorBook, messages: readonly (readonly [string, string])[]): Batch {
  const batch = new Batch({ messages: 1_000, bytes: 1e6 }, book);
  const decoder = new Decoder(book);
  for (const [place, [subject, payload]] of messages.entries()) {
    decoder.take(messageOf(place + 1, subject, payload), batch);
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
  expect([...batch.samples].map(({ value }) => value)).toEqual([0.5, 3]);
  expect(batch.quarantine.map(({ reason }) => reason)).toEqual(['type']);
  expect(book.size).toBe(1);
});

test('read again, an older part of the stream is judged by the attributes that held then', async () => {
  const backend = new MemoryBackend();
  const attributes = (type: string) => ({ name: 'wx_state', type });
  const row = (fromUs: number, type: string) => ({
    component: 'wx',
    sensor: 'state',
    fromUs,
    attributes: attributes(type),
  });
  await backend.write(
    batchOf({
      attributes: [row(NOW_US, 'string'), row(NOW_US + 10e6, 'float'), row(NOW_US + 20e6, 'integer')],
    }),
  );
  const book = new SensorBook();
  await book.load(backend);
  const at = (seconds: number, value: number | string) => {
    const timestampUs = NOW_US + seconds * 1e6;
    const payload = samplePayload({
      address: { component: 'wx', sensor: 'state' },
      timeUs: timestampUs,
      value,
    });
    return { ...messageOf(1, 'sensor.archive.wx.state', payload), timestampUs };
  };
  const messages = [
    at(-5, 'NaN'),
    at(5, 'NaN'),
    at(5, 7),
    at(15, 'NaN'),
    at(15, 'text'),
    at(25, 0.5),
    at(25, 3),
  ];
  expect(messages[0]!.timestampUs).toBeLessThan(book.newestUs);
  await book.recall(messages, backend);
  const batch = new Batch({ messages: 100, bytes: 1e6 }, book);
  const decoder = new Decoder(book);
  for (const message of messages) decoder.take(message, batch);
  expect([...batch.samples].map(({ value }) => value)).toEqual(['NaN', 'NaN', NaN, 3]);
  expect(batch.quarantine.map(({ text }) => text)).toEqual([
    'value must be a string (type string)',
    'value must be a number, "NaN", "Infinity" or "-Infinity" (type float)',
    'value must be an integer within ±(2^53-1) (type integer)',
  ]);
});

test('a sample by the bytes of its subject is what it is by the text', () => {
  const payloads = [
    '1',
    '-0.25',
    '1e3',
    '"text"',
    '"NaN"',
    'true',
    'null',
    '[1,"NaN"]',
    '"\\u0041"',
    '1795305601.123456',
  ];
  const messages = payloads.map((value, place) => {
    const time = (NOW_US + place) / 1e6;
    const payload = `{"name":"wx_a","time":${time},"value_ts":${time},"status":"unknown","value":${value}}`;
    return messageOf(place + 1, 'sensor.archive.wx.a', payload);
  });
  const rows = [true, false].map((isByBytes) => {
    const book = new SensorBook();
    const batch = new Batch({ messages: 100, bytes: 1e6 }, book);
    const decoder = new Decoder(book);
    for (const message of messages) {
      const subjectBytes = isByBytes ? Buffer.from(message.subject) : undefined;
      decoder.take({ ...message, subjectBytes }, batch);
    }
    expect(batch.quarantine).toEqual([]);
    return [...batch.samples];
  });
  expect(rows[0]).toEqual(rows[1]);
  expect(rows[0]).toHaveLength(payloads.length);
});
