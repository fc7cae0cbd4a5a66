import type { ReceiverResult } from '../latency/latencies.ts';

export type ToSubscriber =
  | { readonly type: 'subscribe'; readonly url: string; readonly subjects: readonly string[] }
  /** What comes from now on counts. */
  | { readonly type: 'begin' }
  | { readonly type: 'end' };

export type FromSubscriber =
  | { readonly type: 'subscribed' }
  | { readonly type: 'begun' }
  | { readonly type: 'latencies'; readonly latencies: ReceiverResult };
