import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { toStoreError } from './sqlite-fault.ts';

/** One kind of SQLite file of the archive. */
export interface FileKind {
  /** For messages: `catalogue`, `day file`. */
  readonly name: string;
  /** In the file's header, so that a stranger's database is never taken for ours (PRAGMA application_id). */
  readonly applicationId: number;
  /** In the file's header too (PRAGMA user_version); grows with every change of the schema. */
  readonly version: number;
  readonly schema: string;
}

/**
 * How commits become durable. FULL: fsync of the log at every commit, before it returns. The log is folded into the file between
 * batches and not by a commit that happens to find it long, for that would hold up the batch.
 */
const WRITER_SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA cache_size = -65536;
  PRAGMA temp_store = MEMORY;
`;

/** How long a statement waits for another program, such as somebody's sqlite3 shell, to give up its lock. */
const BUSY_TIMEOUT_MS = 5_000;

/** Opens a file for writing, making it when there is none. @throws {StoreError} */
export function openForWriting(path: string, kind: FileKind): DatabaseSync {
  return attempt(path, () => {
    if (!existsSync(path)) create(path, kind);
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      checkKind(database, path, kind);
      database.exec(WRITER_SETTINGS);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  });
}

/** Opens a file that another connection writes. @throws {StoreError} */
export function openForReading(path: string, kind: FileKind): DatabaseSync {
  return attempt(path, () => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      checkKind(database, path, kind);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  });
}

/** Runs statements as one transaction: all of them are durable when it returns, none when it throws. @throws {StoreError} */
export function transaction<Result>(database: DatabaseSync, path: string, statements: () => Result): Result {
  return attempt(path, () => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = statements();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has rolled back already: then there is nothing to roll back, and the first error is the one to tell.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });
}

/** @throws {StoreError} whatever `action` throws */
export function attempt<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/**
 * The file gets its name when its schema is in it: nobody ever opens half a file, whenever the power goes. It has its write-ahead log by
 * then: the change to that, interrupted, leaves a file which a reader cannot open.
 */
function create(path: string, kind: FileKind): void {
  const draft = `${path}.new`;
  for (const name of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`])
    rmSync(name, { force: true });
  const database = new DatabaseSync(draft);
  try {
    database.exec(`
      PRAGMA journal_mode = DELETE;
      PRAGMA synchronous = FULL;
      BEGIN;
      ${kind.schema}
      PRAGMA application_id = ${kind.applicationId};
      PRAGMA user_version = ${kind.version};
      COMMIT;
      PRAGMA journal_mode = WAL;
    `);
  } finally {
    database.close();
  }
  // What a file of this name, removed since, may have left must not be taken for the log of this one.
  for (const name of [`${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
  renameSync(draft, path);
  syncFolder(dirname(path));
}

/** Makes a new name in a folder durable. */
export function syncFolder(folder: string): void {
  syncFile(folder);
}

/** Makes what was written into a file durable. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkKind(database: DatabaseSync, path: string, kind: FileKind): void {
  const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).get()?.[name];
  if (pragma('application_id') !== kind.applicationId) {
    throw new StoreError('FOREIGN_FILE', `${path} is no ${kind.name} of Katbus: move it away`, path);
  }
  const version = Number(pragma('user_version'));
  if (version > kind.version) {
    throw new StoreError(
      'SCHEMA_VERSION',
      `${path} was written by a later Katbus (${kind.name} version ${version}, this one knows ${kind.version}): run that one`,
      path,
    );
  }
}
