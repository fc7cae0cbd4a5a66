import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { archiveIdentity, passingIdentity } from '../../election/archive-identity.ts';
import { StoreError } from '../../errors.ts';
import { lockFolder } from '../sqlite/folder-lock.ts';
import { attempt } from '../sqlite/sqlite-file.ts';

/** Who has an archive open that nothing locks. */
export interface ArchiveHolder {
  /** As `Backend.identity`. */
  readonly identity: string;
  /** Why the next process here will be another one; undefined: it will not be, or that is as it should be. */
  readonly trouble: Error | undefined;
  readonly release: () => void;
}

/**
 * Nothing locks a keyspace, and two living processes must not take each other for their own past; but a folder of this machine can be locked. Who
 * has its lock is the one who had it before, because that one is gone. Who does not get it, as the second store of a machine, is somebody new.
 * @param directory undefined: there is none
 * @param archive tells it from every other
 */
export function archiveHolder(directory: string | undefined, archive: string): ArchiveHolder {
  const passing = { identity: passingIdentity(), release: () => undefined };
  if (directory === undefined) return { ...passing, trouble: undefined };
  // Beside an archive of files, which others may read meanwhile.
  const folder = join(directory, 'cassandra');
  let release: (() => void) | undefined;
  try {
    attempt(folder, () => mkdirSync(folder, { recursive: true }));
    release = lockFolder(folder);
    const identity = attempt(folder, () => archiveIdentity(folder, `cassandra ${archive}`));
    return { identity, trouble: undefined, release };
  } catch (error) {
    release?.();
    const isAnothers = error instanceof StoreError && error.code === 'LOCKED';
    return { ...passing, trouble: isAnothers ? undefined : (error as Error) };
  }
}
