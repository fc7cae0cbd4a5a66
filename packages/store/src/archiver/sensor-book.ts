import { clockEpochOf, normalisedName, parseSensorSubject, sensorSubject } from '@katbus/protocol';
import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { Backend, CatalogueRow } from '../backend/backend.ts';
import { SensorEpochs, type EpochMessage } from './sensor-epochs.ts';

/** What the archiver needs to know of a sensor to judge its samples. */
export interface BookEntry extends SensorAddress {
  readonly name: string;
  /** As its newest attributes declare; undefined: there are none, or they are silent. */
  type: string | undefined;
  params: readonly unknown[] | undefined;
  /** Undefined: its component has never told of a clock epoch. */
  epochs: SensorEpochs | undefined;
  /** Whether the book has it: false until {@link SensorBook.keep}. */
  isKept: boolean;
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
        this.#recallEpochs(row);
      }
      after = next;
    } while (after !== undefined);
  }

  /**
   * The sensor of a subject; one that is new is not in the book yet, because whoever publishes rubbish on endless subjects must not fill
   * the memory.
   * @returns undefined when no sensor's archive samples are published there
   */
  bySubject(subject: string): BookEntry | undefined {
    const known = this.#bySubject.get(subject);
    if (known !== undefined) return known;
    const parsed = parseSensorSubject(subject);
    return parsed?.rate === 'archive' ? newEntry(parsed) : undefined;
  }

  /** A good sample of the sensor has come. */
  keep(entry: BookEntry): void {
    if (entry.isKept) return;
    entry.isKept = true;
    this.#bySubject.set(sensorSubject('archive', entry), entry);
  }

  learn(address: SensorAddress, { type, params }: Attributes): void {
    const entry = this.#entryOf(address);
    entry.type = type;
    // Other systems send the values of a discrete sensor as one text; how they separate them is theirs.
    entry.params = typeof params === 'string' ? undefined : params;
  }

  /** Attributes were announced: they may tell that the component's clock was set back. */
  learnEpoch(address: SensorAddress, attributes: Attributes, message: EpochMessage): void {
    const clockEpoch = clockEpochOf(attributes);
    const entry = this.#entryOf(address);
    if (clockEpoch !== undefined) entry.epochs ??= new SensorEpochs(undefined, 0);
    entry.epochs?.announced(clockEpoch, message);
  }

  #recallEpochs({ attributes, attributesFromUs = 0, latestEpoch, ...address }: CatalogueRow): void {
    const clockEpoch = attributes && clockEpochOf(attributes);
    if (clockEpoch === undefined && latestEpoch === 0) return;
    // The latest sample may be of an epoch before the one that was announced last.
    const since = clockEpoch === undefined ? latestEpoch : Math.max(attributesFromUs, latestEpoch);
    this.#entryOf(address).epochs = new SensorEpochs(clockEpoch, since);
  }

  #entryOf(address: SensorAddress): BookEntry {
    const known = this.#bySubject.get(sensorSubject('archive', address));
    if (known !== undefined) return known;
    const entry = newEntry(address);
    this.keep(entry);
    return entry;
  }
}

function newEntry({ component, sensor }: SensorAddress): BookEntry {
  const name = normalisedName({ component, sensor });
  return { component, sensor, name, type: undefined, params: undefined, epochs: undefined, isKept: false };
}
