import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { attempt } from './sqlite-file.ts';

const SQLITE_BUSY = 5;

/**
 * Takes a folder for this process alone.
 *
 * The lock is the operating system's lock on a file, held through SQLite: it ends with the process however that ends, so there
 * is no stale lock to be told from a real one. The process id beside it is for the message only.
 * @returns the undo
 * @throws {StoreError} with code LOCKED, naming the process that has it
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock.db');
  const ownerPath = join(folder, 'lock.pid');
  const database = attempt(path, () => new DatabaseSync(path));
  try {
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(ownerPath, `${process.pid}\n`);
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      const message = `${folder} is in use by another store (process ${ownerOf(ownerPath)})`;
      throw new StoreError('LOCKED', message, folder, { cause: error });
    }
    return attempt(path, () => {
      throw error;
    });
  }
  return () => {
    if (database.isOpen) database.close();
  };
}

function ownerOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
