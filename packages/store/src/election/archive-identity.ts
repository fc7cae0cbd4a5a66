import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const FILE = 'archive.id';
const DIGITS = 16;

/**
 * What tells one archive in one place from every other: the same for each process that has the folder locked, one after the other. A copy
 * of the folder, a restored one, and the same path on another machine are others: host, name and place of the file on the disk count too.
 * @param archive of an archive that is not in the folder: its name
 * @throws what the file system throws
 */
export function archiveIdentity(folder: string, archive = ''): string {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    // The name comes last: nobody ever reads half of it.
    writeFileSync(`${path}.new`, `${randomUUID()}\n`);
    renameSync(`${path}.new`, path);
  }
  const place = `${readFileSync(path, 'utf8').trim()} ${statSync(path).ino} ${hostname()}`;
  return digest(archive === '' ? place : `${place} ${archive}`);
}

/** Of an archive that ends with its process. */
export function passingIdentity(): string {
  return digest(randomUUID());
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
}
