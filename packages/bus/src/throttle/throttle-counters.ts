import type { Verdict } from '@katbus/protocol';

/** What became of a component's updates since it started. What was held is counted again when it is sent. */
export type ThrottleCounters = Record<'updates' | Verdict, number>;

export function newThrottleCounters(): ThrottleCounters {
  return { updates: 0, archive: 0, normal: 0, held: 0, dropped: 0 };
}
