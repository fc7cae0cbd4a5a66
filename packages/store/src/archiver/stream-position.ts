import { streamState, type Anchor, type BusConnection, type StreamMessage } from '@katbus/bus/nats';
import { wallClockUs } from '@katbus/protocol';
import type { GapRow, StreamFloor } from '../backend/write-batch.ts';
import type { Batch } from './batch.ts';
import { addGap } from './gap-rows.ts';

interface Missing {
  readonly fromSequence: number;
  readonly toSequence: number;
}

/** What is known of the stream's run of sequences: it begins anew whenever the stream was wiped or rolled back. */
interface Run {
  /** When the stream was created, as the server tells; undefined: it is to be asked. */
  streamCreated: string | undefined;
}

/**
 * Where the archiver stands in the stream, across the stream's own accidents.
 *
 * A sequence names a message only together with the stream's creation and the message's time: a stream that was wiped, or put back by a
 * power failure, gives its numbers again. Whatever is doubtful is read again from the beginning, since writing twice costs nothing.
 */
export class StreamPosition {
  readonly #connection: BusConnection;
  readonly #stream: string;
  readonly #runOfBatch = new WeakMap<Batch, Run>();
  #run: Run = { streamCreated: undefined };
  /** Ranges that the consumer found missing, until the message after each of them comes by. */
  #missing: Missing[] = [];
  /** Why, and at the latest when, the run before ended; told in the gap row that the first batch of the new run brings. */
  #reset: { readonly reason: string; readonly toUs: number } | undefined;
  #passed: Anchor | undefined;

  constructor(connection: BusConnection, stream: string) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /**
   * After which message to read on.
   * @param floor through which everything is stored
   * @throws {StreamMissingError} and what else the stream answers
   */
  async startAfter(floor: StreamFloor | undefined): Promise<Anchor> {
    const { createdTime } = await streamState(this.#connection, this.#stream);
    this.#run = { streamCreated: createdTime };
    // Whoever reads on from there meets the same holes again.
    this.#missing = [];
    this.#passed = undefined;
    // Not "wherever the server's record is": that may be another, lost archive's.
    if (floor === undefined) return { sequence: 0 };
    this.#passed = { sequence: floor.sequence, timestampUs: floor.messageUs };
    if (floor.streamCreated === createdTime) return this.#passed;
    this.#reset = {
      reason: `${this.#stream} was made anew at ${createdTime}`,
      toUs: Date.parse(createdTime) * 1000,
    };
    return { sequence: 0 };
  }

  noteGap({ fromSequence, toSequence }: Missing): void {
    this.#missing.push({ fromSequence, toSequence });
  }

  noteReset(reason: string): void {
    this.#run = { streamCreated: undefined };
    this.#missing = [];
    this.#reset = { reason, toUs: wallClockUs() };
  }

  /** A batch begins: it belongs to the present run. */
  begin(batch: Batch, floor: StreamFloor | undefined): void {
    this.#runOfBatch.set(batch, this.#run);
    this.#passed ??= floor && { sequence: floor.sequence, timestampUs: floor.messageUs };
  }

  /** Before a message is decoded: adds the gap rows that end with it to the batch. */
  pass(message: StreamMessage, batch: Batch): void {
    // The stream was reset while the batch was being gathered: its floor would be of neither run.
    if (!this.isOfPresentRun(batch)) this.#runOfBatch.delete(batch);
    const fromUs = this.#passed?.timestampUs ?? message.timestampUs;
    const toUs = message.timestampUs;
    if (this.#reset !== undefined) {
      const { reason, toUs: endUs } = this.#reset;
      // What the stream held beyond what was read, and lost, nobody can tell: an empty range, from the last message that was read.
      const sequence = this.#passed?.sequence ?? 0;
      const range = { fromSequence: sequence + 1, toSequence: sequence };
      const beganUs = this.#passed?.timestampUs ?? endUs;
      addGap(batch.gaps, { ...range, fromUs: beganUs, toUs: Math.max(beganUs, endUs), reason });
      this.#reset = undefined;
    }
    if (this.#missing.length > 0) {
      for (const gap of this.#endedBy(message, fromUs, toUs)) addGap(batch.gaps, gap);
    }
    this.#passed = { sequence: message.sequence, timestampUs: message.timestampUs };
  }

  /** False when the stream was reset since: its sequences mean other messages now. */
  isOfPresentRun(batch: Batch): boolean {
    return this.#runOfBatch.get(batch) === this.#run;
  }

  /** Through which message everything is stored once the batch is; undefined when that cannot be said. */
  async floorOf(batch: Batch): Promise<StreamFloor | undefined> {
    const run = this.#run;
    if (!this.isOfPresentRun(batch) || batch.last === undefined) return undefined;
    try {
      run.streamCreated ??= (await streamState(this.#connection, this.#stream)).createdTime;
    } catch {
      // Without it the floor would not be recognised. The next batch asks again.
      return undefined;
    }
    const { sequence, timestampUs } = batch.last;
    return { sequence, streamCreated: run.streamCreated, messageUs: timestampUs };
  }

  #endedBy(message: StreamMessage, fromUs: number, toUs: number): GapRow[] {
    const ended = this.#missing.filter(({ toSequence }) => toSequence < message.sequence);
    this.#missing = this.#missing.filter(({ toSequence }) => toSequence >= message.sequence);
    const reason = 'the stream let them go before they were read';
    return ended.map(({ fromSequence, toSequence }) => ({ fromSequence, toSequence, fromUs, toUs, reason }));
  }
}
