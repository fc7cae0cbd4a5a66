import { setImmediate } from 'node:timers/promises';
import { inOrder, within, type ArrivedSpan } from './arrived.ts';
import { HOUR_US } from './chunk-table.ts';
import type { HourSealing, SensorHour } from './hour-sealing.ts';
import type { JournalPart } from './journal-part.ts';
import type { JournalReader } from './journal-reader.ts';
import type { SealedChunks } from './sealed-chunks.ts';
import { hourOf } from './sensor-chunks.ts';
import { shardsWithin } from './shard.ts';
import type { Slice } from './slice-registry.ts';

/** Sensors that are under way at a time: enough to keep a node at work, few enough to leave it room for what is live. */
const SENSORS_AT_ONCE = 16;

/** What is to be sealed together. */
export interface ShardToSeal {
  readonly slices: readonly Slice[];
  /** Of so many, the fewest that any of the slices has. */
  readonly shards: number;
  readonly shard: number;
}

/** Makes chunks of a shard of some slices. */
export class ShardSealing {
  readonly #journal: JournalReader;
  readonly #hours: HourSealing;
  readonly #mostSamples: number;
  readonly #check: () => void;

  /**
   * @param mostSamples in memory at a time
   * @param check called often; throws when the work is to end
   */
  constructor(journal: JournalReader, hours: HourSealing, mostSamples: number, check: () => void) {
    this.#journal = journal;
    this.#hours = hours;
    this.#mostSamples = mostSamples;
    this.#check = check;
  }

  /** @returns how many samples the journal had @throws {StoreError} */
  async seal({ slices, shards, shard }: ShardToSeal, sealed: SealedChunks): Promise<number> {
    let parts: JournalPart[] = [];
    let samples = 0;
    let total = 0;
    for (const { slice, shards: ofSlice } of slices) {
      for (const one of shardsWithin(shard, shards, ofSlice)) {
        for await (const { part } of this.#journal.parts(slice, one)) {
          this.#check();
          parts.push(part);
          samples += part.block.length;
          total += part.block.length;
          if (samples < this.#mostSamples) continue;
          await this.#sealParts(parts, sealed);
          parts = [];
          samples = 0;
        }
      }
    }
    if (parts.length > 0) await this.#sealParts(parts, sealed);
    return total;
  }

  async #sealParts(parts: readonly JournalPart[], sealed: SealedChunks): Promise<void> {
    const sensors = (await bySensor(parts)).entries();
    // All take from the same source. One sensor's hours go one after the other: each finds the buckets of those before.
    const work = async () => {
      for (const [sensor, spans] of sensors) {
        for (const hour of hoursOf(sensor, spans)) {
          this.#check();
          await this.#hours.seal(hour, sealed);
        }
      }
    };
    await allOf(Array.from({ length: SENSORS_AT_ONCE }, work));
  }
}

/** Waits for all of them, also when one fails. */
async function allOf(workers: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function bySensor(parts: readonly JournalPart[]): Promise<Map<number, ArrivedSpan[]>> {
  const spans = new Map<number, ArrivedSpan[]>();
  for (const part of parts) {
    const { block, received, sensors, counts } = part;
    let from = 0;
    for (const [place, sensor] of sensors.entries()) {
      const to = from + counts[place]!;
      const span = { block, received, from, to };
      const others = spans.get(sensor);
      if (others === undefined) spans.set(sensor, [span]);
      else others.push(span);
      from = to;
    }
    await setImmediate();
  }
  return spans;
}

function* hoursOf(sensor: number, spans: readonly ArrivedSpan[]): Generator<SensorHour, void, void> {
  let rest = inOrder(spans);
  while (rest.block.length > 0) {
    const hourUs = hourOf(rest.block.timesUs[0]!);
    yield { sensor, hourUs, samples: within(rest, hourUs, hourUs + HOUR_US) };
    rest = within(rest, hourUs + HOUR_US, Infinity);
  }
}
