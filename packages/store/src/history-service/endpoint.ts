import type { RetryOutcome } from '../archiver/quarantine-retry.ts';
import type { Backend } from '../backend/backend.ts';
import type { QuarantinedRow } from '../backend/write-batch.ts';
import type { ArchiveState } from '../report/archive-report.ts';
import type { ReportTallies } from '../report/report-tallies.ts';

/** What the endpoints ask of the rest of the store. */
export interface EndpointContext {
  readonly backend: Backend;
  /** The ARCHIVE sequence through which everything is stored now. */
  readonly through: () => number;
  /** Decodes quarantined messages again and stores those that are good now. */
  readonly retry: (rows: readonly QuarantinedRow[]) => Promise<RetryOutcome>;
  /** What reports are made of. */
  readonly tallies: ReportTallies;
  readonly archiveState: () => Promise<ArchiveState>;
}

/** One endpoint: a request's bytes to an answer's text. @throws {RequestError} {@link SchemaError} {@link StoreError} */
export type Answer = (payload: Uint8Array) => Promise<string>;
