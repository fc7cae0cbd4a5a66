import type { DatabaseSync } from 'node:sqlite';

/**
 * When to copy the write-ahead log into its file, so that it is used again from its beginning and stays short.
 *
 * SQLite would do it in the commit that finds the log long, which holds that batch up; and the log's length on disk tells nothing,
 * because it does not shrink. So the bytes that go in are counted here, roughly.
 */
export class WriteLog {
  readonly #database: DatabaseSync;
  readonly #foldAtBytes: number;
  #bytes = 0;

  constructor(database: DatabaseSync, foldAtBytes: number) {
    this.#database = database;
    this.#foldAtBytes = foldAtBytes;
  }

  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Passive: a reader is not waited for; what it keeps from being copied follows the next time. */
  foldWhenLong(): void {
    if (this.#bytes < this.#foldAtBytes) return;
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.#bytes = 0;
  }
}
