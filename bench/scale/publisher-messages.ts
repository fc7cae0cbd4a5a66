import type { SamplingSettings } from '@katbus/protocol';

/** A group of sensors that are alike. The value of each is a number that grows by one with every update: what is missing shows. */
export interface PublisherSetup {
  readonly servers: string;
  /** `scale0`: its components are scale0_0, scale0_1, ... */
  readonly name: string;
  readonly components: number;
  /** Of each component: s0, s1, ... */
  readonly sensors: number;
  /** Updates of each sensor, per second. */
  readonly rate: number;
  readonly sampling: SamplingSettings;
  /** Every so many sensors one has this sampling instead; 0: none. */
  readonly otherEach: number;
  readonly otherSampling: SamplingSettings;
}

/** What a publisher has done since it started. */
export interface PublisherCounts {
  readonly updates: number;
  /** Updates that were left out because the process could not keep up. */
  readonly skipped: number;
  readonly archive: LaneCounts;
  readonly normal: LaneCounts;
}

export interface LaneCounts {
  /** Samples that the throttle let out. */
  readonly sent: number;
  /** Messages that the stream has acknowledged, attributes with them. */
  readonly acknowledged: number;
  readonly dropped: number;
  readonly pending: number;
}

export type ToPublisher =
  | { readonly type: 'setup'; readonly setup: PublisherSetup }
  | { readonly type: 'run' }
  | { readonly type: 'count' }
  /** No more updates; what the throttle holds has its time. */
  | { readonly type: 'finish' }
  | { readonly type: 'leave' };

export type FromPublisher =
  | { readonly type: 'ready' }
  | { readonly type: 'counts'; readonly counts: PublisherCounts }
  /** The last value of each sensor, by component and number. */
  | {
      readonly type: 'finished';
      readonly counts: PublisherCounts;
      readonly last: readonly (readonly number[])[];
    };
