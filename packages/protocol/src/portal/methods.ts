import type { Attributes } from '../attributes.ts';
import type { Sample } from '../sample.ts';
import type { BinsPage, BinsRange } from '../store/bins.ts';
import type { CataloguePage } from '../store/catalogue.ts';
import type { HistoryPage } from '../store/history.ts';
import type { SamplingStrategy } from './sampling-strategy.ts';

/** Methods of the native protocol. PROTOCOL.md is the specification; the shapes here are its vocabulary for both ends. */

/** `subscribe`: a snapshot and a live stream in one step. */
export interface SubscribeParams {
  /** NATS subject patterns under `sensor.`, `attributes.` or `portal.`; 1 to 1,000. */
  readonly subjects: readonly string[];
  /** Whether the current values come first; default true. */
  readonly snapshot?: boolean;
  /** Which samples it gets; default `auto`, all of them. Attributes and messages of `portal.` come whatever it is. */
  readonly strategy?: SamplingStrategy;
  /** What becomes of samples that the client is too slow to read; default `newest`. */
  readonly mode?: DeliveryMode;
}

/**
 * - `newest`: past a bound only the newest of each sensor waits, and is told how many it replaced.
 * - `all`: all of them wait; past a bound the session is closed with `cannotKeepUp`.
 */
export const DELIVERY_MODES = ['newest', 'all'] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

export interface SubscribeResult {
  readonly id: number;
  /** How many entries the snapshot that follows holds, over all its pages. */
  readonly count: number;
  /** Opaque; names the point in the streams from which the live part is complete. */
  readonly cursor: string;
}

/** `unsubscribe`: ends a subscription; nothing of it follows the answer. */
export interface UnsubscribeParams {
  readonly id: number;
}
export type UnsubscribeResult = Record<string, never>;

/** `list`: which sensors there are, asked of the components themselves. */
export interface ListParams {
  /** RE2 regular expression, searched in the normalised and in the KATCP name; default: all. */
  readonly filter?: string;
  /** One component; default: all. */
  readonly component?: string;
  /** Whether each sensor comes with its last sample; default false. */
  readonly readings?: boolean;
}
export interface ListedSensor {
  readonly component: string;
  readonly sensor: string;
  readonly attributes: Attributes;
  /** The newest sample, when it was asked for and there is one. */
  readonly sample?: Sample;
}
export interface ListResult {
  readonly sensors: readonly ListedSensor[];
  /** Components that are known and did not answer in time. */
  readonly absent: readonly string[];
}

/** `sensors`: which sensors the archive knows, paged. */
export interface SensorsParams {
  readonly filter?: string;
  readonly component?: string;
  /** 1 to 5,000; default 1,000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** `history`: archived samples of one sensor, paged, in order of time. */
export interface HistoryParams {
  /** `<component>.<sensor>`, or the full KATCP name. */
  readonly sensor: string;
  /** Unix seconds; the range is half-open: start <= time < end. */
  readonly start: number;
  readonly end: number;
  /** Samples a page, 1 to 10,000; default 5,000. */
  readonly limit?: number;
  readonly after?: string;
  /** Whether the last sample before `start` comes first, so that a plot knows the value at its left edge; default false. */
  readonly boundary?: boolean;
  /** One of the archive's operators, as `mean_60`: the samples are then what it gives. */
  readonly operator?: string;
  /** The width of the operator's bins, where its name does not say it. */
  readonly widthSeconds?: number;
}
export type HistoryResult = HistoryPage;

/** `bins`: what the samples of many sensors come to in equal spans of time, paged. Exactly one of `bins` and `widthSeconds` is given. */
export interface BinsParams extends BinsRange {
  /** `<component>.<sensor>`, or the full KATCP name; 1 to 256. */
  readonly sensors: readonly string[];
}
export type BinsResult = BinsPage;

/** `info`: who answers, and its limits. */
export interface InfoResult {
  readonly portal: string;
  readonly version: string;
  /** Unix seconds at the portal. */
  readonly time: number;
  readonly limits: Readonly<Record<string, number>>;
}

/** Methods, their parameters and results: the one table from which both ends take their types. */
export interface PortalMethods {
  subscribe: { params: SubscribeParams; result: SubscribeResult };
  unsubscribe: { params: UnsubscribeParams; result: UnsubscribeResult };
  list: { params: ListParams; result: ListResult };
  sensors: { params: SensorsParams; result: CataloguePage };
  history: { params: HistoryParams; result: HistoryResult };
  bins: { params: BinsParams; result: BinsResult };
  info: { params: Record<string, never>; result: InfoResult };
}
export type PortalMethod = keyof PortalMethods;
