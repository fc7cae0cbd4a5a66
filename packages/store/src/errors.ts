/** Why a back end could not do what it was asked; STORAGE.md, "Errors", says how each is solved. */
export const STORE_ERROR_CODES = [
  'LOCKED',
  'SCHEMA_VERSION',
  'FOREIGN_FILE',
  'DISK_FULL',
  'READ_ONLY',
  'CORRUPT',
  'BUSY',
  'IO',
  'UNAVAILABLE',
  'TIMEOUT',
  'OVERLOADED',
  'SCHEMA',
  'UNAUTHORIZED',
  'REFUSED',
  'CLOSED',
  'CRASHED',
] as const;
export type StoreErrorCode = (typeof STORE_ERROR_CODES)[number];

/** Codes after which asking again may help without anybody touching the daemon. */
const RETRYABLE: ReadonlySet<StoreErrorCode> = new Set([
  'DISK_FULL',
  'READ_ONLY',
  'CORRUPT',
  'BUSY',
  'IO',
  'UNAVAILABLE',
  'TIMEOUT',
  'OVERLOADED',
  'SCHEMA',
  'UNAUTHORIZED',
] as const);

/** A back end failed. `path` is the file or folder concerned, where there is one. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly path: string | undefined;

  constructor(code: StoreErrorCode, message: string, path?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
    this.name = 'StoreError';
  }

  /** Whether the same call may succeed later: somebody freed the disk, put the file back, mounted it writable. */
  get isRetryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
