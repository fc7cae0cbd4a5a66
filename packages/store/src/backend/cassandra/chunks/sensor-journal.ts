import { setImmediate } from 'node:timers/promises';
import { inOrder, NOTHING_ARRIVED, wholeSpan, within, type Arrived, type ArrivedSpan } from './arrived.ts';
import type { JournalReader } from './journal-reader.ts';
import { shardOf } from './shard.ts';
import type { Slice } from './slice-registry.ts';

/** Slices that are asked for before their turn. */
const SLICES_AHEAD = 4;

/** A stretch of a sensor's journal: all of it before `reachedUs`. */
export interface JournalStretch extends Arrived {
  readonly reachedUs: number;
}

/**
 * What the journal has of one sensor in startUs <= time < endUs, in order of time. Slices are read in the order of their earliest time; what
 * lies before that of the next one is complete. So no more is in memory than slices that overlap, however long sealing lags.
 */
export class SensorJournal {
  readonly #reader: JournalReader;
  readonly #sensor: number;
  readonly #startUs: number;
  readonly #endUs: number;
  /** Those that are not read yet. */
  readonly #slices: Slice[];
  readonly #ahead: Promise<Arrived>[] = [];
  #pending: Arrived = NOTHING_ARRIVED;
  #givenUs: number;

  constructor(
    reader: JournalReader,
    slices: readonly Slice[],
    sensor: number,
    startUs: number,
    endUs: number,
  ) {
    this.#reader = reader;
    this.#sensor = sensor;
    this.#startUs = startUs;
    this.#endUs = endUs;
    this.#givenUs = startUs;
    this.#slices = slices
      .filter(({ times }) => times === undefined || (times.lastUs >= startUs && times.firstUs < endUs))
      .toSorted((a, b) => earliest(a) - earliest(b) || a.slice - b.slice);
  }

  /** Whether there may be a sample in startUs <= time < endUs, as far as is known without reading more. */
  mayHold(startUs: number, endUs: number): boolean {
    if (within(this.#pending, startUs, endUs).block.length > 0) return true;
    return this.#slices.some(
      ({ times }) => times === undefined || (times.lastUs >= startUs && times.firstUs < endUs),
    );
  }

  /** The next samples, none of them at `untilUs` or later; `reachedUs` is `untilUs` when there are no more before it. @throws {StoreError} */
  async next(untilUs: number): Promise<JournalStretch> {
    // Of slices that are not closed nobody knows where they begin: all of them come first.
    while (this.#frontierUs() <= this.#givenUs) await this.#readOne();
    const reachedUs = Math.min(untilUs, this.#frontierUs());
    const given = within(this.#pending, -Infinity, reachedUs);
    this.#pending = within(this.#pending, reachedUs, Infinity);
    this.#givenUs = Math.max(this.#givenUs, reachedUs);
    return { ...given, reachedUs };
  }

  /** All samples before a time that were not given yet. @throws {StoreError} */
  async through(untilUs: number): Promise<Arrived> {
    const stretches: ArrivedSpan[] = [];
    for (;;) {
      const stretch = await this.next(untilUs);
      if (stretch.block.length > 0) stretches.push(wholeSpan(stretch));
      if (stretch.reachedUs >= untilUs) break;
    }
    const [only] = stretches;
    if (only === undefined) return NOTHING_ARRIVED;
    return stretches.length === 1 ? only : inOrder(stretches);
  }

  /** Before it, everything is pending or given. */
  #frontierUs(): number {
    const [next] = this.#slices;
    return next === undefined ? Infinity : earliest(next);
  }

  async #readOne(): Promise<void> {
    while (this.#ahead.length < Math.min(SLICES_AHEAD, this.#slices.length)) {
      const reading = this.#read(this.#slices[this.#ahead.length]!);
      // Who stops early never asks for it.
      reading.catch(() => undefined);
      this.#ahead.push(reading);
    }
    const arrived = await this.#ahead.shift()!;
    this.#slices.shift();
    if (arrived.block.length === 0) return;
    const both = [this.#pending, arrived].filter(({ block }) => block.length > 0).map(wholeSpan);
    this.#pending = both.length === 1 ? arrived : inOrder(both);
    await setImmediate();
  }

  async #read(slice: Slice): Promise<Arrived> {
    const parts = await this.#reader.shard(slice, shardOf(this.#sensor, slice.shards));
    const spans: ArrivedSpan[] = [];
    for (const part of parts) {
      for (const span of part.spansOf(this.#sensor)) {
        spans.push({ block: part.block, received: part.received, ...span });
      }
    }
    return spans.length === 0 ? NOTHING_ARRIVED : inOrder(spans, this.#startUs, this.#endUs);
  }
}

function earliest({ times }: Slice): number {
  return times?.firstUs ?? -Infinity;
}
