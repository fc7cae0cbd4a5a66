import type { GapNotification } from '@katbus/protocol';
import type { Publication } from './publication.ts';
import type { SnapshotPages } from './snapshot-pages.ts';

/** What delivery asks of a session's transport. Calls come in the order in which the session is to see them. */
export interface Receiver {
  /**
   * A live message.
   * @param isFirst the portal had not seen this sensor before
   * @param skipped older messages of the same key that the session will not get
   */
  publish(publication: Publication, isFirst: boolean, skipped?: number): void;
  snapshot(pages: SnapshotPages): void;
  gap(gap: GapNotification): void;
  /** Drops from what waits the pages of a subscription that has ended, and live messages on subjects that nobody wants any more. */
  forget(subscriptionId: number, isWanted: (subject: string) => boolean): void;
}
