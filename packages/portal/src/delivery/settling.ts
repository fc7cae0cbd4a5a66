import { setImmediate } from 'node:timers/promises';
import type { SeenSamples } from './seen-samples.ts';
import type { Floors, Subscription } from './subscription.ts';

/** Sensors that are noted in one turn of the loop, so that 200,000 of them stop nobody. */
const NOTES_A_TURN = 5_000;

/**
 * After a snapshot a live copy of one of its samples may still be on its way, on a mesh for some milliseconds. So long each subscription
 * compares with its own snapshot; then the samples are noted as seen by the portal, and the comparison ends.
 */
export class Settling {
  readonly #seen: SeenSamples;
  readonly #settleMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #floors = new Set<Floors>();

  constructor(seen: SeenSamples, settleMs: number) {
    this.#seen = seen;
    this.#settleMs = settleMs;
  }

  begin(subscription: Subscription, floors: Floors): void {
    subscription.floors = floors;
    this.#floors.add(floors);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#note(floors).then(() => {
        this.#floors.delete(floors);
        if (subscription.floors === floors) subscription.floors = undefined;
      });
    }, this.#settleMs);
    this.#timers.add(timer);
  }

  /** Whether a sensor was in a snapshot that is not noted yet. */
  hasShown(key: string): boolean {
    for (const { times, newer } of this.#floors) if (times.has(key) || newer.has(key)) return true;
    return false;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #note({ times, newer }: Floors): Promise<void> {
    let left = NOTES_A_TURN;
    for (const [key, timeUs] of times) {
      this.#seen.note(key, newer.get(key)?.timeUs ?? timeUs);
      left -= 1;
      if (left > 0) continue;
      await setImmediate();
      left = NOTES_A_TURN;
    }
    for (const { kind, key, timeUs } of newer.values()) if (kind === 'sample') this.#seen.note(key, timeUs);
  }
}
