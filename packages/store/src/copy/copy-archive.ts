import type { Backend } from '../backend/backend.ts';

/** Longer than Cassandra's `commitlog_sync_period`, 10 s, by some margin: the archiver's `setBackSeconds`, and what it takes to notice. */
export const SAFE_AFTER_SECONDS = 60;

/** An archive that is open to be copied from, or to. */
export interface CopyArchive {
  readonly backend: Backend;
  /** Tells it from every other, whatever name it is reached by. */
  readonly identity: string;
  /** Has what was acknowledged so far written to where it is to be, the catalogue with it. */
  readonly makeSafe: () => Promise<void>;
  /** What it has acknowledged for so long, no crash takes away any more. */
  readonly safeAfterSeconds: number;
  /** Most samples of a batch. */
  readonly batchSamples: number;
  /** What has to be done before all of it can be read fast. @param tell what takes its time */
  readonly prepareReading: (tell: (line: string) => void) => Promise<void>;
  /** The same when so many samples have been written to it. */
  readonly settle: (samples: number, tell: (line: string) => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Two archives that cannot be copied as they are. */
export class CopyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CopyError';
  }
}
