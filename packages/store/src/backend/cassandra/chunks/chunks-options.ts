export interface ChunksOptions {
  /** The end of `CREATE TABLE` of chunks: `WITH ...`. */
  readonly tableOptions: string;
  /** After how many days samples go by themselves; 0: never. */
  readonly keepDays: number;

  /** How long the journal is kept: longer than the stream keeps its messages, so that no absence loses more than the stream does. */
  readonly journalTtlSeconds: number;
  /** The journal is sealed on full multiples of it; more often, chunks are rewritten more often. */
  readonly sealEverySeconds: number;
  /** How long after such a moment; {@link LEAST_SEAL_AFTER_SECONDS} at least, because a batch under way may still be written. */
  readonly sealAfterSeconds: number;
  /** Chunks are looked for again so long after they were written: longer than Cassandra's `commitlog_sync_period`. */
  readonly verifyAfterSeconds: number;
  /** Most samples, of all sensors, that the keeper has in memory. */
  readonly sealSamples: number;

  /** Bytes of the journal that a reader keeps. */
  readonly cacheBytes: number;
}

export const CHUNKS_DEFAULTS = {
  tableOptions: '',
  keepDays: 0,
  journalTtlSeconds: 8 * 86_400,
  sealEverySeconds: 3_600,
  sealAfterSeconds: 180,
  verifyAfterSeconds: 30,
  sealSamples: 1_500_000,
  cacheBytes: 64 * 1024 * 1024,
} as const satisfies ChunksOptions;

/** A slice of the journal takes what comes in so long, and ends with a full minute. */
export const SLICE_MS = 60_000;

/** So long after the end of its slice, a batch that was begun in it may be acknowledged; what comes later is written again. */
export const LATEST_ANSWER_MS = 60_000;

/** Sealing waits longer than any batch of a slice may take, also by a clock that is ten seconds wrong. */
export const LEAST_SEAL_AFTER_SECONDS = (SLICE_MS + LATEST_ANSWER_MS) / 1_000 + 10;

/** @throws {RangeError} naming the field */
export function checkChunksOptions({ sealEverySeconds, sealAfterSeconds, journalTtlSeconds }: ChunksOptions) {
  if (!(sealAfterSeconds >= LEAST_SEAL_AFTER_SECONDS)) {
    throw new RangeError(`sealAfterSeconds: ${sealAfterSeconds} is less than ${LEAST_SEAL_AFTER_SECONDS}`);
  }
  if (!(sealEverySeconds > 0)) throw new RangeError(`sealEverySeconds: ${sealEverySeconds} is not above 0`);
  if (!(journalTtlSeconds >= 4 * (sealEverySeconds + sealAfterSeconds))) {
    throw new RangeError(
      `journalTtlSeconds: ${journalTtlSeconds} is less than four times sealEverySeconds and sealAfterSeconds together`,
    );
  }
}
