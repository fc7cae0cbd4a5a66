import {
  natsPattern,
  sensorSubject,
  type Attributes,
  type AttributesNotification,
  type GapNotification,
  type MessageNotification,
  type Pattern,
  type Sample,
  type SampleNotification,
  type SensorAddress,
  type SnapshotNotification,
  type SubscribeResult,
} from '@katbus/protocol';
import type { PortalError } from './errors.ts';
import { LatestSamples } from './latest-samples.ts';

/** One page of a snapshot. Samples that live ones have already overtaken are left out. */
export interface SnapshotPage {
  readonly samples: readonly SampleNotification[];
  readonly messages: readonly MessageNotification[];
  readonly attributes: readonly AttributesNotification[];
  readonly first: boolean;
  readonly last: boolean;
  /** On the last page when something could not be read in time, in words: another snapshot comes when it can. */
  readonly incomplete?: string | undefined;
}

/** What a subscriber is told. A handler that throws disturbs nobody else: its error is thrown again where nobody catches it, as of any event. */
export interface SubscriptionHandlers {
  /**
   * A live sample; without `onSnapshot` also those of the snapshot, without the ones that were given before.
   * `skipped`: how many older ones of this sensor this session was too slow to get since the one before. `repeat`: a strategy's time has come
   * and there is nothing newer.
   */
  onSample?(
    sample: Sample,
    subject: string,
    details: { readonly skipped: number; readonly repeat: boolean },
  ): void;
  /** The current values, page by page: first after subscribing, and anew after a reconnect, a gap, or a snapshot that was incomplete. */
  onSnapshot?(page: SnapshotPage): void;
  /** A message on a `portal.` subject; without `onSnapshot` also those of the snapshot. */
  onMessage?(message: unknown, subject: string, details: { readonly skipped: number }): void;
  /** A sensor's attributes were announced; without `onSnapshot` also those of the snapshot. */
  onAttributes?(attributes: Attributes, subject: string, details: { readonly skipped: number }): void;
  /** A sensor that the portal had not seen before; its first sample follows. */
  onSensorAdded?(address: SensorAddress): void;
  /**
   * Something may have been missed between `from` and `to`, Unix seconds by the clock of who tells it: the portal, or with the reason
   * "reconnected" this client. The snapshot that then follows brings what is current.
   */
  onGap?(gap: GapNotification): void;
  /** The portal could not subscribe just now; it will be asked again. */
  onRetry?(error: PortalError): void;
  /** Nothing comes any more. `error` is absent when the subscriber closed it. */
  onClosed?(error: PortalError | undefined): void;
}

/** A standing interest in subjects, kept through reconnects until it is closed. */
export interface Subscription {
  readonly subjects: readonly string[];
  /**
   * The portal's first answer. It waits for the portal as long as it takes, and rejects with a {@link PortalError} when the portal refuses
   * the subjects or the subscription or the client is closed before.
   */
  readonly ready: Promise<SubscribeResult>;
  readonly closed: boolean;
  /** The newest sample received of a sensor, by `<component>.<sensor>`. */
  latest(address: string): Sample | undefined;
  /** Ends it. No handler but `onClosed` is called after this. */
  close(): void;
}

/** The subscriber's side of a subscription: what is delivered, and in which order. {@link SubscriptionReplay} has the portal's side. */
export class Delivery {
  readonly #patterns: readonly Pattern[];
  readonly #handlers: SubscriptionHandlers;
  readonly #latest = new LatestSamples();
  #snapshotBegun = false;

  /** @throws {MalformedPatternError} */
  constructor(subjects: readonly string[], handlers: SubscriptionHandlers) {
    this.#patterns = subjects.map(natsPattern);
    this.#handlers = handlers;
  }

  matches(subject: string): boolean {
    return this.#patterns.some((pattern) => pattern.matches(subject));
  }

  latest(address: string): Sample | undefined {
    return this.#latest.get(address);
  }

  /** The portal is being asked, for the first time or again: a snapshot will come. */
  begin(): void {
    this.#latest.beginEra();
    this.#snapshotBegun = false;
  }

  sample(entry: SampleNotification): void {
    this.#latest.live(entry.subject, entry.sample);
    this.#give(entry);
  }

  snapshot(notification: SnapshotNotification): void {
    const { messages, attributes = [], last, incomplete } = notification;
    const judged = notification.samples.map((entry) => ({
      entry,
      verdict: this.#latest.snapshot(entry.subject, entry.sample),
    }));
    const first = !this.#snapshotBegun;
    this.#snapshotBegun = !last;
    if (this.#handlers.onSnapshot !== undefined) {
      const samples = judged.filter(({ verdict }) => verdict !== 'overtaken').map(({ entry }) => entry);
      guarded(() => this.#handlers.onSnapshot?.({ samples, messages, attributes, first, last, incomplete }));
      return;
    }
    for (const announced of attributes) this.attributes(announced);
    for (const message of messages) this.message(message);
    for (const { entry, verdict } of judged) if (verdict === 'new') this.#give(entry);
  }

  #give({ subject, sample, skipped = 0, repeat = false }: SampleNotification): void {
    guarded(() => this.#handlers.onSample?.(sample, subject, { skipped, repeat }));
  }

  message({ subject, message, skipped }: MessageNotification): void {
    guarded(() => this.#handlers.onMessage?.(message, subject, { skipped: skipped ?? 0 }));
  }

  attributes({ subject, attributes, skipped }: AttributesNotification): void {
    guarded(() => this.#handlers.onAttributes?.(attributes, subject, { skipped: skipped ?? 0 }));
  }

  sensorAdded(address: SensorAddress): void {
    const wanted =
      this.matches(sensorSubject('archive', address)) || this.matches(sensorSubject('normal', address));
    if (wanted) guarded(() => this.#handlers.onSensorAdded?.(address));
  }

  gap(gap: GapNotification): void {
    // What was missed may hold a clock that was set back: the snapshot after it counts, whatever its times.
    this.#latest.beginEra();
    guarded(() => this.#handlers.onGap?.(gap));
  }

  retry(error: PortalError): void {
    guarded(() => this.#handlers.onRetry?.(error));
  }

  ended(error: PortalError | undefined): void {
    guarded(() => this.#handlers.onClosed?.(error));
  }
}

/** As the platform does with event listeners: the error surfaces as an uncaught one, and the caller goes on. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
