import type { BusConnection } from '@katbus/bus/nats';
import { SUBJECTS, toSeconds, wallClockUs, type CacheUpdateDone } from '@katbus/protocol';

/** At most one notice in this time. */
const QUIET_MS = 1_000;

/** Tells everybody on `portal.cache_update_done` that the catalogue changed: the first time at once, then at most once a second. */
export class CatalogueNotice {
  readonly #connection: BusConnection;
  readonly #sensors: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;

  constructor(connection: BusConnection, sensors: () => number) {
    this.#connection = connection;
    this.#sensors = sensors;
  }

  changed(): void {
    if (this.#timer !== undefined) {
      this.#isDue = true;
      return;
    }
    this.#publish();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const isDue = this.#isDue;
      this.#isDue = false;
      if (isDue) this.changed();
    }, QUIET_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #publish(): void {
    // An event, not a state: whoever is cut off reads the catalogue again anyway.
    if (!this.#connection.connected) return;
    const message: CacheUpdateDone = { time: toSeconds(wallClockUs()), sensors: this.#sensors() };
    this.#connection.publish(SUBJECTS.cacheUpdateDone, JSON.stringify(message));
  }
}
