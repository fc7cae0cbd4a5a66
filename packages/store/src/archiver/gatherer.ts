import { setImmediate } from 'node:timers/promises';
import type { DurableConsumer, StreamMessage } from '@katbus/bus/nats';
import type { StreamFloor } from '../backend/write-batch.ts';
import type { SettledOptions } from './archiver-options.ts';
import { Batch } from './batch.ts';
import type { Decoder } from './decoder.ts';
import type { SensorBook } from './sensor-book.ts';
import type { StreamPosition } from './stream-position.ts';

const GATHER_SHARE = 1 / 4;
/** Messages decoded in one turn of the loop: some milliseconds, then others have their turn. */
const DECODE_AT_ONCE = 1_000;
/** How long a fetch waits for something to come; also how soon a stop is noticed. */
const FETCH_WAIT_MS = 250;
/** How long a fetch waits for more once something has come; also how soon it is noticed that the writer is free. */
const LINGER_MS = 50;

export interface GathererParts {
  readonly options: SettledOptions;
  readonly book: SensorBook;
  readonly decoder: Decoder;
  readonly position: StreamPosition;
  /** Learns of the archive what messages must be judged by that are older than what the book knows. @returns false when it is to end before that */
  readonly recall: (messages: readonly StreamMessage[]) => Promise<boolean>;
  /** Whether the batch is to be given out now, whatever is in it. */
  readonly isEnding: () => boolean;
  /** Whether the batch before is still being written. */
  readonly isWriting: () => boolean;
}

/**
 * Gathers messages of the stream into batches.
 *
 * A trickle waits for a quarter of the promised delay, no longer. While the batch before is being written nothing is gained by giving
 * out the next one: it grows. And while what waits in the stream would fill the batch, it is filled, within the promised delay.
 */
export class Gatherer {
  readonly #parts: GathererParts;

  constructor(parts: GathererParts) {
    this.#parts = parts;
  }

  /**
   * The next batch: full, or as old as it may get, or what there is when it is to end; empty when nothing came for a while.
   * @param floor through which everything is stored
   */
  async gather(consumer: DurableConsumer, floor: StreamFloor | undefined): Promise<Batch> {
    const { options, book, position, decoder, recall, isEnding } = this.#parts;
    const { batchMessages, batchBytes, maxDelayMs, idleWriteMs } = options;
    const gatherMs = GATHER_SHARE * maxDelayMs;
    const lingerMs = Math.min(LINGER_MS, gatherMs);
    const batch = new Batch({ messages: batchMessages, bytes: batchBytes }, book);
    if (idleWriteMs > 0) batch.dueMs = performance.now() + idleWriteMs;
    while (!batch.isFull && !isEnding() && !this.#isDue(batch, consumer)) {
      const leftMs = Math.max(lingerMs, batch.dueMs - performance.now());
      const messages = await consumer.fetch({
        maxMessages: Math.min(batch.room, DECODE_AT_ONCE),
        maxWaitMs: Math.min(leftMs, FETCH_WAIT_MS),
        lingerMs,
      });
      const [first] = messages;
      if (first === undefined) continue;
      if (batch.isEmpty) {
        const nowMs = performance.now();
        batch.dueMs = nowMs + gatherMs;
        batch.overdueMs = nowMs + maxDelayMs;
        position.begin(batch, floor);
      }
      // Judged by less than is known of them they could meet another fate than the first time: then they are left in the stream.
      if (first.timestampUs < book.newestUs && !(await recall(messages))) break;
      for (const message of messages) {
        position.pass(message, batch);
        decoder.take(message, batch);
      }
      await setImmediate();
    }
    return batch;
  }

  #isDue(batch: Batch, consumer: DurableConsumer): boolean {
    const nowMs = performance.now();
    if (nowMs < batch.dueMs || this.#parts.isWriting()) return false;
    return consumer.backlog < batch.room || nowMs >= batch.overdueMs || batch.isEmpty;
  }
}
