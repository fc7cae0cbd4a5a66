import type { Backend } from '../backend/backend.ts';
import type { StreamFloor } from '../backend/write-batch.ts';

/** An archive that is open to be copied from, or to. */
export interface CopyArchive {
  readonly backend: Backend;
  /** After which message a store would begin to read the stream. */
  readonly floorToStart: () => Promise<StreamFloor | undefined>;
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
