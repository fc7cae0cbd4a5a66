import type { Status } from '../status.ts';
import type { SampleValue } from '../value.ts';
import type { Gap } from './quarantine.ts';

/** `rpc.store.history`: one page of one sensor's archived samples, in order of time. Core NATS has no back-pressure, so history is paged. */
export interface HistoryRequest {
  readonly component: string;
  /** The sensor token. */
  readonly sensor: string;
  /** Unix seconds; half-open: start <= time < end. */
  readonly start: number;
  readonly end: number;
  /** Most samples in the page, 1 to 10,000; default 5,000. A page is also closed at 512 kB. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Whether the last sample before `start` comes first, on the first page; default false. */
  readonly boundary?: boolean;
  /** One of {@link OPERATORS}, with its numbers or without: `mean_60`, `mean`. The samples are then what it gives. */
  readonly operator?: string;
  /** The width of the operator's bins, where its name does not say it. */
  readonly widthSeconds?: number;
}

export interface ArchivedSample {
  readonly time: number;
  readonly value_ts: number;
  readonly status: Status;
  readonly value: SampleValue;
}

export interface HistoryPage {
  readonly component: string;
  readonly sensor: string;
  readonly samples: readonly ArchivedSample[];
  /** Present when more follows: `after` of the next request. */
  readonly next?: string;
  /** The ARCHIVE stream's sequence through which the answer is complete. */
  readonly through: number;
  /** From the portal, on the first page: what was lost, of whichever sensors, before it could be stored, in times that touch the range; absent: nothing. */
  readonly gaps?: readonly Gap[];
}

export const HISTORY_PAGE = { defaultSamples: 5_000, mostSamples: 10_000, mostBytes: 512 * 1024 } as const;
