import { INQUIRY_DEFAULTS, type InquiryOptions } from './attributes-inquiry.ts';
import type { BackOffOptions } from './back-off.ts';

/** Options of the archiver. Defaults: {@link ARCHIVER_DEFAULTS}. */
export interface ArchiverOptions {
  /**
   * A sample is to be stored so long after it was published, as long as the store keeps up. A quarter of it is spent on gathering a
   * batch, the rest is for the write and for a disk that is busy.
   */
  readonly maxDelayMs?: number;
  /** Most messages of a batch. Two batches are in memory at most: one being gathered, one being written. */
  readonly batchMessages?: number;
  /** Most payload bytes of a batch. */
  readonly batchBytes?: number;
  /** Pauses between attempts while the store or the stream refuses. */
  readonly backOff?: BackOffOptions;
  /** Asking components for attributes that are not known. */
  readonly inquiry?: InquiryOptions;
}

export const ARCHIVER_DEFAULTS = {
  maxDelayMs: 2_000,
  batchMessages: 10_000,
  batchBytes: 16 * 1024 ** 2,
  backOff: { firstMs: 250, mostMs: 10_000 },
  inquiry: INQUIRY_DEFAULTS,
} as const satisfies Required<ArchiverOptions>;
