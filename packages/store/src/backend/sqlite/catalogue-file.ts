import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import type { TallyPart, WriteSummary } from '../backend.ts';
import type { GapRow, StreamFloor } from '../write-batch.ts';
import { CatalogueAttributes } from './catalogue-attributes.ts';
import { CatalogueQuarantine } from './catalogue-quarantine.ts';
import { addGapMessages, CATALOGUE_FILE, TALLIES } from './catalogue-schema.ts';
import { CatalogueSensors } from './catalogue-sensors.ts';
import type { PackedBatch } from './packed-batch.ts';
import { attempt, openForWriting, transaction } from './sqlite-file.ts';
import { WriteLog } from './write-log.ts';
import type { WriterOptions } from './writer.ts';

/** A page is logged whole, whatever changed in it. */
const PAGE_BYTES = 4096;

/**
 * How long sensors, latest samples and the floor may be ahead of the file; the longer time holds while many sensors change. What was written of
 * samples meanwhile is read from the stream again after a crash.
 */
export const SETTLE_MS = 1_000;
const MOST_SETTLE_MS = 10_000;
/** Latest samples that are written without thinking. */
const FEW_ROWS = 5_000;

/** The catalogue open for writing. After a write that threw, close it: what it knows may not be what the file holds. */
export class CatalogueFile {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #log: WriteLog;
  readonly #sensors: CatalogueSensors;
  readonly #attributes: CatalogueAttributes;
  readonly #quarantine: CatalogueQuarantine;
  readonly #insertGap: StatementSync;
  readonly #setFloor: StatementSync;
  readonly #setTally: StatementSync;
  #unwrittenFloor: StreamFloor | undefined;
  #isSettled = true;
  #settledAtMs = -Infinity;

  constructor(path: string, { quarantineBytes, foldAtBytes }: WriterOptions) {
    this.#path = path;
    this.#database = openForWriting(path, CATALOGUE_FILE);
    this.#log = new WriteLog(this.#database, foldAtBytes);
    this.#sensors = new CatalogueSensors(this.#database);
    this.#attributes = new CatalogueAttributes(this.#database);
    this.#quarantine = new CatalogueQuarantine(this.#database, quarantineBytes);
    addGapMessages(this.#database);
    this.#database.exec(TALLIES);
    this.#setTally = this.#database.prepare('INSERT OR REPLACE INTO tallies (name, data) VALUES (?, ?)');
    this.#insertGap = this.#database.prepare(`
      INSERT INTO gaps (from_sequence, to_sequence, from_t, to_t, reason, messages) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`);
    this.#setFloor = this.#database.prepare(
      'INSERT OR REPLACE INTO floor (one, sequence, stream_created, message_t) VALUES (1, ?, ?, ?)',
    );
  }

  get statistics(): { sensors: number; quarantined: number; quarantineBytes: number } {
    return {
      sensors: this.#sensors.count,
      quarantined: this.#quarantine.count,
      quarantineBytes: this.#quarantine.bytes,
    };
  }

  /**
   * What a batch says beside samples goes to the file now, in one transaction; sensors, latest samples and the floor when {@link settle} is due.
   * @throws {StoreError}
   */
  write(batch: PackedBatch, addresses: readonly SensorAddress[]): WriteSummary {
    this.#sensors.take(batch.samples, addresses);
    this.#unwrittenFloor = batch.floor ?? this.#unwrittenFloor;
    this.#isSettled = false;
    const isDue = this.#isDue();
    const { attributes, quarantine, gaps } = batch;
    let changedAttributes = 0;
    let quarantineDropped = 0;
    // Before the transaction: it begins with those that are new.
    for (const { sensor } of attributes) this.#sensors.idOf(sensor, addresses);
    if (isDue || attributes.length + quarantine.length + gaps.length > 0) {
      this.#transaction(addresses, isDue, () => {
        for (const row of attributes) {
          if (this.#attributes.write(this.#sensors.idOf(row.sensor, addresses), row)) changedAttributes++;
          this.#log.wrote(row.json.length);
        }
        quarantineDropped = this.#quarantine.write(quarantine);
        for (const { payload } of quarantine) this.#log.wrote(payload.length);
        for (const gap of gaps) this.#writeGap(gap);
      });
    }
    return { newSensors: this.#sensors.takeAdded(), changedAttributes, quarantineDropped };
  }

  /** Everything that was written is in the file when it returns. @throws {StoreError} */
  settle(addresses: readonly SensorAddress[]): void {
    if (!this.#isSettled) this.#transaction(addresses, true, () => undefined);
  }

  /** What an earlier one of this file was told and did not write. */
  inherit(other: CatalogueFile, addresses: readonly SensorAddress[]): void {
    this.#sensors.inherit(other.#sensors, addresses);
    this.#unwrittenFloor = other.#unwrittenFloor;
    this.#isSettled = other.#isSettled;
  }

  /** Samples before a time are kept no longer. @throws {StoreError} */
  forgetBefore(timeUs: number, addresses: readonly SensorAddress[]): void {
    this.settle(addresses);
    transaction(this.#database, this.#path, () => {
      this.#sensors.forgetBefore(timeUs);
    });
  }

  /** @returns how many were there @throws {StoreError} */
  releaseQuarantined(ids: readonly number[]): number {
    return transaction(this.#database, this.#path, () => this.#quarantine.release(ids));
  }

  /** @throws {StoreError} */
  writeTallies(parts: readonly TallyPart[]): void {
    transaction(this.#database, this.#path, () => {
      for (const { name, data } of parts) {
        this.#setTally.run(name, data);
        this.#log.wrote(data.length);
      }
    });
  }

  foldLogWhenLong(): void {
    attempt(this.#path, () => {
      this.#log.foldWhenLong();
    });
  }

  close(): void {
    this.#database.close();
  }

  #isDue(): boolean {
    const elapsedMs = performance.now() - this.#settledAtMs;
    if (elapsedMs >= MOST_SETTLE_MS) return true;
    // With hundreds of thousands of sensors nearly every sample is another one's latest: written each second, they would cost as much again.
    return elapsedMs >= SETTLE_MS && this.#sensors.changed <= FEW_ROWS;
  }

  #transaction(addresses: readonly SensorAddress[], isSettling: boolean, statements: () => void): void {
    transaction(this.#database, this.#path, () => {
      this.#sensors.writeAdded(addresses);
      statements();
      if (!isSettling) return;
      this.#log.wrote(PAGE_BYTES * (1 + this.#sensors.write()));
      if (this.#unwrittenFloor !== undefined) this.#writeFloor(this.#unwrittenFloor);
    });
    this.#sensors.addedAreWritten();
    if (!isSettling) return;
    this.#sensors.allIsWritten();
    this.#unwrittenFloor = undefined;
    this.#isSettled = true;
    this.#settledAtMs = performance.now();
  }

  #writeGap({ fromSequence, toSequence, fromUs, toUs, reason, messages }: GapRow): void {
    this.#insertGap.run(fromSequence, toSequence, fromUs, toUs, reason, messages ?? null);
  }

  #writeFloor({ sequence, streamCreated, messageUs }: StreamFloor): void {
    this.#setFloor.run(sequence, streamCreated, messageUs);
  }
}
