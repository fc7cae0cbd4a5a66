import type { PortalClient } from '@katbus/client';
import { SUBJECTS, type Sample } from '@katbus/protocol';
import type { PortalClock } from './portal-clock.ts';
import type { SensorBook, SensorEntry } from './sensor-book.ts';

export interface FeedHandlers {
  onSample(entry: SensorEntry, sample: Sample): void;
  onTime(message: unknown): void;
  /** Something may have been missed, and the snapshot that tells what is current has come. */
  onGap(): void;
  /** @param reason why the snapshot is not whole; undefined when it is */
  onIncomplete(reason: string | undefined): void;
  /** Any of the above, or attributes: the page has heard from the portal. */
  onHeard(): void;
}

/** While the listing fails, how long until it is asked for again. */
const RETRY_DELAY_MS = 5_000;

/** Everything that the portal tells flows through here into the book, for as long as the page lives. */
export class PortalFeed {
  readonly #client: PortalClient;
  readonly #book: SensorBook;
  readonly #clock: PortalClock;
  readonly #handlers: FeedHandlers;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(client: PortalClient, book: SensorBook, clock: PortalClock, handlers: FeedHandlers) {
    this.#client = client;
    this.#book = book;
    this.#clock = clock;
    this.#handlers = handlers;
    const subjects = [
      SUBJECTS.everySample,
      SUBJECTS.everyAttributes,
      SUBJECTS.time,
      SUBJECTS.componentPresence,
    ];
    client.subscribe(subjects, {
      onSnapshot: ({ samples, attributes, messages, last, incomplete }) => {
        for (const announced of attributes) book.putAnnounced(announced.subject, announced.attributes);
        for (const { subject, sample } of samples) this.#sample(subject, sample);
        for (const { message, subject } of messages) this.#message(message, subject);
        if (last) handlers.onIncomplete(incomplete);
        handlers.onHeard();
      },
      onSample: (sample, subject) => {
        const entry = this.#sample(subject, sample);
        if (entry !== undefined) book.heardOf(entry.component);
        handlers.onHeard();
      },
      onAttributes: (attributes, subject) => {
        book.putAnnounced(subject, attributes);
        handlers.onHeard();
      },
      onMessage: (message, subject) => {
        this.#message(message, subject);
        handlers.onHeard();
      },
      onGap: () => handlers.onGap(),
    });
    client.onState(({ name }) => {
      if (name === 'open') void this.#ask();
    });
  }

  #sample(subject: string, sample: Sample): SensorEntry | undefined {
    const entry = this.#book.putSample(subject, sample);
    if (entry !== undefined) this.#handlers.onSample(entry, sample);
    return entry;
  }

  #message(message: unknown, subject: string): void {
    if (subject === SUBJECTS.time) this.#handlers.onTime(message);
    else this.#book.putPresence(message);
  }

  /** What no subscription brings: the portal's clock, sensors that have not published yet, components that do not answer. */
  async #ask(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const askedSeconds = Date.now() / 1_000;
      const { time } = await this.#client.info();
      this.#clock.learn(time, askedSeconds, Date.now() / 1_000);
      const { sensors, absent } = await this.#client.list();
      for (const { component, sensor, attributes } of sensors) {
        this.#book.putAttributes({ component, sensor }, attributes);
      }
      this.#book.setAbsent(absent);
      this.#handlers.onHeard();
    } catch {
      // The list shows what publishes all the same; the badge tells of a connection that is down.
      this.#retry = setTimeout(() => void this.#ask(), RETRY_DELAY_MS);
    }
  }
}
