import { StoreError, type StoreErrorCode } from '../../errors.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html) that a keeper of an archive can do something about. */
const BY_RESULT_CODE = new Map<number, readonly [StoreErrorCode, string]>([
  [3, ['READ_ONLY', 'no permission']],
  [5, ['BUSY', 'another program holds it locked']],
  [8, ['READ_ONLY', 'cannot be written']],
  [10, ['IO', 'the disk reports an error']],
  [11, ['CORRUPT', 'is damaged: put back a copy of it, or move it away']],
  [13, ['DISK_FULL', 'the disk is full']],
  [14, ['IO', 'cannot be opened']],
  [18, ['REFUSED', 'takes no value as large as one of these']],
  [19, ['REFUSED', 'takes no such row']],
  [20, ['REFUSED', 'takes no such value']],
  [25, ['REFUSED', 'takes no such value']],
  [26, ['CORRUPT', 'is no SQLite file: put back a copy of it, or move it away']],
]);

const BY_SYSTEM_CODE = new Map<string, readonly [StoreErrorCode, string]>([
  ['ENOSPC', ['DISK_FULL', 'the disk is full']],
  ['EDQUOT', ['DISK_FULL', 'the disk quota is used up']],
  ['EACCES', ['READ_ONLY', 'no permission']],
  ['EPERM', ['READ_ONLY', 'no permission']],
  ['EROFS', ['READ_ONLY', 'the file system is read-only']],
]);

interface Fault {
  /** SQLite's extended result code; its low byte is the primary one. */
  readonly errcode?: unknown;
  readonly errstr?: unknown;
  readonly code?: unknown;
}

/** What SQLite or the file system threw, as a StoreError that names the file and what can be done. */
export function toStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode, code } = error as Fault;
  const message = error instanceof Error ? error.message : String(error);
  const known =
    typeof errcode === 'number' ? BY_RESULT_CODE.get(errcode & 0xff) : BY_SYSTEM_CODE.get(String(code));
  // What Node says of an argument: no disk is at fault, and none will mend it.
  const isArgument = typeof errcode !== 'number' && String(code).startsWith('ERR_INVALID');
  const [storeCode, rule] = known ?? (isArgument ? ['REFUSED', 'takes no such value'] : ['IO', 'failed']);
  const detail = typeof errcode === 'number' ? `SQLite ${errcode}: ${message}` : message;
  return new StoreError(storeCode, `${path}: ${rule} (${detail})`, path, { cause: error });
}
