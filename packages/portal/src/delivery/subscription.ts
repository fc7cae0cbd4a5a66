import type { Pattern } from '@katbus/protocol';
import type { DeliverySession } from './delivery-session.ts';
import type { JoinBuffer } from './join-buffer.ts';
import type { Publication } from './publication.ts';

/** `joining`: its snapshot is being read; `live`: what is published goes to the session; `closed`: unsubscribed, or the session ended. */
export type SubscriptionState = 'joining' | 'live' | 'closed';

/** The times of a snapshot's samples. */
export interface Floors {
  /** Microseconds by key. */
  readonly times: ReadonlyMap<string, number>;
  /** Samples that were sent in the place of others. */
  readonly newer: ReadonlyMap<string, Publication>;
}

/** One session's standing interest in some subjects. */
export class Subscription {
  readonly id: number;
  readonly session: DeliverySession;
  readonly patterns: readonly Pattern[];
  readonly wantsSnapshot: boolean;
  state: SubscriptionState = 'joining';
  /** Set while a snapshot is being read, for the first time or again. */
  watch: JoinBuffer | undefined;
  /** The last snapshot's, as long as late copies of its samples may come. */
  floors: Floors | undefined;
  /** Ends the interest on NATS. */
  release: () => void = () => undefined;

  constructor(id: number, session: DeliverySession, patterns: readonly Pattern[], wantsSnapshot: boolean) {
    this.id = id;
    this.session = session;
    this.patterns = patterns;
    this.wantsSnapshot = wantsSnapshot;
  }

  /** Whether this came late: the snapshot had it, or a newer one of its sensor. */
  hasInSnapshot({ kind, key, timeUs }: Publication): boolean {
    if (kind !== 'sample' || this.floors === undefined) return false;
    const floorUs = this.floors.newer.get(key)?.timeUs ?? this.floors.times.get(key);
    return floorUs !== undefined && timeUs <= floorUs;
  }
}
