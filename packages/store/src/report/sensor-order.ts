import type { SensorAddress, SensorOrder } from '@katbus/protocol';
import { compareAddresses } from '../backend/sensor-match.ts';
import { AT, outOfOrderShare, ratePerSecond } from './sensor-tally.ts';

/** What a list is ordered by: the greatest comes first. @param at where the sensor's row begins */
type KeyOf = (rows: Float64Array, at: number, nowUs: number) => number;

export const SENSOR_KEYS: Readonly<Record<SensorOrder, KeyOf>> = {
  name: () => 0,
  // Infinity: never seen.
  silent: (rows, at) => -rows[at + AT.lastUs]!,
  rate: ratePerSecond,
  samples: (rows, at) => rows[at + AT.samples]!,
  unchanged: (rows, at) =>
    rows[at + AT.samples] === 0 ? -1 : rows[at + AT.lastUs]! - rows[at + AT.sameSinceUs]!,
  gaps: (rows, at) => rows[at + AT.gaps]!,
  'longest-gap': (rows, at) => rows[at + AT.longestGapUs]!,
  'out-of-order': outOfOrderShare,
};

export interface PlacedSensor {
  readonly number: number;
  readonly address: SensorAddress;
  readonly key: number;
}

/** By key, the greatest first, then by name. */
export function comparePlaced(
  a: Pick<PlacedSensor, 'address' | 'key'>,
  b: Pick<PlacedSensor, 'address' | 'key'>,
): number {
  if (a.key !== b.key) return a.key > b.key ? -1 : 1;
  return compareAddresses(a.address, b.address);
}

/** The first so many of a list in their order, without putting the rest of it in order. */
export class FirstPlaced {
  readonly #most: number;
  #kept: PlacedSensor[] = [];
  /** The last one that may still belong to them. */
  #bound: PlacedSensor | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether it may be one of them, as far as is known. */
  mayTake(sensor: PlacedSensor): boolean {
    return this.#bound === undefined || comparePlaced(sensor, this.#bound) < 0;
  }

  take(sensor: PlacedSensor): void {
    this.#kept.push(sensor);
    if (this.#kept.length >= 2 * this.#most) this.#cut();
  }

  sorted(): readonly PlacedSensor[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort(comparePlaced);
    if (this.#kept.length < this.#most) return;
    this.#kept.length = this.#most;
    this.#bound = this.#kept.at(-1);
  }
}
