import type { Attributes } from '../attributes.ts';
import type { ArchivedSample } from './history.ts';

/** `rpc.store.sensors`: which sensors the archive knows, by component and sensor, paged. */
export interface CatalogueRequest {
  /** RE2 regular expression, searched in the normalised and in the KATCP name. */
  readonly filter?: string;
  readonly component?: string;
  /** 1 to 5,000; default 1,000. */
  readonly limit?: number;
  readonly after?: string;
}

export interface CatalogueEntry {
  readonly component: string;
  readonly sensor: string;
  /** Normalised name. */
  readonly name: string;
  /** The newest announced; absent when the component never announced any. */
  readonly attributes?: Attributes;
  /** Unix seconds of the oldest and the newest archived sample; absent when there is none. */
  readonly firstTime?: number;
  readonly lastTime?: number;
}

export interface CataloguePage {
  readonly sensors: readonly CatalogueEntry[];
  readonly next?: string;
}

/** `rpc.store.components`: the components of which the archive knows sensors, by name, paged. */
export interface ComponentsRequest {
  /** 1 to 5,000; default 1,000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface ComponentsPage {
  readonly components: readonly string[];
  readonly next?: string;
}

/** `rpc.store.latest`: the newest archived sample of each sensor that one of the subject patterns matches, paged. */
export interface LatestRequest {
  /** NATS patterns over `sensor.archive.<component>.<sensor>`; 1 to 1,000. */
  readonly subjects: readonly string[];
  readonly limit?: number;
  readonly after?: string;
}

export interface LatestEntry extends ArchivedSample {
  readonly component: string;
  readonly sensor: string;
  readonly name: string;
}

export interface LatestPage {
  readonly samples: readonly LatestEntry[];
  readonly next?: string;
}

/** `rpc.store.attributes`: the attributes of one sensor with the time from which each held. */
export interface AttributesHistoryRequest {
  readonly component: string;
  readonly sensor: string;
  /** Unix seconds; default: all that is known. */
  readonly start?: number;
  readonly end?: number;
}

export interface AttributesHistory {
  readonly component: string;
  readonly sensor: string;
  /** In order of time; `from` is Unix seconds. */
  readonly attributes: readonly { readonly from: number; readonly attributes: Attributes }[];
}

/** `rpc.store.status`: how the archiver is doing. */
export interface StoreStatus {
  readonly backend: string;
  readonly version: string;
  readonly state: string;
  readonly sensors: number;
  /** Samples written since the daemon started. */
  readonly samplesWritten: number;
  readonly quarantined: number;
  /** Messages in the stream that are not stored yet. */
  readonly lagMessages: number;
  /** The ARCHIVE stream's sequence through which everything is stored. */
  readonly through: number;
  readonly bytes: number;
}

/** `portal.cache_update_done`: the catalogue has new sensors or attributes; at most one a second. */
export interface CacheUpdateDone {
  /** Unix seconds. */
  readonly time: number;
  /** How many the catalogue knows. */
  readonly sensors: number;
}

export const CATALOGUE_PAGE = { defaultSensors: 1_000, mostSensors: 5_000, mostBytes: 512 * 1024 } as const;
