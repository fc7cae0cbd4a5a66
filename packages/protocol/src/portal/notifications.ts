import type { Attributes } from '../attributes.ts';
import type { Sample } from '../sample.ts';

/** What the portal sends by itself, each a JSON-RPC notification. They carry no subscription id: a session gets each message once. */

/** A live sample. */
export interface SampleNotification {
  readonly subject: string;
  readonly sample: Sample;
  /** How many older samples of this sensor the session was too slow to get since the one before; absent: none. */
  readonly skipped?: number;
  /** True when a strategy's time has come and there is nothing newer: the session has had this very sample. */
  readonly repeat?: boolean;
  /** Only in a snapshot, true: the component is absent or has left (`portal.component.<name>`), so the value may hold no more. */
  readonly stale?: boolean;
}

/** One page of the snapshot that answers a subscribe; `subject` is where the sample or message was published. */
export interface SnapshotNotification {
  readonly id: number;
  readonly samples: readonly SampleNotification[];
  /** Last values of `portal.` subjects that are state (`portal.time`, ...). */
  readonly messages: readonly MessageNotification[];
  /** Of each sensor of the matched components; absent: none. */
  readonly attributes?: readonly AttributesNotification[];
  readonly last: boolean;
  /** Present on the last page when the streams did not answer in time: what is missing comes live. */
  readonly incomplete?: string;
}

/** A sensor's attributes were announced. */
export interface AttributesNotification {
  readonly subject: string;
  readonly attributes: Attributes;
  /** As in {@link SampleNotification}. */
  readonly skipped?: number;
}

/** A message on a `portal.` subject. */
export interface MessageNotification {
  readonly subject: string;
  readonly message: unknown;
  /** As in {@link SampleNotification}, counted by subject. */
  readonly skipped?: number;
}

/** A sensor that the portal had not seen before has published; its first sample follows. */
export interface SensorAddedNotification {
  readonly component: string;
  readonly sensor: string;
}

/** Something may have been missed; what, and why. Times are Unix seconds. */
export interface GapNotification {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface PortalNotifications {
  sample: SampleNotification;
  snapshot: SnapshotNotification;
  attributes: AttributesNotification;
  message: MessageNotification;
  sensorAdded: SensorAddedNotification;
  gap: GapNotification;
}
export type PortalNotification = keyof PortalNotifications;
