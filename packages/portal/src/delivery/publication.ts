import { toMicroseconds, type Sample, type SampleValue, type Status, type Update } from '@katbus/protocol';
import type { Dated } from './overtakes.ts';

export type PublicationKind = 'sample' | 'attributes' | 'message';

/** Turns publications into the bytes that one kind of client gets. */
export interface Encoding {
  encode(publication: Publication, skipped: number, isRepeat: boolean): Buffer;
}

/** One message of the bus, checked, as it goes to however many sessions. */
export class Publication implements Update, Dated {
  readonly kind: PublicationKind;
  readonly subject: string;
  /** What a newer one replaces when a client is slow: the sensor of a sample, `<component>.<sensor>`; the subject of a message. */
  readonly key: string;
  /** The payload as JSON text. */
  readonly json: string;
  /** Of a sample its `time` in microseconds, 0 of anything else. */
  readonly timeUs: number;
  /** As {@link Dated} has them. */
  storedUs: number | undefined;
  arrivedMs = 0;
  isResent = false;
  /** Of a snapshot's sample: nobody is there who would publish a newer one. */
  isStale = false;
  /** Counts what has come live; of what is only in a snapshot it is infinite. */
  arrival = Infinity;
  #encoding: Encoding | undefined;
  #bytes: Buffer | undefined;
  #isRepeat = false;
  #sample: Sample | undefined;
  #recipients: Set<object> | undefined;

  constructor(kind: PublicationKind, subject: string, key: string, json: string, timeUs = 0) {
    this.kind = kind;
    this.subject = subject;
    this.key = key;
    this.json = json;
    this.timeUs = timeUs;
  }

  /** The bytes for every session of this encoding: made once. A second encoding takes the place of the first. */
  bytes(encoding: Encoding, isRepeat = false): Buffer {
    if (this.#encoding !== encoding || this.#isRepeat !== isRepeat || this.#bytes === undefined) {
      this.#encoding = encoding;
      this.#isRepeat = isRepeat;
      this.#bytes = encoding.encode(this, 0, isRepeat);
    }
    return this.#bytes;
  }

  /** Of a sample, as are the two below: read from its text when a strategy first asks. */
  get value(): SampleValue {
    return this.#parsed().value;
  }

  get status(): Status {
    return this.#parsed().status;
  }

  get valueTimeUs(): number {
    return toMicroseconds(this.#parsed().value_ts);
  }

  /** Notes that a session has had it, where another of the session's subscriptions may give it later. */
  noteRecipient(session: object): void {
    (this.#recipients ??= new Set()).add(session);
  }

  hasRecipient(session: object): boolean {
    return this.#recipients?.has(session) ?? false;
  }

  /** Live comes what somebody's snapshot had already, as another publication: who has had the one has had the other. */
  arrivesAs(live: Publication): void {
    this.arrival = Math.min(this.arrival, live.arrival);
    const recipients = live.#recipients ?? this.#recipients ?? new Set();
    for (const session of this.#recipients ?? []) recipients.add(session);
    this.#recipients = recipients;
    live.#recipients = recipients;
  }

  /** Lets go of the bytes: what waits for a slow client waits as text, which pins no pooled buffer. */
  dropBytes(): void {
    this.#bytes = undefined;
  }

  #parsed(): Sample {
    this.#sample ??= JSON.parse(this.json) as Sample;
    return this.#sample;
  }
}
