import { setTimeout as delay } from 'node:timers/promises';
import type { DurableConsumer, FetchOptions, StreamMessage } from '@katbus/bus/nats';
import { wallClockUs } from '@katbus/protocol';
import { expect, test } from 'vitest';
import { settledOptions } from '../../src/archiver/archiver-options.ts';
import { Decoder } from '../../src/archiver/decoder.ts';
import { Gatherer } from '../../src/archiver/gatherer.ts';
import { SensorBook } from '../../src/archiver/sensor-book.ts';
import type { StreamPosition } from '../../src/archiver/stream-position.ts';
import { samplePayload } from '../store-fixture.ts';

interface Flow {
  readonly backlog: number;
  readonly messagesAtOnce: number;
  readonly everyMs: number;
}

/** A stream that gives so many messages every so often, for ever. */
function consumerOf({ backlog, messagesAtOnce, everyMs }: Flow): DurableConsumer {
  let sequence = 0;
  const message = (): StreamMessage => ({
    subject: 'sensor.archive.wx.wind_speed',
    data: Buffer.from(samplePayload({})),
    sequence: ++sequence,
    timestampUs: wallClockUs(),
    redelivered: false,
    header: () => undefined,
  });
  const fetch = async ({ maxMessages }: FetchOptions) => {
    await delay(everyMs);
    return Array.from({ length: Math.min(messagesAtOnce, maxMessages) }, message);
  };
  return { fetch, backlog } as unknown as DurableConsumer;
}

function gathererOf(options: object, isWriting = () => false): Gatherer {
  const book = new SensorBook();
  return new Gatherer({
    options: settledOptions(options),
    book,
    decoder: new Decoder(book),
    position: { begin: () => undefined, pass: () => undefined } as unknown as StreamPosition,
    recall: () => Promise.resolve(true),
    isEnding: () => false,
    isWriting,
  });
}

test('a trickle is given out after a quarter of the delay', async () => {
  const consumer = consumerOf({ backlog: 0, messagesAtOnce: 1, everyMs: 20 });
  const beganMs = performance.now();
  const batch = await gathererOf({ maxDelayMs: 800 }).gather(consumer, undefined);
  expect(batch.messages).toBeGreaterThan(1);
  expect(performance.now() - beganMs).toBeLessThan(800);
});

test('of a backlog a batch is filled, beyond the quarter', async () => {
  const consumer = consumerOf({ backlog: 1e6, messagesAtOnce: 50, everyMs: 150 });
  const batch = await gathererOf({ maxDelayMs: 4_000, batchMessages: 400 }).gather(consumer, undefined);
  expect(batch.messages).toBe(400);
});

test('of a backlog that comes too slowly to fill it, what there is after the whole delay', async () => {
  const consumer = consumerOf({ backlog: 1e6, messagesAtOnce: 1, everyMs: 20 });
  const beganMs = performance.now();
  const batch = await gathererOf({ maxDelayMs: 400 }).gather(consumer, undefined);
  expect(batch.messages).toBeLessThan(400);
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(400);
});

test('while the batch before is being written it grows, up to its bound', async () => {
  const consumer = consumerOf({ backlog: 0, messagesAtOnce: 10, everyMs: 20 });
  const endMs = performance.now() + 400;
  const isWriting = () => performance.now() < endMs;
  const batch = await gathererOf({ maxDelayMs: 100 }, isWriting).gather(consumer, undefined);
  expect(performance.now()).toBeGreaterThanOrEqual(endMs);
  expect(batch.messages).toBeGreaterThan(20);
  const full = await gathererOf({ maxDelayMs: 100, batchMessages: 30 }, () => true).gather(
    consumer,
    undefined,
  );
  expect(full.messages).toBe(30);
});

test('when nothing comes, an empty one, as often as the back end wants to be written to', async () => {
  const consumer = consumerOf({ backlog: 0, messagesAtOnce: 0, everyMs: 5 });
  expect((await gathererOf({ idleWriteMs: 50 }).gather(consumer, undefined)).isEmpty).toBe(true);
});

test('what the back end likes best holds where nothing else is asked for', () => {
  const intake = { batchMessages: 200_000, batchBytes: 64, idleWriteMs: 5 };
  expect(settledOptions({}, intake)).toMatchObject(intake);
  expect(settledOptions({ batchMessages: 7, batchBytes: undefined }, intake)).toMatchObject({
    batchMessages: 7,
    batchBytes: 64,
  });
  expect(settledOptions({})).toMatchObject({ batchMessages: 10_000, idleWriteMs: 0 });
});
