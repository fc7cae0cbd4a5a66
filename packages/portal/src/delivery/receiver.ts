import type { GapNotification } from '@katbus/protocol';
import type { Publication } from './publication.ts';
import type { SnapshotPages } from './snapshot-pages.ts';

/** How a live message is to be sent. What is absent is false. */
export interface Manner {
  /** The portal had not seen this sensor before. */
  readonly isFirst?: boolean;
  /** The session has had it; a strategy's time has come. */
  readonly isRepeat?: boolean;
  /** It must not be dropped or replaced: the session is closed rather. */
  readonly isWhole?: boolean;
}

/** What delivery asks of a session's transport. Calls come in the order in which the session is to see them. */
export interface Receiver {
  /**
   * A live message.
   * @param skipped older messages of the same key that the session will not get
   */
  publish(publication: Publication, manner: Manner, skipped?: number): void;
  snapshot(pages: SnapshotPages): void;
  gap(gap: GapNotification): void;
  /** More would have to wait than may, and nothing may be dropped: the session ends. */
  cannotKeepUp(): void;
  /** Drops from what waits the pages of a subscription that has ended, and live messages on subjects that nobody wants any more. */
  forget(subscriptionId: number, isWanted: (subject: string) => boolean): void;
}
