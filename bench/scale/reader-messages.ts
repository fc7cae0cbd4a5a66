/** What the reader got of one sensor. */
export interface SensorTally {
  readonly archive: number;
  readonly normal: number;
  readonly last: number;
  /** Numbers that were passed over: losses where every update is sent. */
  readonly holes: number;
  /** Numbers below the one before: a wrong order. */
  readonly backward: number;
  /** The number before once more: a double, or the throttle's seventh row, which archives what was sent as a fill-in. */
  readonly repeated: number;
}

export interface ReaderTotals {
  readonly received: number;
  readonly sensors: number;
  readonly holes: number;
  readonly backward: number;
  readonly repeated: number;
  readonly gaps: number;
  /** Samples of which the portal says that they were passed over. */
  readonly skipped: number;
  /** Why the subscription ended; empty: it did not. */
  readonly closed: string;
}

export type ToReader =
  | { readonly type: 'subscribe'; readonly url: string; readonly subjects: readonly string[] }
  | { readonly type: 'totals' }
  /** Of the sensors with these addresses, `<component>.<sensor>`. */
  | { readonly type: 'tallies'; readonly addresses: readonly string[] };

export type FromReader =
  | { readonly type: 'subscribed' }
  | { readonly type: 'totals'; readonly totals: ReaderTotals }
  | { readonly type: 'tallies'; readonly tallies: readonly (SensorTally | null)[] };
