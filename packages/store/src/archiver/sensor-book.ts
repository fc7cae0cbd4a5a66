import { clockEpochOf, normalisedName, parseSensorSubject, sensorSubject } from '@katbus/protocol';
import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { StreamMessage } from '@katbus/bus/nats';
import type { Backend, CatalogueRow } from '../backend/backend.ts';
import type { NumberedSensors } from '../backend/sample-batch.ts';
import { SensorEpochs, type EpochMessage } from './sensor-epochs.ts';
import { SubjectTable } from './subject-table.ts';

/** What a sensor's attributes say of its values. */
export interface Declaration {
  /** undefined: they are silent, or there are none. */
  readonly type: string | undefined;
  /** Of a discrete sensor: its values. */
  readonly params: readonly unknown[] | undefined;
}

interface DeclaredSpan {
  /** The stream's time of the attributes. */
  readonly fromUs: number;
  readonly declaration: Declaration;
}

/** What the archiver needs to know of a sensor to judge its samples. */
export interface BookEntry extends SensorAddress {
  readonly name: string;
  /** -1 until the book has it ({@link SensorBook.keep}). */
  number: number;
  /** As its newest attributes declare. */
  declaration: Declaration;
  /** Since when that holds; undefined: there are no attributes. */
  fromUs: number | undefined;
  /** What held before, in order of time; undefined: the catalogue is to be asked. */
  earlier: DeclaredSpan[] | undefined;
  /** Undefined: its component has never told of a clock epoch. */
  epochs: SensorEpochs | undefined;
}

const PAGE_SENSORS = 5_000;
/** Of a sensor whose attributes change again and again; what held before that is asked for when it is needed. */
const MOST_EARLIER = 16;
const RECALLS_AT_ONCE = 64;

export const UNDECLARED: Declaration = { type: undefined, params: undefined };

/** The known sensors by the subject of their archive samples: one look-up a sample. */
export class SensorBook implements NumberedSensors {
  readonly #subjects = new SubjectTable();
  readonly #entries: BookEntry[] = [];
  #newestUs = -Infinity;

  get size(): number {
    return this.#entries.length;
  }

  /** Since when no attributes have changed, by the stream's time: of messages from then on the newest hold. */
  get newestUs(): number {
    return this.#newestUs;
  }

