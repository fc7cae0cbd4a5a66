import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PackedAttributes } from './packed-batch.ts';

/** The table `attributes` while it is written. */
export class CatalogueAttributes {
  readonly #inForce: StatementSync;
  readonly #insert: StatementSync;
  readonly #nameSensor: StatementSync;

  constructor(database: DatabaseSync) {
    this.#inForce = database.prepare(
      'SELECT json FROM attributes WHERE sensor = ? AND from_t <= ? ORDER BY from_t DESC LIMIT 1',
    );
    this.#insert = database.prepare(
      'INSERT OR REPLACE INTO attributes (sensor, from_t, json) VALUES (?, ?, ?)',
    );
    this.#nameSensor = database.prepare(`
      UPDATE sensors SET katcp_name = ?2
      WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attributes WHERE sensor = ?1 AND from_t > ?3)`);
  }

  /**
   * Within the transaction of a batch. Announcing again what holds already, which components do whenever they are asked, changes nothing.
   * @param id of the sensor in the catalogue
   * @returns whether anything changed
   */
  write(id: number, { fromUs, json, katcpName }: PackedAttributes): boolean {
    if (this.#inForce.get(id, fromUs)?.json === json) return false;
    this.#insert.run(id, fromUs, json);
    this.#nameSensor.run(id, katcpName ?? null, fromUs);
    return true;
  }
}
