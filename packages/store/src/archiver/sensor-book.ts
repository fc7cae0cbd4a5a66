import { normalisedName, parseSensorSubject, sensorSubject } from '@katbus/protocol';
import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { Backend } from '../backend/backend.ts';

/** What the archiver needs to know of a sensor to judge its samples. */
export interface BookEntry extends SensorAddress {
  readonly name: string;
  /** As its newest attributes declare; undefined: there are none, or they are silent. */
  type: string | undefined;
  params: readonly unknown[] | undefined;
}

const PAGE_SENSORS = 5_000;

/** The known sensors by the subject of their archive samples: one look-up a sample. */
export class SensorBook {
  readonly #bySubject = new Map<string, BookEntry>();

  get size(): number {
    return this.#bySubject.size;
  }

  /** Reads the catalogue. @throws {StoreError} */
  async load(backend: Backend): Promise<void> {
    let after: SensorAddress | undefined;
    do {
      const { rows, next } = await backend.catalogue({ limit: PAGE_SENSORS, after });
      for (const row of rows) {
        if (row.attributes === undefined) this.#entryOf(row);
        else this.learn(row, row.attributes);
      }
      after = next;
    } while (after !== undefined);
  }

  /** @returns undefined when no sensor's archive samples are published there */
  bySubject(subject: string): BookEntry | undefined {
    const known = this.#bySubject.get(subject);
    if (known !== undefined) return known;
    const parsed = parseSensorSubject(subject);
    return parsed?.rate === 'archive' ? this.#entryOf(parsed) : undefined;
  }

  learn(address: SensorAddress, { type, params }: Attributes): void {
    const entry = this.#entryOf(address);
    entry.type = type;
    // Other systems send the values of a discrete sensor as one text; how they separate them is theirs.
    entry.params = typeof params === 'string' ? undefined : params;
  }

  #entryOf({ component, sensor }: SensorAddress): BookEntry {
    const subject = sensorSubject('archive', { component, sensor });
    let entry = this.#bySubject.get(subject);
    if (entry === undefined) {
      const name = normalisedName({ component, sensor });
      entry = { component, sensor, name, type: undefined, params: undefined };
      this.#bySubject.set(subject, entry);
    }
    return entry;
  }
}
