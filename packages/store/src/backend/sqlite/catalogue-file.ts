import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import type { WriteSummary } from '../backend.ts';
import type { GapRow, StreamFloor } from '../write-batch.ts';
import { CatalogueAttributes } from './catalogue-attributes.ts';
import { CatalogueQuarantine } from './catalogue-quarantine.ts';
import { CATALOGUE_FILE } from './catalogue-schema.ts';
import { CatalogueSensors } from './catalogue-sensors.ts';
import type { PackedBatch } from './packed-batch.ts';
import { attempt, openForWriting, transaction } from './sqlite-file.ts';
import { WriteLog } from './write-log.ts';
import type { WriterOptions } from './writer.ts';

/** A page is logged whole, whatever changed in it. */
const PAGE_BYTES = 4096;

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

  constructor(path: string, { quarantineBytes, foldAtBytes }: WriterOptions) {
    this.#path = path;
    this.#database = openForWriting(path, CATALOGUE_FILE);
    this.#log = new WriteLog(this.#database, foldAtBytes);
    this.#sensors = new CatalogueSensors(this.#database);
    this.#attributes = new CatalogueAttributes(this.#database);
    this.#quarantine = new CatalogueQuarantine(this.#database, quarantineBytes);
    this.#insertGap = this.#database.prepare(`
      INSERT INTO gaps (from_sequence, to_sequence, from_t, to_t, reason) VALUES (?, ?, ?, ?, ?)
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

  /** One transaction. @throws {StoreError} */
  write(batch: PackedBatch, addresses: readonly SensorAddress[]): WriteSummary {
    return transaction(this.#database, this.#path, () => {
      this.#log.wrote(PAGE_BYTES * (1 + this.#sensors.write(batch.samples, addresses)));
      let changedAttributes = 0;
      for (const row of batch.attributes) {
        if (this.#attributes.write(this.#sensors.idOf(row.sensor, addresses), row)) changedAttributes++;
        this.#log.wrote(row.json.length);
      }
      const quarantineDropped = this.#quarantine.write(batch.quarantine);
      for (const { payload } of batch.quarantine) this.#log.wrote(payload.length);
      for (const gap of batch.gaps) this.#writeGap(gap);
      if (batch.floor !== undefined) this.#writeFloor(batch.floor);
      return { newSensors: this.#sensors.takeAdded(), changedAttributes, quarantineDropped };
    });
  }

  /** Samples before a time are kept no longer. @throws {StoreError} */
  forgetBefore(timeUs: number): void {
    transaction(this.#database, this.#path, () => {
      this.#sensors.forgetBefore(timeUs);
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

  #writeGap({ fromSequence, toSequence, fromUs, toUs, reason }: GapRow): void {
    this.#insertGap.run(fromSequence, toSequence, fromUs, toUs, reason);
  }

  #writeFloor({ sequence, streamCreated, messageUs }: StreamFloor): void {
    this.#setFloor.run(sequence, streamCreated, messageUs);
  }
}