  get components(): Set<string> {
    return new Set(this.#entries.map(({ component }) => component));
  }

  /** Reads the catalogue. @throws {StoreError} */
  async load(backend: Backend): Promise<void> {
    let after: SensorAddress | undefined;
    do {
      const { rows, next } = await backend.catalogue({ limit: PAGE_SENSORS, after });
      for (const row of rows) {
        const entry = this.#entryOf(row);
        recallEpochs(entry, row);
        if (row.attributes === undefined || row.attributesFromUs === undefined) continue;
        this.learn(row, row.attributes, row.attributesFromUs);
        // What held before is in the catalogue, and rarely asked for.
        entry.earlier = undefined;
      }
      after = next;
    } while (after !== undefined);
  }

  /** @returns undefined when it is not in the book */
  find(subject: Uint8Array): BookEntry | undefined {
    return this.#entries[this.#subjects.find(subject)];
  }

  addressOf(number: number): BookEntry {
    return this.#entries[number]!;
  }

  /**
   * The sensor of a subject; one that is new is not in the book yet, because whoever publishes rubbish on endless subjects must not fill
   * the memory.
   * @returns undefined when no sensor's archive samples are published there
   */
  bySubject(subject: string): BookEntry | undefined {
    const known = this.find(Buffer.from(subject));
    if (known !== undefined) return known;
    const parsed = parseSensorSubject(subject);
    return parsed?.rate === 'archive' ? newEntry(parsed) : undefined;
  }

  /** A good sample of the sensor has come. */
  keep(entry: BookEntry): void {
    if (entry.number >= 0) return;
    entry.number = this.#subjects.add(Buffer.from(sensorSubject('archive', entry)));
    this.#entries.push(entry);
  }

  /** @param fromUs the stream's time of the message that announced them; older than what is known when the stream is read again */
  learn(address: SensorAddress, attributes: Attributes, fromUs: number): void {
    const entry = this.#entryOf(address);
    const declaration = declarationOf(attributes);
    if (entry.fromUs === undefined) {
      entry.declaration = declaration;
      entry.fromUs = fromUs;
      this.#newestUs = Math.max(this.#newestUs, fromUs);
    } else if (fromUs >= entry.fromUs && !isSame(declaration, entry.declaration)) {
      entry.earlier?.push({ fromUs: entry.fromUs, declaration: entry.declaration });
      if (entry.earlier !== undefined && entry.earlier.length > MOST_EARLIER) entry.earlier = undefined;
      entry.declaration = declaration;
      entry.fromUs = fromUs;
      this.#newestUs = Math.max(this.#newestUs, fromUs);
    }
  }

  /** Attributes were announced: they may tell that the component's clock was set back. */
  learnEpoch(address: SensorAddress, attributes: Attributes, message: EpochMessage): void {
    const clockEpoch = clockEpochOf(attributes);
    const entry = this.#entryOf(address);
    if (clockEpoch !== undefined) entry.epochs ??= new SensorEpochs(undefined, 0);
    entry.epochs?.announced(clockEpoch, message);
  }

  /** What held when the stream took a message: read again, it meets the same fate as the first time. */
  inForce({ fromUs, declaration, earlier }: BookEntry, timestampUs: number): Declaration {
    if (fromUs === undefined || timestampUs >= fromUs) return declaration;
    return earlier?.findLast((span) => span.fromUs <= timestampUs)?.declaration ?? UNDECLARED;
  }

  /**
   * Asks the catalogue for what {@link inForce} needs to know of messages that are older than the newest attributes of their sensors: an
   * older part of the stream is being read again.
   * @throws {StoreError}
   */
  async recall(messages: readonly StreamMessage[], backend: Backend): Promise<void> {
    const wanted = new Set<BookEntry>();
    for (const { subject, subjectBytes, timestampUs } of messages) {
      const entry = this.find(subjectBytes ?? Buffer.from(subject));
      if (entry?.fromUs === undefined || timestampUs >= entry.fromUs || entry.earlier !== undefined) continue;
      wanted.add(entry);
    }
    const entries = [...wanted];
    for (let from = 0; from < entries.length; from += RECALLS_AT_ONCE) {
      await Promise.all(
        entries.slice(from, from + RECALLS_AT_ONCE).map((entry) => recallOne(entry, backend)),
      );
    }
  }

  #entryOf(address: SensorAddress): BookEntry {
    const known = this.find(Buffer.from(sensorSubject('archive', address)));
    if (known !== undefined) return known;
    const entry = newEntry(address);
    this.keep(entry);
    return entry;
  }
}

function recallEpochs(
  entry: BookEntry,
  { attributes, attributesFromUs = 0, latestEpoch }: CatalogueRow,
): void {
  const clockEpoch = attributes && clockEpochOf(attributes);
  if (clockEpoch === undefined && latestEpoch === 0) return;
  // The latest sample may be of an epoch before the one that was announced last.
  const since = clockEpoch === undefined ? latestEpoch : Math.max(attributesFromUs, latestEpoch);
  entry.epochs = new SensorEpochs(clockEpoch, since);
}

async function recallOne(entry: BookEntry, backend: Backend): Promise<void> {
  const spans = await backend.attributesHistory(entry, -Infinity, entry.fromUs ?? Infinity);
  entry.earlier = spans.map(({ fromUs, attributes }) => ({ fromUs, declaration: declarationOf(attributes) }));
}

function newEntry({ component, sensor }: SensorAddress): BookEntry {
  const name = normalisedName({ component, sensor });
  return {
    component,
    sensor,
    name,
    number: -1,
    declaration: UNDECLARED,
    fromUs: undefined,
    earlier: [],
    epochs: undefined,
  };
}

function declarationOf({ type, params }: Attributes): Declaration {
  // Other systems send the values of a discrete sensor as one text; how they separate them is theirs.
  return { type, params: typeof params === 'string' ? undefined : params };
}

function isSame(a: Declaration, b: Declaration): boolean {
  return a.type === b.type && JSON.stringify(a.params) === JSON.stringify(b.params);
}
