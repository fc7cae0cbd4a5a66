import type { HourSealing } from './hour-sealing.ts';
import type { JournalReader } from './journal-reader.ts';
import { inTurn } from '../../read-ahead.ts';
import type { SealedChunks } from './sealed-chunks.ts';
import { ShardSamples, type SensorSamples } from './shard-samples.ts';
import { rangeOf, SHARD_SAMPLES_A_SECOND, shardsWith, type SensorRange } from './shard.ts';
import type { Slice } from './slice-registry.ts';

/** Sensors that are looked up, written and verified together. */
export const SENSORS_TOGETHER = 64;

/** Such groups that are under way at a time: enough to keep a node at work, few enough to leave it room for what is live. */
const GROUPS_AT_ONCE = 3;

/** Shards of slices that are asked for before their turn. */
const SHARDS_AHEAD = 4;

/** Of what is kept in memory, what a shard is to have by estimate. */
const EXPECTED_SHARE = 0.9;

/** What is to be sealed together. */
export interface ShardToSeal {
  readonly slices: readonly Slice[];
  readonly shards: number;
  readonly shard: number;
}

/**
 * Into how many shards slices are sealed, so that one has no more than so many samples, as far as can be told from how many shards they have; the
 * fewer, the less often a slice of few shards is read. A power of two; the same for the same slices.
 */
export function shardsToSeal(slices: readonly Slice[], untilUs: number, mostSamples: number): number {
  const expected = slices.reduce((sum, { slice, shards }, place) => {
    const endUs = Math.min(slice + 60e6, slices[place + 1]?.slice ?? untilUs);
    return sum + Math.max(1, (endUs - slice) / 1e6) * shards * SHARD_SAMPLES_A_SECOND;
  }, 0);
  const most = slices.reduce((most, { shards }) => Math.max(most, shards), 1);
  let shards = 1;
  while (shards < most && expected / shards > EXPECTED_SHARE * mostSamples) shards *= 2;
  return shards;
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
    let total = 0;
    const ranges = [rangeOf(shard, shards)];
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
      let samples = new ShardSamples(range);
      for await (const { part } of this.#parts(slices, range)) {
        this.#check();
        samples.add(part);
        while (samples.length >= this.#mostSamples) {
          const rest = samples.halve();
          if (rest !== undefined) {
            // Read once more, later: what is sealed in pieces has to be written as often.
            ranges.push(rest);
            continue;
          }
          total += samples.length;
          await this.#sealSamples(samples, sealed);
          samples = new ShardSamples(samples.range);
        }
      }
      total += samples.length;
      await this.#sealSamples(samples, sealed);
    }
    return total;
  }

  #parts(slices: readonly Slice[], range: SensorRange) {
    const sources = slices.flatMap(({ slice, shards }) =>
      shardsWith(range, shards).map((shard) => this.#journal.parts(slice, shard)),
    );
    return inTurn(sources, SHARDS_AHEAD);
  }

  async #sealSamples(samples: ShardSamples, sealed: SealedChunks): Promise<void> {
    const sensors = samples.take();
    // All take from the same source.
    const work = async () => {
      try {
        for (let group = await some(sensors); group.length > 0; group = await some(sensors)) {
          this.#check();
          await this.#hours.seal(group, sealed);
        }
      } catch (error) {
        await sensors.return();
        throw error;
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: GROUPS_AT_ONCE }, work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** The next ones. */
async function some(sensors: AsyncIterator<SensorSamples, void>): Promise<SensorSamples[]> {
  const group: SensorSamples[] = [];
  while (group.length < SENSORS_TOGETHER) {
    const step = await sensors.next();
    if (step.done === true) break;
    group.push(step.value);
  }
  return group;
}
