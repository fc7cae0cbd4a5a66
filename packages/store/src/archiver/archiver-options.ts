import type { BackendIntake } from '../backend/backend.ts';
import { INQUIRY_DEFAULTS, type InquiryOptions } from './attributes-inquiry.ts';
import type { BackOffOptions } from './back-off.ts';

/** Options of the archiver. Defaults: {@link ARCHIVER_DEFAULTS}. */
export interface ArchiverOptions {
  /**
   * A sample is to be stored so long after it was published, as long as the store keeps up. A quarter of it is spent on gathering a
   * batch, the rest is for the write and for a disk that is busy. While a backlog is worked off all of it may be spent on filling a batch.
   */
  readonly maxDelayMs?: number;
  /**
   * Most messages of a batch. Two batches are in memory at most: one being gathered, one being written. Default: what the back end likes
   * best (`Backend.intake`), else {@link ARCHIVER_DEFAULTS}; so with the next two.
   */
  readonly batchMessages?: number | undefined;
  /** Most payload bytes of a batch. */
  readonly batchBytes?: number | undefined;
  /** While nothing comes, an empty batch is written so often; 0: never. */
  readonly idleWriteMs?: number | undefined;
  /** Pauses between attempts while the store or the stream refuses. */
  readonly backOff?: BackOffOptions;
  /** Asking components for attributes that are not known. */
  readonly inquiry?: InquiryOptions;
}

export const ARCHIVER_DEFAULTS = {
  maxDelayMs: 2_000,
  batchMessages: 10_000,
  batchBytes: 16 * 1024 ** 2,
  idleWriteMs: 0,
  backOff: { firstMs: 250, mostMs: 10_000 },
  inquiry: INQUIRY_DEFAULTS,
} as const satisfies Required<ArchiverOptions>;

/** With all defaults, those of the back end first. */
export type SettledOptions = {
  readonly [Name in keyof ArchiverOptions]-?: NonNullable<ArchiverOptions[Name]>;
};

export function settledOptions(options: ArchiverOptions, intake: BackendIntake = {}): SettledOptions {
  const { batchMessages, batchBytes, idleWriteMs } = ARCHIVER_DEFAULTS;
  return {
    ...ARCHIVER_DEFAULTS,
    ...options,
    batchMessages: options.batchMessages ?? intake.batchMessages ?? batchMessages,
    batchBytes: options.batchBytes ?? intake.batchBytes ?? batchBytes,
    idleWriteMs: options.idleWriteMs ?? intake.idleWriteMs ?? idleWriteMs,
  };
}
